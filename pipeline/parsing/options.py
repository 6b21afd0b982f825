"""Options of a choice found by their text, and what denies an option or a letter.

In: the final answer of a turn and the options. Out: the letter of the one option that is named.
"""

import re
from functools import lru_cache

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|no|nor|neither|rather than|instead of|unlike|without|than|exclude[sd]?|"
    r"rule[sd]? out|ruling out|excluding|over|against|no (?:evidence|signs?|indication|"
    r"features) (?:of|"
    r"for)|cannot be|(?:does|do|did|is|are) not (?:show|represent|indicate|suggest|support)|"
    r"eliminate[sd]?)|n't)\s{1,3}(?:the\s|an?\s|any\s|option\s|choice\s|likely\s|in the\s|"
    r"answer\s)"
    r"{0,2}[(\[]?$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[)\].]?\s{0,3}(?:(?:is|are|was|seems|looks|would be)\s{1,3}(?:not\b|wrong|incorrect|"
    r"unlikely|"
    r"less likely|ruled out|excluded|false|eliminated|out\b)|isn't|aren't|(?:cannot|can't|"
    r"can not) be|"
    r"(?:does not|doesn't|do not|don't) (?:fit|apply|match|explain)|(?:unlikely|excluded|"
    r"no)\s{0,3}"
    r"(?:[.,;)]|$))",
    re.IGNORECASE,
)
# "A) pneumonia - incorrect"
_GRADED_WRONG = re.compile(
    r"[).:]?[^\n.;:]{0,50}(?:[-–—:(]\s{0,2}|\s)(?:incorrect|wrong|false|✗|❌)\s{0,2}\)?[.;]?\s*(?:\n|$)",
    re.IGNORECASE,
)
_PLURAL = r"(?:(?<=[a-z]{4})e?s)?"
_OWN_LETTER = re.compile(r"^\s{0,3}\(?[A-Z][).:]\s{1,3}")
_PARTS = re.compile(r"[\s\-‐-―]+")


def is_denied(text: str, start: int, end: int) -> bool:
    """Return whether the words around a letter or an option say that it is not the answer."""
    before, after = text[max(0, start - 40) : start], text[end : end + 80]
    return bool(
        _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after) or _GRADED_WRONG.match(after)
    )


def option_named(text: str, choices: tuple[str, ...]) -> str | None:
    """Find the one option whose text the answer contains; longer options hide shorter ones."""
    pattern, letter_of = _options(choices)
    if pattern is None:
        return None
    named = {
        letter_of.get(said) or letter_of.get(said.removesuffix("s")) or letter_of[said[:-2]]
        for match in pattern.finditer(text)
        if (said := plain(match[0])) and not is_denied(text, match.start(), match.end())
    }
    return named.pop() if len(named) == 1 else None


def plain(option: str) -> str:
    """Return an option's text as it is compared: no case, no blanks and hyphens, no full stop."""
    return _PARTS.sub("", option.lower()).rstrip(".")


def option_text(choice: str) -> str:
    """Return the text of an option without the letter that some data sets put before it."""
    return _OWN_LETTER.sub("", choice)


@lru_cache(maxsize=4096)
def _options(choices: tuple[str, ...]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    letter_of: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for letter, choice in zip(LETTERS, choices, strict=False):
        text = option_text(choice).strip().rstrip(".")
        if plain(text):
            letter_of.setdefault(plain(text), letter)
            bodies.setdefault(plain(text), r"[\s\-‐-―]*".join(map(re.escape, _spaced(text))))
    if not bodies:
        return None, letter_of
    longest_first = sorted(bodies, key=len, reverse=True)
    body = "|".join(bodies[option] for option in longest_first)
    return re.compile(rf"(?<!\w)(?:{body}){_PLURAL}(?!\w)", re.IGNORECASE), letter_of


def _spaced(text: str) -> list[str]:
    return [part for part in _PARTS.split(text) if part]
