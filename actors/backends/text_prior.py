"""Answers from the words of the questions alone: what a model scores that never sees an image.

In: the questions of a dialogue so far, and the options. Out: the answer, and the region, that were
most frequent after such words in phantom dialogues of another seed. ``benchmarks/text_prior.py``
learns ``text_prior.json``; of other dialogues it knows nothing.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from actors.schema import Box

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LEAD_WORDS = 2  # how much of an unknown question decides


@dataclass(frozen=True, slots=True)
class PriorAnswer:
    """A text, and a box as shares of the image's width and height; None without one."""

    text: str
    box: Box | None


@dataclass(frozen=True)
class TextPrior:
    """What was learned. Keys are questions as ``asked_as`` writes them, alone or with a topic.

    ``answers``: the most frequent answer. ``options``: by option, how often it was right and what
    was said with it. ``leads``: answers by the first words of a question. ``boxes``: the middle box
    of the regions at a site, or of a concept, by name; "" for any.
    """

    answers: dict[str, str]
    options: dict[str, dict[str, tuple[int, str]]]
    leads: dict[str, str]
    boxes: dict[str, Box]
    topics: tuple[str, ...]

    def answer(self, questions: Sequence[str], choices: Sequence[str]) -> PriorAnswer:
        """Return the answer to the last question."""
        keys = keys_of(questions, self.topics)
        named = (n for q in reversed(questions) for n in _named(q, self.boxes))
        box = self.boxes.get(next(named, ""))
        if choices:
            return PriorAnswer(self._chosen(keys, choices), box)
        known = (self.answers[key] for key in keys if key in self.answers)
        return PriorAnswer(next(known, self.leads.get(lead_of(questions[-1]), "Yes.")), box)

    def _chosen(self, keys: Sequence[str], choices: Sequence[str]) -> str:
        for key in keys:
            seen = [self.options.get(key, {}).get(choice, (0, "")) for choice in choices]
            best = max(range(len(choices)), key=lambda n: seen[n][0])
            if seen[best][0]:
                return f"Answer: {chr(65 + best)}. {seen[best][1]}".rstrip()
        return "Answer: A."


def asked_as(question: str) -> str:
    """Return a question with its numbers replaced."""
    return _NUMBER.sub("#", question)


def keys_of(questions: Sequence[str], topics: Sequence[str]) -> tuple[str, ...]:
    """Return what the answer to the last question may depend on, most specific first.

    The topics are the findings that the questions named, the latest, and all of them.
    """
    asked = asked_as(questions[-1])
    seen = [name for q in questions for name in _named(q, topics)]
    everything = ",".join(sorted(set(seen)))
    return (f"{asked}|{everything}", f"{asked}|{seen[-1] if seen else ''}", asked)


def lead_of(question: str) -> str:
    """Return the first words of a question."""
    return " ".join(question.split()[:_LEAD_WORDS])


def _named(question: str, names: Sequence[str] | dict[str, Box]) -> list[str]:
    """Return the names that a question contains, longest first."""
    return sorted((n for n in names if n and n in question), key=len, reverse=True)


@cache
def packaged_prior() -> TextPrior:
    """Return the prior that comes with the package."""
    text = files("actors.backends").joinpath("text_prior.json").read_text(encoding="utf-8")
    return prior_from(json.loads(text))


def prior_from(document: dict[str, Any]) -> TextPrior:
    """Read a parsed text_prior.json."""
    return TextPrior(
        answers=document["answers"],
        options={
            key: {option: (int(n), said) for option, (n, said) in of.items()}
            for key, of in document["options"].items()
        },
        leads=document["leads"],
        boxes={name: tuple(box) for name, box in document["boxes"].items()},
        topics=tuple(document["topics"]),
    )
