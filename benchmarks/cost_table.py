"""The table of costs in docs/endpoints.md: the whole benchmark at four list prices.

Usage: python -m benchmarks.cost_table
The dialogues are those of the phantom's first 400, twenty times over: 8,000 dialogues. Their images
are small drawings; the table is for images of 1024 x 1024 pixels, as clinical ones are sent.
"""

from dataclasses import replace
from datetime import date

from actors.schema import Dialogue
from conf.load import load
from conf.prices import price_of
from pipeline.phantom.generate import plan_dialogue
from pipeline.runs.cost import estimate_cost

SAMPLE, TIMES, SIDE = 400, 20, 1024
MODELS = ("gpt-4o", "gpt-5", "claude-sonnet-4-5", "claude-haiku-4-5")
ANSWERS = (100, 500)  # tokens of an answer
DAY = date(2025, 11, 25)
_OPEN = ("dataset.uri=any", "model.name=any", "model.source=any", "output=any")


def table() -> str:
    """Compute the table as Markdown: a row per model and length of answers."""
    dialogues = [_enlarged(plan_dialogue(0, n).dialogue) for n in range(SAMPLE)]
    config = load("endpoint", [*_OPEN, "model.box_dialect=norm1000"])
    head = ("model", "tokens an answer", "million tokens in", "of them images", "million out")
    lines = ["| " + " | ".join((*head, "USD at most", "USD with the cache")) + " |"]
    lines.append("| --- |" + " ---: |" * 6)
    for model in MODELS:
        for length in ANSWERS:
            price = price_of(model, None, DAY)
            e = estimate_cost(dialogues, config, price, answer_tokens=length)
            counts = (e.prompt, e.images or 0, e.output)
            cells = [f"{TIMES * n / 1e6:.0f}" for n in counts]
            cells += [f"{TIMES * (c or 0.0):,.0f}" for c in (e.at_most, e.cached)]
            lines.append(f"| {model} | {length} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _enlarged(dialogue: Dialogue) -> Dialogue:
    images = tuple(replace(image, width=SIDE, height=SIDE) for image in dialogue.images)
    return replace(dialogue, images=images)


if __name__ == "__main__":
    print(table())
