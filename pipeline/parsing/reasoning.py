"""Reasoning that some models write before their answer, taken off before anything is judged.

In: the raw response. Out: the final answer and how much was taken off.
"""

import re
from dataclasses import dataclass

from actors.reasoning import REASONING_MARKS


@dataclass(frozen=True, slots=True)
class Stripped:
    """The final answer; ``removed`` counts the characters taken off, marks included.

    ``unclosed``: the reasoning never ended, so there is no answer (``final`` is what preceded it
    outside of any reasoning, usually empty).
    """

    final: str
    removed: int
    unclosed: bool


def strip_reasoning(text: str) -> Stripped:
    """Remove reasoning; a closing mark without its opening one ends reasoning from the start.

    Chat templates that put the opening mark into the prompt leave only the closing one in the
    response. A response cut off while still reasoning has no answer.
    """
    final, unclosed = text, False
    for opening, closing in REASONING_MARKS:
        if opening in final or closing in final:
            final, cut = _strip(final, opening, closing)
            unclosed = unclosed or cut
    return Stripped(final.strip(), len(text) - len(final), unclosed)


def _strip(text: str, opening: str, closing: str) -> tuple[str, bool]:
    """Remove what one kind of marks encloses; return also whether the last was left open."""
    kept: list[str] = []
    within = False
    for part in re.split(f"({re.escape(opening)}|{re.escape(closing)})", text):
        if part == opening:
            within = True
        elif part == closing:
            kept = kept if within else []
            within = False
        elif not within:
            kept.append(part)
    return "".join(kept), within
