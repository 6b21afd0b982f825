"""The yes or no that an answer opens with.

In: an answer. Out: what it says about the concept that the question asks for, if it says so at the
very start. "No nodule is seen" opens with no answer word: there, "no" belongs to the nodule.
"""

import re
from typing import Literal

Answer = Literal["yes", "no", "uncertain"]

_UNCERTAIN = (
    r"possibly(?: so| not)?|perhaps|maybe|probably not|unlikely|likely|probably|unclear|"
    r"uncertain|unsure|equivocal|indeterminate|yes and no|yes or no|"
    r"not (?:sure|certain|clear|necessarily)|"
    r"(?:i )?(?:can ?not|can'?t) (?:tell|say|determine|be (?:sure|certain))|"
    r"i (?:do not|don'?t) know|i(?:'m| am) (?:not (?:sure|certain)|unsure)|"
    r"(?:it is |it's )?(?:hard|difficult) to (?:say|tell)|i (?:don'?t|do not) think so|i think so"
)
_YES = (
    r"yes|yeah|yep|affirmative|correct|absolutely|certainly|indeed|definitely|of course|"
    r"that is correct|that's correct|(?:it is |it's )?(?:present|visible)(?=\W*(?:$|\n|[.,;!]))|"
    r"there (?:is|are)(?=\W*(?:$|\n|[.,;!]))|"
    r"it (?:is|does|has)(?=\W*(?:$|\n|[.,;!]))"
)
_NO = (
    r"no|nope|negative|absolutely not|certainly not|definitely not|of course not|not at all|"
    r"incorrect|none|absent|not (?:seen|present|visible|identified|found|detected|there|evident)"
)
# Possessive throughout: a long run of blanks must not be tried in every split.
_LEAD = (
    r"[\s*_#>`\"'(\-•]*+(?:(?:the |my |final )*+answer(?: is)?[\s*_:,\-]++|"
    r"well,? |actually,? |i(?: would|'d) say,? )?"
    r"[\s*_\"'(]*+"
)
# After "no" and the like the clause must end, or a new subject must follow.
_STOP = (
    r"(?=[ \t*_\"')]*+(?:$|[.,;:!\n—–(]|- |"
    r"(?:there|it|i|the|this|these|that|they|he|she|you|we)\b))"
)
_END = r"(?=[ \t*_\"')]*+(?:$|[.,;:!\n—–]|- ))"
_LEADING = re.compile(
    rf"{_LEAD}(?:(?P<uncertain>(?:{_UNCERTAIN})\b{_END})|(?P<no>(?:{_NO})\b{_STOP})"
    rf"|(?P<yes>(?:{_YES})\b(?! (?:(?:and|or) no|not)\b)))",
    re.IGNORECASE,
)


def leading_answer(text: str) -> Answer | None:
    """Read the answer word at the start of a text, past markdown and "Answer:"; None without one.

    A restated question before it ("Is there a nodule? No.") is not looked past: the caller hands
    in the sentence that it means.
    """
    return read_lead(text, 0)[0]


def read_lead(text: str, at: int) -> tuple[Answer | None, int]:
    """Read the answer word that starts at or just after ``at``, and the offset where it ends."""
    match = _LEADING.match(text, at)
    if match is None:
        return None, at
    if match.group("uncertain") is not None:
        return "uncertain", match.end("uncertain")
    if match.group("no") is not None:
        return "no", match.end("no")
    return "yes", match.end("yes")
