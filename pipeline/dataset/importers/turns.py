"""Rows that ask: question, answer and options to a turn.

In: a row and the mapping's ``question``. Out: ``Asked``, or a RowFault that says why not.

Without a declared type: options make a ``choice``, yes or no a ``boolean``, the rest a ``phrase``.
"""

import re
from dataclasses import dataclass
from typing import Any

from actors.schema import Turn
from pipeline.dataset.importers.mapping import Question
from pipeline.dataset.importers.values import Row, RowFault, optional, text

MAX_TEXT = 20_000  # characters of a question or an answer
_YES_NO = re.compile(r"(yes|no)\b[.!]?\s*", re.IGNORECASE)
_LETTER = re.compile(r"\(?([A-Za-z])\)?[.:]?")
_TYPES = ("boolean", "choice", "number", "phrase")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question that was read; the dialogue gives it its number and images."""

    question: str
    answer_type: str
    answer: str
    accepted: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    tolerance: float | None = None

    def turn(self, number: int, image_ids: tuple[str, ...]) -> Turn:
        """Return the turn of that number, which shows these images first."""
        return Turn(
            turn=number,
            question=self.question,
            image_ids=image_ids,
            answer_type=self.answer_type,
            answer=self.answer,
            accepted=self.accepted,
            choices=self.choices,
            tolerance=self.tolerance,
        )


class QuestionReader:
    """Reads a row's question by the mapping."""

    def __init__(self, spec: Question) -> None:
        self._question = optional(spec.question, "question.question")
        self._answer = optional(spec.answer, "question.answer")
        self._choices = optional(spec.choices, "question.choices")
        self._type = optional(spec.type, "question.type")
        self._tolerance = spec.tolerance

    def read(self, row: Row) -> Asked:
        """Return what the row asks.

        Raises:
            RowFault: an empty or huge question or answer, an answer that is none of the options,
                or one that its declared type does not allow.
        """
        question = text(self._question(row))
        answers = _answers(self._answer(row))
        if not question:
            raise RowFault("a question is empty")
        if not answers:
            raise RowFault("an answer is empty", f"to {question[:60]!r}")
        for part in (question, *answers):
            if len(part) > MAX_TEXT:
                raise RowFault("a text is too long", f"{len(part)} characters: {part[:40]!r}")
        choices = _choices(self._choices(row))
        kind = text(self._type(row)) or _kind(answers[0], choices)
        if kind not in _TYPES:
            raise RowFault("an answer type is unknown", f"{kind!r}; there is {', '.join(_TYPES)}")
        return self._asked(question, kind, answers, choices)

    def _asked(
        self, question: str, kind: str, answers: list[str], choices: tuple[str, ...]
    ) -> Asked:
        answer, accepted = answers[0], tuple(dict.fromkeys(answers[1:]))
        if kind == "boolean":
            match = _YES_NO.fullmatch(answer)
            if match is None:
                raise RowFault("a yes/no answer is neither", f"{answer[:60]!r}")
            answer, accepted = match.group(1).lower(), ()
        elif kind == "choice":
            answer, accepted = _letter(answer, choices), ()
        elif kind == "number":
            accepted = ()
        return Asked(
            question=question,
            answer_type=kind,
            answer=answer,
            accepted=accepted,
            choices=choices if kind == "choice" else (),
            tolerance=self._tolerance if kind == "number" else None,
        )


def _answers(found: Any) -> list[str]:
    """Return the answers that a value lists; one that is no list is one answer."""
    items = found if isinstance(found, list) else [found]
    return [answer for answer in map(text, items) if answer]


def _choices(found: Any) -> tuple[str, ...]:
    """Return the options in the order of their letters; text is split at line ends."""
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found)]
    if isinstance(found, str):
        found = found.splitlines()
    return tuple(option for option in map(text, found or ()) if option)


def _kind(answer: str, choices: tuple[str, ...]) -> str:
    if choices:
        return "choice"
    return "boolean" if _YES_NO.fullmatch(answer) else "phrase"


def _letter(answer: str, choices: tuple[str, ...]) -> str:
    """Return the letter of the right option, given as a letter or as the option's text."""
    if len(set(choices)) < len(choices):
        raise RowFault("two options are the same", f"{choices!r:.80}")
    if answer in choices:
        return chr(65 + choices.index(answer))
    match = _LETTER.fullmatch(answer)
    if match is not None and ord(match.group(1).upper()) - 65 < len(choices):
        return match.group(1).upper()
    same = [n for n, choice in enumerate(choices) if choice.casefold() == answer.casefold()]
    if len(same) != 1:
        raise RowFault("an answer is none of the options", f"{answer[:40]!r} of {choices!r:.80}")
    return chr(65 + same[0])
