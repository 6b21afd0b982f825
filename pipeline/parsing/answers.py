"""Explicit answers read from free text: yes or no, and the letter of a choice.

In: the final answer of a turn (no reasoning, no region markup). Out: the answer, or None where
the text gives none, or several different ones. Nothing is found inside of words: "no" is not in
"nodule". Numbers are read in ``pipeline.parsing.numbers``.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from pipeline.claims.leading_answer import NO, RUNNING_LEAD, YES, Answer, leading_answer, polarity

_QUIET = str.maketrans("", "", '*_`"“”#>\\$')  # emphasis and quotes

_RESTATED = re.compile(r"^[^?.!\n]{1,200}\?\s{0,4}(?=\w)")
_YES_AND_NO = re.compile(RUNNING_LEAD + r"yes\s{0,3}(?:/|or|and)\s{0,3}no\b", re.IGNORECASE)
_CONCLUDING = re.compile(
    r"\b(?:answer\s{0,3}(?:is\s{0,3}:?|:|=)|(?:so|therefore|thus|hence),?)\s{0,3}"
    rf"(?:(?P<yes>{YES}|true)|(?P<no>{NO}|false)|(?P<uncertain>uncertain|unclear))"
    r"(?=\s{0,3}(?:[.,;:!)\n]|$))",
    re.IGNORECASE,
)

# A letter after one of these words is an answer; "A" and "I" before a word are not letters.
_LETTER = (
    r"[\s(\[]{0,4}(?:(?P<letter>[B-HJ-Z])(?![\w'’])"
    r"|(?P<vowel>[AI])(?=\s{0,3}(?:[.,;:!)\]\n–—-]|$)|\s{1,3}(?:because|since|or|which)\b)"
    r"|(?P<capital>(?-i:[AI]))(?=\s{1,3}(?-i:[A-Z(])))"
)
_EXPLICIT = re.compile(
    r"\b(?:answer|choice|letter|selection)\s{0,3}(?:is|would be|should be|must be)?"
    r"\s{0,3}[:=-]?\s{0,3}(?:option\s{0,3}|choice\s{0,3})?" + _LETTER,
    re.IGNORECASE,
)
_OPTION = re.compile(r"\boption\s{0,3}:?[\s(\[]{0,4}(?P<letter>[A-Z])(?![\w'’])", re.IGNORECASE)
_ALSO = re.compile(
    r"[)\]]?\s{0,3}(?:or|and|/|&|,)\s{0,3}(?:option\s{0,3})?[(\[]?([A-Z])"
    r"(?=[)\]]?\s{0,3}(?:[.,;:!\n]|$))"
)
_BOXED = re.compile(r"\\boxed\{([^{}]{0,80})\}")
_CONCLUSION = re.compile(
    r"\b(?:so|therefore|thus|hence|it is|it's|is|be|choose|pick|select|go with|chose|"
    r"think|believe|say)"
    r"[,:]?[\s(\[]{1,4}(?P<letter>[A-Z])(?=[)\]]?\s{0,3}(?:[.,;:!\n]|$))"
)
_ENUMERATED = re.compile(
    r"\((?P<wrapped>[A-Za-z])\)"  # (B)
    r"|(?:^|\n)[\s\-]{0,4}(?P<leading>[A-Za-z])[).:\]]"  # B) left   B. left
    r"|(?:^|\n)[\s\-]{0,4}(?P<dashed>[B-HJ-Z])\s{0,2}[-–—]\s"  # B - left
    r"|(?<![\w'’])(?P<closed>[A-Z])\)"  # ... B)
    r"|(?:^|\n)[\s(\[]{0,4}(?P<alone>[A-Za-z])[\s)\].,!:]{0,4}(?=\n|$)"  # a line of its own
)
_DENIED_BEFORE = re.compile(
    r"\b(?:not|no|nor|neither|rather than|instead of|unlike|without|than|exclude[sd]?|"
    r"rule[sd]? out|isn't|ruling out|excluding)\s{1,3}(?:the\s|an?\s|option\s|choice\s|likely\s|"
    r"in the\s){0,2}[(\[]?$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[)\]]?\s{0,3}(?:(?:is|are|was|seems|looks)\s{1,3}(?:not\b|wrong|incorrect|unlikely|"
    r"less likely|ruled out|excluded|false)|isn't|(?:cannot|can't|can not) be)",
    re.IGNORECASE,
)
_OWN_LETTER = re.compile(r"^\s{0,3}\(?[A-Z][).:]\s{1,3}")


def parse_boolean(text: str) -> Answer | None:
    """Read a yes or no that opens the answer or is named as the answer.

    "Yes, ...", "No nodule is seen.", "Final answer: no", "So, yes." count; a yes or no elsewhere
    in the text does not. A restated question is passed over. Doubt that opens the answer is
    ``uncertain``. An answer that gives both yes and no is None, as is one that gives neither.
    """
    text = _RESTATED.sub("", _quiet(text), count=1)
    if _YES_AND_NO.match(text):
        return None
    answers = {polarity(match) for match in _CONCLUDING.finditer(text)}
    leading = leading_answer(text, running_on=True)
    if leading is not None:
        answers.add(leading)
    return answers.pop() if len(answers) == 1 else None


def parse_choice(text: str, choices: tuple[str, ...]) -> str | None:
    """Read the letter of a choice: A for the first of ``choices``.

    An explicit letter ("(B)", "answer: B", "so C.", "option b", "B) left") comes first; without
    one, the text of exactly one option. Letters and options that are denied ("not (A)", "B is
    wrong") are passed over; several different answers are None. The article "A" and the pronoun
    "I" are never letters.
    """
    text = _quiet(text).strip()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(choices)]
    for patterns in ((_EXPLICIT, _OPTION, _CONCLUSION), (_ENUMERATED,)):
        named = {
            letter
            for pattern in patterns
            for letter in _letters(pattern.finditer(text), text)
            if letter in letters
        }
        if named:
            return named.pop() if len(named) == 1 else None
    return _by_text(text, choices)


def _quiet(text: str) -> str:
    """Drop emphasis and quotes; a boxed answer is a named one."""
    return _BOXED.sub(r"answer: \1. ", text).translate(_QUIET)


def _letters(matches: Iterable[re.Match[str]], text: str) -> Iterable[str]:
    for match in matches:
        name = match.lastgroup or ""
        start, end = match.span(name)
        if not _is_denied(text, start, end):
            yield match[name].upper()
            also = _ALSO.match(text, end)
            if also is not None:
                yield also[1]


def _is_denied(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 40) : start], text[end : end + 40]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after))


def _by_text(text: str, choices: tuple[str, ...]) -> str | None:
    """Find the one option whose text the answer contains; longer options hide shorter ones."""
    pattern, letter_of = _options(choices)
    if pattern is None:
        return None
    named = {
        letter_of[_plain(match[0])]
        for match in pattern.finditer(text)
        if not _is_denied(text, match.start(), match.end())
    }
    return named.pop() if len(named) == 1 else None


@lru_cache(maxsize=4096)
def _options(choices: tuple[str, ...]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    letter_of: dict[str, str] = {}
    for letter, choice in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", choices, strict=False):
        option = _plain(_OWN_LETTER.sub("", choice))
        if option:
            letter_of.setdefault(option, letter)
    longest_first = sorted(letter_of, key=len, reverse=True)
    if not longest_first:
        return None, letter_of
    body = "|".join(r"\s+".join(map(re.escape, o.split())) for o in longest_first)
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)", re.IGNORECASE), letter_of


def _plain(option: str) -> str:
    return " ".join(option.lower().split()).rstrip(".")
