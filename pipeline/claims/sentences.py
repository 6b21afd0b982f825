"""Tokens to sentences: where a statement starts and ends, and what form it has.

In: ``Tokens``. Out: ``Sentence`` ranges in order, end marks left out, empty ones dropped.
"""

from typing import NamedTuple

from pipeline.claims.tokens import BULLET, NEWLINE, Tokens


class Sentence(NamedTuple):
    """Token range ``[lo, hi)``; ``opens``: it ends in a colon, so a list may follow."""

    lo: int
    hi: int
    question: bool
    bullet: bool
    opens: bool


_ENDS = frozenset((".", "!", "?", BULLET, NEWLINE))
# Tokens. Scopes are looked for within a sentence only, so this bound keeps the work linear where a
# model repeats itself without a full stop.
_LONGEST = 200


def split(tokens: Tokens) -> list[Sentence]:
    """Cut at full stops, exclamation and question marks, list items, new lines, or 200 tokens."""
    words = tokens.words
    sentences: list[Sentence] = []
    lo, bullet = 0, False
    for i, word in enumerate(words):
        if word in _ENDS:
            if i > lo:
                sentences.append(_sentence(words, lo, i, bullet, word == "?"))
            lo = i + 1
            bullet = word == BULLET or (bullet and word != NEWLINE)
        elif i - lo >= _LONGEST:
            sentences.append(_sentence(words, lo, i, bullet, False))
            lo = i
    if len(words) > lo:
        sentences.append(_sentence(words, lo, len(words), bullet, False))
    return sentences


def _sentence(words: list[str], lo: int, hi: int, bullet: bool, question: bool) -> Sentence:
    return Sentence(lo, hi, question, bullet, words[hi - 1] == ":")
