"""The yes or no that an answer opens with.

In: an answer. Out: its yes, no or doubt about what the question asks for, if it stands at the very
start. Two readings, one vocabulary: claims need the answer word to stand for itself ("No
nodule is seen" opens with none, since its "no" belongs to the nodule); the answer to a yes-or-no
question may also run on ("No nodule is seen" is no).
"""

import re
from typing import Literal

Answer = Literal["yes", "no", "uncertain"]

YES = r"yes|yeah|yep|affirmative|correct"
NO = r"no|nope|negative|incorrect"
_HARD_TO_SAY = r"(?:hard|difficult) to (?:say|tell)"
_UNCERTAIN = (
    r"possibly|perhaps|maybe|probably|likely|unlikely|unclear|uncertain|unsure|equivocal|"
    rf"indeterminate|not (?:sure|certain|clear)|i(?:'m| am) (?:not (?:sure|certain)|unsure)|"
    rf"(?:it is |it's )?{_HARD_TO_SAY}"
)

# Standing for itself: the clause must end after the answer word, or a new subject follow a "no".
# Possessive throughout: a long run of blanks must not be tried in every split.
_CLOSES = r"(?=[ \t*_\"')]*+(?:$|[.,;:!\n—–]|- ))"
_CLOSES_OR_RESTARTS = (
    r"(?=[ \t*_\"')]*+(?:$|[.,;:!\n—–(]|- |"
    r"(?:there|it|i|the|this|these|that|they|he|she|you|we)\b))"
)
_BARE = r"(?=\W*(?:$|\n|[.,;!]))"
_ALONE = re.compile(
    r"[\s*_#>`\"'(\-•]*+(?:(?:the |my |final )*+answer(?: is)?[\s*_:,\-]++|"
    r"well,? |actually,? |i(?: would|'d) say,? )?[\s*_\"'(]*+"
    rf"(?:(?P<uncertain>(?:{_UNCERTAIN}|possibly (?:so|not)|probably not|yes (?:and|or) no|"
    r"not necessarily|(?:i )?(?:can ?not|can'?t) (?:tell|say|determine|be (?:sure|certain))|"
    rf"i (?:do not|don'?t) know|i (?:don'?t|do not) think so|i think so)\b{_CLOSES})"
    rf"|(?P<no>(?:{NO}|absolutely not|certainly not|definitely not|of course not|not at all|none|"
    rf"absent|not (?:seen|present|visible|identified|found|detected|there|evident))\b"
    rf"{_CLOSES_OR_RESTARTS})"
    rf"|(?P<yes>(?:{YES}|absolutely|certainly|indeed|definitely|of course|that(?: is|'s) correct|"
    rf"(?:(?:it is |it's )?(?:present|visible)|there (?:is|are)|it (?:is|does|has)){_BARE})"
    r"\b(?! (?:(?:and|or) no|not)\b)))",
    re.IGNORECASE,
)

# Running on: "no change", "no doubt" and the like do not deny what was asked. "No-one" still
# passes; "nodule" and "yesterday" do not.
RUNNING_LEAD = (
    r"[\s\-–—:.,(\[]{0,8}"
    r"(?:(?:the )?(?:final |short |my )?answer\s{0,3}(?:is)?\s{0,3}[:=-]?\s{0,3})?"
)
_NOT_NO = (
    r"(?!\s{1,3}(?:change|changes|longer|doubt|question|significant change|interval change|idea|"
    r"new|worsening|progression|growth|larger|smaller|comment|answer|image|information)\b)"
)
_RUNNING_ON = re.compile(
    rf"{RUNNING_LEAD}(?:(?P<yes>{YES}|true)(?![\w'’])|(?P<no>{NO}|false)(?![\w'’]){_NOT_NO}"
    rf"|(?P<uncertain>{_UNCERTAIN}|unknown|inconclusive|"
    rf"(?:it is |it's |i am |i'm )(?:not (?:sure|certain)|unclear|uncertain|unsure|{_HARD_TO_SAY})|"
    r"(?:it |this |that )?(?:cannot|can't|can not) be "
    r"(?:determined|excluded|ruled out|assessed|confirmed)|"
    r"i (?:cannot|can't|can not) (?:tell|say|determine|be sure|exclude|rule))\b)",
    re.IGNORECASE,
)


def leading_answer(text: str, *, running_on: bool = False) -> Answer | None:
    """Read the answer word at the start of a text, past markdown and "Answer:"; None without one.

    With ``running_on`` a word that the sentence goes on from counts, too, where none stands for
    itself. A restated question before it ("Is there a nodule? No.") is not looked past: the caller
    hands in the sentence that it means.
    """
    answer, _ = read_lead(text, 0)
    if answer is None and running_on:
        match = _RUNNING_ON.match(text)
        answer = polarity(match) if match else None
    return answer


def read_lead(text: str, at: int) -> tuple[Answer | None, int]:
    """Read an answer word that stands for itself from ``at`` on, and the offset where it ends."""
    match = _ALONE.match(text, at)
    return (None, at) if match is None else (polarity(match), match.end(polarity(match)))


def polarity(match: re.Match[str]) -> Answer:
    """Return which of the groups ``yes``, ``no`` and ``uncertain`` a match filled."""
    if match["yes"] is not None:
        return "yes"
    return "no" if match["no"] is not None else "uncertain"
