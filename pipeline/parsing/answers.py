"""Explicit answers read from free text: yes or no, and the letter of a choice.

In: the final answer of a turn (no reasoning, no region markup). Out: the answer, or None where
the text gives none, or several different ones. Nothing is found inside of words: "no" is not in
"nodule". Numbers are read in ``pipeline.parsing.numbers``.
"""

import re

from pipeline.claims.languages import foreign_conclusion
from pipeline.claims.leading_answer import NO, YES, Answer, leading_answer, polarity
from pipeline.parsing.letters import named_letters
from pipeline.parsing.options import option_named
from pipeline.parsing.wrappers import FINAL, unwrap

_QUIET = str.maketrans("", "", '*_`"“”#>\\$')  # emphasis and quotes

_RESTATED = re.compile(
    r"^(?:(?:question|q)\s{0,3}[:.]\s{0,3})?[^?.!\n]{1,200}\?\s{0,4}(?:(?:answer|"
    r"a)\s{0,3}:\s{0,3})?"
    r"(?=\w)",
    re.IGNORECASE,
)
_YES_AND_NO = re.compile(
    r"[\s\-–—:.,(\[]{0,8}yes\s{0,3}(?:/|or|and|\|)\s{0,3}no\b(?!\s{0,3}[)\]]?\s{0,3}[:=?\-])",
    re.IGNORECASE,
)
_FINAL = re.compile(
    rf"(?:{FINAL}|\bfinal answer\b)(?:\s(?:is|"
    rf"would be))?\s{{0,3}}[:=\-]?\s{{0,6}}(?P<rest>[^\n]*)",
    re.IGNORECASE,
)
_FINAL_CUE = "final answer"
_CONCLUDING = re.compile(
    r"\b(?:(?:answer|response|verdict|conclusion|result|decision)"
    r"(?:\s(?:to|for) (?:the|your|this|that)(?: \w{1,12})? question)?"
    r"\s{0,3}(?:(?:is|would be|should be|must be|remains)(?:\s{0,3}:)?|:|=)"
    r"|(?:so|therefore|thus|hence|overall|in conclusion|in summary|to conclude|in short|"
    r"ultimately),?"
    r"(?: (?:the answer is|i (?:would|'d) say))?"
    r"|(?:i|we) (?:would|'d|will|must|have to|can) (?:say|answer|conclude)(?: that)?"
    r"|(?:no,? )?wait,?(?: actually)?|actually|(?:sorry|correction|scratch that|i mean|i meant|"
    r"on (?:second|closer|further) (?:thought|look|review|inspection)|let me correct (?:that|"
    r"myself)|"
    r"or rather)[,:.]?)"
    r"[,:.\s—–-]{0,3}\s{0,3}(?:(?:clearly|definitely|simply|most certainly|a|an|it is) ){0,2}"
    rf"(?:(?P<yes>{YES}|true|correct|positive)|(?P<no>{NO})|(?P<uncertain>uncertain|unclear|"
    r"indeterminate|inconclusive))"
    r"(?=\s{0,3}(?:[.,;:!)\n]|$|(?:because|since|as|there|it|given|but)\b|[—–-]\s))",
    re.IGNORECASE,
)


# One of these is in every conclusion: most answers have none, and are not searched.
_CUES = (
    *(
        "answer",
        "response",
        "verdict",
        "conclu",
        "result",
        "decision",
        "so ",
        "so,",
        "so:",
        "therefore",
    ),
    *(
        "thus",
        "hence",
        "overall",
        "in summary",
        "in short",
        "ultimately",
        " say",
        "wait",
        "actually",
    ),
    *("sorry", "correction", "i mean", "scratch", "thought", "look", "review", "inspection"),
    *("let me correct", "or rather"),
)


def parse_boolean(text: str, language: str = "en") -> Answer | None:
    """Read a yes or no that opens the answer or is named as the answer.

    "Yes, ...", "No nodule is seen.", "Final answer: no", "So, yes." count; a yes or no elsewhere
    in the text does not. A restated question and an echoed "(yes/no)" are passed over, a final
    answer outweighs the rest. Doubt that opens the answer is ``uncertain``. An answer that gives
    both yes and no is None, as is one that gives neither; ``boolean_answers`` tells them apart.
    """
    answers = boolean_answers(text, language)
    return next(iter(answers)) if len(answers) == 1 else None


def boolean_answers(text: str, language: str = "en") -> frozenset[Answer]:
    """Return the different answers that a text gives to a yes-or-no question."""
    text = _quiet(text)
    said = text.lower()
    final = _final(text) if _FINAL_CUE in said else None
    answer = leading_answer(final, running_on=True, language=language) if final else None
    if answer is not None:
        return frozenset((answer,))
    if "?" in text:
        text = _RESTATED.sub("", text, count=1)
    if _YES_AND_NO.match(text):
        return frozenset(("yes", "no"))
    concludes = any(cue in said for cue in _CUES)
    matches = list(_CONCLUDING.finditer(text)) if concludes else []
    matches += foreign_conclusion(text)
    found = [polarity(match) for match in matches]
    found.append(leading_answer(text, running_on=True, language=language))
    return frozenset(answer for answer in found if answer is not None)


def parse_choice(text: str, choices: tuple[str, ...]) -> str | None:
    """Read the letter of a choice: A for the first of ``choices``.

    An explicit letter ("(B)", "answer: B", "so C.", "B is correct", "option b", "B) left") comes
    first; without one, the text of exactly one option. Letters and options that are denied ("not
    (A)", "B is wrong") are passed over; several different answers are None. The article "A", the
    pronoun "I" and the genus of a binomial ("E. coli") are never letters.
    """
    text = _quiet(text).strip()
    final = _final(text) if _FINAL_CUE in text.lower() else None
    if final:
        letter = named_letters(final, choices) or option_named(final, choices)
        if letter is not None and len(letter) == 1:
            return letter
    letters = named_letters(text, choices)
    if letters:
        return letters if len(letters) == 1 else None
    if not choices:
        return None
    return option_named(text, choices) or _spoken(text, choices)


def _spoken(text: str, choices: tuple[str, ...]) -> str | None:
    """Read a yes or no where the options are yes and no."""
    options = [choice.strip(" .()").lower() for choice in choices]
    answer = parse_boolean(text) if {"yes", "no"} <= set(options) else None
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[options.index(answer)] if answer in options else None


def _quiet(text: str) -> str:
    """Take off wrappers, emphasis and quotes."""
    return unwrap(text).translate(_QUIET)


def _final(text: str) -> str | None:
    """Return what follows the last "final answer", on its line or on the next one."""
    matches = list(_FINAL.finditer(text))
    if not matches:
        return None
    last = matches[-1]
    return last["rest"].strip() or text[last.end() :].strip().partition("\n")[0]
