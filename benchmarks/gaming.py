"""What ways of answering without looking score on phantom dialogues; a table in Markdown.

Run from the repository's root: ``python -m benchmarks.gaming [--dialogues N] [--seed S]``. No image
is drawn and no cluster started: the dialogues' rows alone decide. docs/measures.md records the
figures for 400 dialogues.
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from actors.backends.scripted import SCRIPTS, ScriptedBackend
from actors.backends.scripted_strategies import OpenTurn
from actors.conversation import Conversation
from actors.gold import with_box
from actors.schema import Dialogue
from benchmarks.gaming_strategies import FURTHER, Strategy
from conf.load import load
from conf.schema import ARTICLE_WEIGHTS, METRICS
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import Response
from pipeline.metrics.score_dialogue import score_dialogue
from pipeline.phantom.catalogue.modalities import lexicon_document
from pipeline.phantom.generate import plan_dialogue
from pipeline.stats.composite import OVERALL, overall_value, where_covered

DIALECT = "norm1000"
_TITLES = {
    "turn_accuracy": "turn accuracy",
    "visual_consistency": "visual consistency",
    "reasoning_coherence": "reasoning coherence",
    "hallucination_rate": "hallucination rate",
    "claim_coverage": "claim coverage",
    OVERALL: "overall",
}


def phantom_lexicon() -> Lexicon:
    """Return the vocabulary of the phantom dataset."""
    return Lexicon.from_json(lexicon_document(), "lexicon.json")


def scripted_backend(script: str, error_rate: float = 0.0) -> ScriptedBackend:
    """Make the backend of one script."""
    model = load("demo", [f"model.script.error_rate={error_rate}"]).model
    return ScriptedBackend(replace(model, source=script, box_dialect=DIALECT))


def answers(backend: ScriptedBackend, dialogue: Dialogue) -> dict[int, Response]:
    """Hold one dialogue with a scripted backend."""
    return asyncio.run(_converse(backend, dialogue))


async def _converse(backend: ScriptedBackend, dialogue: Dialogue) -> dict[int, Response]:
    talk = Conversation(dialogue, box_dialect=backend.dialect, seed=0)
    chat = backend.open(dialogue)
    responses = {}
    while (request := talk.next_request()) is not None:
        reply = await chat.ask(request)
        talk.accept(reply.text)
        responses[request.turn] = Response(text=reply.text)
    return responses


def further_answers(strategy: Strategy, dialogue: Dialogue) -> dict[int, Response]:
    """Hold one dialogue with a strategy that the backend does not have."""
    previous: list[str] = []
    responses = {}
    for turn in dialogue.turns:
        answer = strategy(OpenTurn(dialogue, turn, tuple(previous)))
        text = answer.text
        if answer.place is not None:
            text = with_box(text, dialogue, answer.place, DIALECT)
        previous.append(text)
        responses[turn.turn] = Response(text=text)
    return responses


def values(script: str, dialogues: Iterable[Dialogue]) -> Mapping[str, float | None]:
    """Return every metric's value, and the overall score, of one script or further strategy."""
    lexicon = phantom_lexicon()
    if script in FURTHER:
        hold = partial(further_answers, FURTHER[script])
    else:
        hold = partial(answers, scripted_backend(script))
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for dialogue in dialogues:
        for score in score_dialogue(dialogue, hold(dialogue), lexicon, DIALECT):
            sums[score.metric][0] += score.numerator
            sums[score.metric][1] += score.denominator
    by_metric: dict[str, float | None] = {m: n / d if d else None for m, (n, d) in sums.items()}
    by_metric = dict(where_covered(by_metric))
    by_metric[OVERALL] = overall_value({m: by_metric.get(m) for m in METRICS}, ARTICLE_WEIGHTS)
    return by_metric


def main() -> None:
    """Print the table, one row per script as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dialogues = [plan_dialogue(arguments.seed, n).dialogue for n in range(arguments.dialogues)]
    print("| script | " + " | ".join(_TITLES.values()) + " |")
    print("| --- |" + " ---: |" * len(_TITLES))
    for script in (*SCRIPTS, *FURTHER):
        by_metric = values(script, dialogues)
        cells = [_cell(by_metric.get(metric)) for metric in _TITLES]
        print(f"| `{script}` | " + " | ".join(cells) + " |", flush=True)


def _cell(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f}"


if __name__ == "__main__":
    main()
