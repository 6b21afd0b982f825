"""Reasoning that some models write before their answer, taken off before anything is judged.

In: the raw response. Out: the answer with and without its wrappers, and how much was taken off.
"""

import re
from dataclasses import dataclass

from actors.reasoning import REASONING_MARKS
from pipeline.parsing.wrappers import unwrap

# Every mark has one of these; most answers have none, and are passed through.
_SIGNS = ("<", "◁", "THINK]", "stage)", "thought process", "assistantfinal")
# gpt-oss: each message names its channel. Without its special tokens only the names are left.
_CHANNEL = re.compile(r"<\|channel\|>([^<]{0,80})(?:<\|constrain\|>[^<]{0,40})?<\|message\|>")
_MESSAGE_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_BARE_CHANNELS = re.compile(r"\Aanalysis(?=\S)[\s\S]*?assistantfinal")
_BARE_LABEL = "thought\n"  # Gemma 4 writes it before its answer also where it does not reason


@dataclass(frozen=True, slots=True)
class Stripped:
    """An answer; ``removed`` counts the characters of reasoning taken off, marks included.

    ``final``: what the model says, out of its wrappers; answers and claims are read from it.
    ``body``: the same as it was written; a region is read from it. ``unclosed``: the reasoning
    never ended, so there is no answer (both hold what preceded it, usually nothing).
    """

    final: str
    removed: int
    unclosed: bool
    body: str


def strip_reasoning(text: str) -> Stripped:
    """Remove reasoning, then wrappers (``pipeline.parsing.wrappers``).

    A closing mark without its opening one ends reasoning from the start: chat templates that put
    the opening mark into the prompt leave only the closing one in the response. A response cut off
    while still reasoning has no answer.
    """
    body, unclosed = text, False
    if any(sign in text for sign in _SIGNS):
        body, unclosed = _without_channels(text)
        for marks in REASONING_MARKS:
            body, cut = _without_marked(body, marks)
            unclosed = unclosed or cut
    body = body.removeprefix(_BARE_LABEL)
    return Stripped(
        final=unwrap(body), removed=len(text) - len(body), unclosed=unclosed, body=body.strip()
    )


def _without_channels(text: str) -> tuple[str, bool]:
    """Keep the final messages of a response in channels; without any it was cut off before."""
    starts = list(_CHANNEL.finditer(text))
    if not starts:
        bare = _BARE_CHANNELS.match(text)
        return (text[bare.end() :] if bare else text), False
    finals = []
    for start in starts:
        if start[1].split()[:1] == ["final"]:
            end = _MESSAGE_END.search(text, start.end())
            finals.append(text[start.end() : end.start() if end else len(text)])
    return "\n".join(finals), not finals


def _without_marked(text: str, marks: re.Pattern[str]) -> tuple[str, bool]:
    """Remove what one kind of marks encloses; return also whether the last was left open."""
    kept: list[str] = []
    within, at = False, 0
    for match in marks.finditer(text):
        if match[1] is not None:
            if not within:
                kept.append(text[at : match.start()])
            within = True
        else:
            kept = kept if within else []
            within = False
        at = match.end()
    if not within:
        kept.append(text[at:])
    return "".join(kept), within
