"""Learn the text-only prior of the scripted backend from phantom dialogues.

Run from the repository's root: ``python -m benchmarks.text_prior [--dialogues N] [--seed S]``. Out:
``actors/backends/text_prior.json``. No image is drawn: questions, options and the expert's answers
alone are counted. The seed is not that of any dataset that is scored.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from actors.backends.text_prior import keys_of, lead_of
from actors.gold import claim_sentences, gold_text
from actors.schema import Dialogue
from pipeline.phantom.catalogue.modalities import lexicon_document
from pipeline.phantom.generate import plan_dialogue

SEED, DIALOGUES = 1, 8000
OUTPUT = Path("actors/backends/text_prior.json")
_LEAST = 8  # times that a question was asked, to be kept
_OPTIONS = 5  # of a question, the most frequent


class Learner:
    """Counts answers by what the questions said."""

    def __init__(self) -> None:
        document = lexicon_document()["concepts"]
        self.topics = sorted(c["name"] for c in document if c["kind"] == "finding")
        self._sites = {c["id"]: c["name"] for c in document if c["kind"] == "site"}
        self._answers: dict[str, Counter[str]] = defaultdict(Counter)
        self._options: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._leads: dict[str, Counter[str]] = defaultdict(Counter)
        self._boxes: dict[str, list[list[float]]] = defaultdict(list)

    def add(self, dialogue: Dialogue) -> None:
        """Count one dialogue."""
        questions: list[str] = []
        for turn in dialogue.turns:
            questions.append(turn.question)
            keys = keys_of(questions, self.topics)
            text = gold_text(turn)
            if turn.choices and turn.answer:
                option = turn.choices[ord(turn.answer) - ord("A")]
                said = claim_sentences(turn.claims, turn.step)
                for key in keys:
                    self._options[key][option, said] += 1
                continue
            for key in keys:
                self._answers[key][text] += 1
            self._leads[lead_of(turn.question)][text] += 1
        for region in dialogue.regions:
            self._see(dialogue, region.region_id)

    def _see(self, dialogue: Dialogue, region_id: str) -> None:
        region = dialogue.region(region_id)
        image = dialogue.image(region.image_id)
        x0, y0, x1, y1 = region.box
        shares = [x0 / image.width, y0 / image.height, x1 / image.width, y1 / image.height]
        concept = next(
            (f.concept for f in dialogue.findings if f.referent_id == region.referent_id), ""
        )
        for name in (self._sites.get(region.site or "", ""), concept.replace("_", " "), ""):
            self._boxes[name].append(shares)

    def document(self) -> dict[str, Any]:
        """Return what was learned, as text_prior.json holds it."""
        return {
            "answers": self._most_frequent(),
            "options": {
                key: _by_option(counts)
                for key, counts in self._options.items()
                if counts.total() >= _LEAST
            },
            "leads": {k: c.most_common(1)[0][0] for k, c in self._leads.items()},
            "boxes": {
                name: [round(median(side), 3) for side in zip(*boxes, strict=True)]
                for name, boxes in self._boxes.items()
            },
            "topics": self.topics,
        }

    def _most_frequent(self) -> dict[str, str]:
        """Return the answer by key; a key with topics only where it adds something."""
        best = {
            key: counts.most_common(1)[0][0]
            for key, counts in self._answers.items()
            if counts.total() >= _LEAST
        }
        return {
            key: text
            for key, text in best.items()
            if "|" not in key or best.get(key.split("|")[0]) != text
        }


def _by_option(counts: Counter[tuple[str, str]]) -> dict[str, list[Any]]:
    options: dict[str, list[Any]] = {}
    for (option, said), n in counts.most_common():
        entry = options.setdefault(option, [0, said])
        entry[0] += n
    return dict(list(options.items())[:_OPTIONS])


def learned(seed: int, dialogues: int) -> dict[str, Any]:
    """Return the prior of so many dialogues of a seed."""
    learner = Learner()
    for index in range(dialogues):
        learner.add(plan_dialogue(seed, index).dialogue)
    return learner.document()


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=DIALOGUES)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    document = learned(arguments.seed, arguments.dialogues)
    OUTPUT.write_text(
        json.dumps(document, indent=0, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    print(f"{OUTPUT}: {len(document['answers'])} answers, {len(document['options'])} questions")


if __name__ == "__main__":
    main()
