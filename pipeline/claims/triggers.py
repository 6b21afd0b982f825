"""Trigger phrases: what turns a mention into a denied, hedged or merely reported one.

In: the tables beside this module: ``triggers.json``, ``changes.json`` and ``words.json``.
In other languages: ``cues.json``, a smaller table of the same categories per language.
Out: phrases as words, each with its category. A phrase may hold ``(a|b|)`` alternatives; an empty
one makes the words optional.

Categories: ``neg_*`` deny, ``possible_*`` and ``probable_*`` hedge, ``skip_*`` and ``start_rest``
keep a mention from being an assertion at all (history, hypothesis, plan, somebody else, report of
a statement), ``general`` speaks of patients at large and ``prior`` of an earlier image, ``whether``
follows its sentence, ``affirm`` cancels what its words would trigger alone, ``term`` ends a
scope and ``now`` one of the past, ``correct`` takes back, ``revise`` marks an explicit revision.
``_pre`` reaches to the right, ``_post`` to the left, ``_next`` to the very next noun, ``_all`` to
the clause, ``_rest`` to the end of the sentence.
"""

import json
from functools import cache
from importlib.resources import files

from pipeline.claims.tokens import phrase
from pipeline.dataset.lexicon import alternatives

Phrases = tuple[tuple[tuple[str, ...], str], ...]


@cache
def triggers() -> Phrases:
    """Return every trigger phrase as words, with its category; a phrase may have several."""
    return _phrases("triggers.json")


@cache
def cues(language: str) -> Phrases:
    """Return the trigger phrases of another language; none where it has no table."""
    table: dict[str, dict[str, list[str]]] = json.loads(_text("cues.json"))
    return _spelled(table.get(language, {}))


def has_cues(language: str) -> bool:
    """Return whether denials and hedges are known in another language."""
    return bool(cues(language))


@cache
def changes() -> Phrases:
    """Return every wording of a change with its id: new, larger, stable, smaller, resolved.

    The empty id stands for a denied change ("has not grown"), which denies no finding.
    """
    return _phrases("changes.json")


def expand(pattern: str) -> list[tuple[str, ...]]:
    """Write out the alternatives of one phrase pattern as words."""
    return sorted({phrase(text) for text in alternatives(pattern)})


def word_set(name: str, table: str = "words.json") -> frozenset[str]:
    """Return one of the word classes of ``words.json``, or of another table beside it."""
    words: dict[str, str] = json.loads(_text(table))
    return frozenset(words[name].split())


def _phrases(name: str) -> Phrases:
    table: dict[str, list[str]] = json.loads(_text(name))
    return _spelled(table)


def _spelled(table: dict[str, list[str]]) -> Phrases:
    return tuple(
        (words, meaning)
        for meaning, patterns in table.items()
        for pattern in patterns
        for words in expand(pattern)
    )


def _text(name: str) -> str:
    return files("pipeline.claims").joinpath(name).read_text(encoding="utf-8")
