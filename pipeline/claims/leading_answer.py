"""The yes or no that an answer opens with.

In: an answer. Out: its yes, no or doubt about what the question asks for, if it stands at the very
start. Two readings, one vocabulary: claims need the answer word to stand for itself ("No
nodule is seen" opens with none, since its "no" belongs to the nodule); the answer to a yes-or-no
question may also run on ("No nodule is seen" is no).
"""

import re
from typing import Literal

from pipeline.claims.languages import base_language, foreign_lead

Answer = Literal["yes", "no", "uncertain"]

YES = r"yes|yeah|yep|yup|affirmative"
NO = r"no|nope|nah|negative|incorrect|false"
# These answer only where nothing follows ("Correct me if I am wrong", "True negative").
_VERDICT = r"correct|true|positive|right"
# An intensifier is no answer: what it intensifies is.
_INTENSIFIER = (
    r"(?:most |very |quite )?(?:absolutely|certainly|definitely|clearly|obviously|surely|"
    r"evidently|"
    r"undoubtedly|emphatically|decidedly|of course|indeed|sure|for sure|without (?:a |any )?doubt)"
)
_INTENSE = rf"(?:{_INTENSIFIER}[\s,:—–-]{{1,3}})?"
_HARD_TO_SAY = r"(?:hard|difficult|impossible) to (?:say|tell|determine|judge|know)"
_UNABLE = (
    r"(?:can ?not|can'?t|could not|couldn't|unable to|not possible to|impossible to|not able to)"
    r" (?:be )?(?:reliably |fully |really |definitively |confidently |entirely |completely )?"
    r"(?:tell|say|determined?|be sure|be certain|excluded?|rule(?:d)? out|assess(?:ed)?|"
    r"confirm(?:ed)?|judged?|know|evaluated?|answer(?:ed)?)"
)
_UNCERTAIN = (
    r"(?:most |very |quite |rather |highly )?(?:possibly|perhaps|maybe|probably|likely|unlikely)|"
    r"unclear|uncertain|unsure|equivocal|indeterminate|"
    rf"not (?:sure|certain|clear)|i(?:'m| am) (?:not (?:sure|certain)|unsure)|"
    rf"(?:it is |it's )?{_HARD_TO_SAY}"
)

# What may stand before the answer word: markdown, its name, an echoed menu, a phrase of courtesy.
_MENU = r"(?:[(\[]?\s?yes\s?(?:/|or|\|)\s?no\s?[)\]]?[\s*_]*[:?=\-–—>]+[\s*_]*)"
_NAME = (
    r"(?:(?:(?:the |my |your )?(?:final |short |correct |right |best )?(?:answer|response|verdict|"
    r"conclusion|assistant|output)(?: is|:)?[\s*_:=\-\"'>]+)+)"
)
_PREFACE = (
    r"(?:(?:(?:certainly|of course|sure|absolutely|great question|good question|thank you|thanks)"
    r"(?: for [^.!\n]{1,40})?!\s++(?=\S))|(?:well|actually|okay|ok|hmm|so)[,.:]? |"
    r"i(?: would|'d| will|'ll)? (?:say|answer)[,:]? |(?:based on|looking at|from|according to|"
    r"judging from|on|in|having reviewed|after reviewing) (?:the|this|these|your|my)"
    r"(?: [^\s,.;:!?\n]{1,20}){1,8}, )"
)
_OPENS = r"[\s*_#>`\"'(\[\-•…“‘]*+"
_LEAD = (
    rf"{_OPENS}(?:\d[.)] )?(?:{_PREFACE}){{0,2}}(?:{_NAME})?{_OPENS}{_MENU}?{_OPENS}(?:{_PREFACE})?"
)

# Standing for itself: the clause must end after the answer word, or a new subject follow a "no".
# Possessive throughout: a long run of blanks must not be tried in every split.
_CLOSES = r"(?=[ \t*_\"'’”)\]}]*+(?:$|[.,;:!\n—–]|- |</))"
_CLOSES_OR_RESTARTS = (
    r"(?=[ \t*_\"'’”)\]}]*+(?:$|[.,;:!\n—–(]|- |</|"
    r"(?:there|it|i|the|this|these|that|they|he|she|you|we)\b))"
)
_ENDS = r"(?=\W*(?:$|\n|[.;]))"
_REFUSES = (
    r"(?![\s,.;:—–-]{0,4}(?:but |as |and )?(?:i'?m sorry|sorry|as an ai|"
    r"i(?: am|'m) (?:an ai|not able|unable)|i (?:can ?not|can'?t|won'?t|do not|"
    r"don'?t) (?:interpret|analy[sz]e|view|process|access|"
    r"provide|assist|help|diagnose|comment|give|offer|have (?:access|the ability)|"
    r"see (?:any |the |your |this )?(?:images?|pictures?|photos?|x-?rays?|scans?)\b)))"
)
_DOUBTS = (
    rf"[\s,.;:—–-]{{1,4}}(?:but |as |and )?(?:(?:i |it |this |that )?(?:{_UNABLE})|"
    r"(?:the |this |your )?(?:image|picture|resolution|scan|quality|view)(?: [a-z]{2,12}){1,4}"
    r" (?:to|for) (?:tell|say|see|determine|assess|judge|exclude|confirm|answer|be sure)\b)"
)
_OFFERS = (
    r"(?![\s,.!]{1,3}i(?: can|'d be| would be| am|'m| will|'ll)(?: happy| glad| able)?(?: to)? "
    r"(?:help|assist|analy[sz]e|describe|interpret|explain|try)\b)"
)
_NOT_SEEN = r"(?:seen|present|visible|identified|found|detected|there|evident|observed|noted)"
_SUBJECT = r"(?:there|it|this|that|these|they)"
_ALONE = re.compile(
    rf"{_LEAD}"
    rf"(?:(?P<uncertain>(?:no{_DOUBTS}|(?:{_UNCERTAIN}|possibly (?:so|not)|probably not|"
    r"yes (?:and|or) no|"
    r"(?:most |very )?(?:probably|likely|possibly|perhaps|maybe),? (?:yes|no)|"
    r"not necessarily|(?:i )?(?:can ?not|can'?t) (?:tell|say|determine|be (?:sure|certain))|"
    r"i (?:do not|don'?t) know|i (?:don'?t|do not) think so|i (?:think|believe|guess) so|"
    rf"(?:it )?(?:may|might|could) be)\b{_CLOSES}))"
    rf"|(?P<no>{_INTENSE}(?:(?:{NO})(?!\. ?\d){_REFUSES}|(?:{_INTENSIFIER}) not|not at all|"
    rf"none(?: (?:is |are |was |were )?{_NOT_SEEN})?|"
    rf"absent|not {_NOT_SEEN}|{_SUBJECT} (?:is|are|was|were|does|do|did|has|have)(?:n't| not|"
    rf" none)|"
    r"i (?:do not|don'?t|did not|didn'?t) see (?:it|one|any|that|this)|i see none)\b"
    rf"{_CLOSES_OR_RESTARTS})"
    rf"|(?P<yes>{_INTENSE}(?:(?:{YES})\b(?!\s{{0,3}}(?:/|\|)\s{{0,3}}no\b){_OFFERS}|"
    rf"(?:that(?: is|'s) |you are )?(?:{_VERDICT})\b{_CLOSES}|"
    rf"(?:it is |it's )?(?:present|visible)\b{_ENDS}|"
    rf"{_SUBJECT} (?:is|are|does|do|has|have)\b{_ENDS})"
    rf"|(?:{_INTENSIFIER})\b{_ENDS})"
    r"(?! (?:(?:and|or) no|not)\b))",
    re.IGNORECASE,
)

# The commonest openings, which need no more than this.
_PLAIN = re.compile(
    r"(?P<uncertain>(?!))|(?P<yes>yes)\.(?= (?!i\b))|(?P<no>no)\.(?= there\b)", re.IGNORECASE
)

# Running on: "no change", "no doubt" and the like do not deny what was asked. "No-one" still
# passes; "nodule" and "yesterday" do not.
_NOT_NO = (
    r"(?!\s{1,3}(?:(?:significant |interval |real |substantial )?changes?|longer|doubt|"
    r"question|idea|"
    r"new|worsening|progression|growth|larger|smaller|bigger|comment|answer|images?|"
    r"information|way|"
    r"measurements?|assessment|conclusion|determination|interpretation|further|other|additional|"
    r"prior|previous|comparison|(?:more|less|fewer) than|(?:clear|definitive|definite) answer|"
    r"wonder|problem|worries|need|matter|reliable|reason|attachment|data|one knows|"
    r"diagnosis (?:can|is))"
    r"\b)"
)
_RUNNING_ON = re.compile(
    rf"{_LEAD}(?:(?P<uncertain>(?:no{_DOUBTS}|{_INTENSE}(?:{_UNABLE})|{_UNCERTAIN}|unknown|"
    r"inconclusive|"
    rf"(?:it is |it's |i am |i'm )(?:not (?:sure|certain)|unclear|uncertain|unsure|"
    rf"{_HARD_TO_SAY})|"
    rf"(?:it |this |that |i )(?:{_UNABLE}))\b)"
    rf"|(?P<yes>{_INTENSE}(?:{YES}|positive for)(?![\w'’]|\s{{1,3}}(?:and|or) no\b|"
    rf"\s{{0,3}}(?:/|\|"
    rf")\s{{0,3}}no\b){_OFFERS})"
    rf"|(?P<no>{_INTENSE}(?:(?:{NO})(?!\. ?\d)(?![\w'’]|-\w){_REFUSES}{_NOT_NO}|none of (?:the|"
    rf"these|"
    r"those) (?:[a-z]{2,12} )?(?:images?|scans?|slices?|views?|pictures?|films?|frames?|series|"
    r"sections?|fields?)\b|neither (?:image|view|scan|picture|side)\b)))",
    re.IGNORECASE,
)
# The first words that the patterns above can begin with: most answers begin with another one.
_FIRST = re.compile(r"[\W\d_]*+([A-Za-z]+)")
_STARTING = (
    "certainly of sure absolutely great good thank thanks well actually okay ok hmm so i "
    "based looking from according judging on in having after the my final short answer "
    "response verdict conclusion assistant output correct right best yes yeah yep yup "
    "affirmative no nope nah negative incorrect false true positive definitely clearly "
    "obviously surely evidently undoubtedly emphatically decidedly indeed for without most "
    "very quite rather highly possibly perhaps maybe probably likely unlikely unclear "
    "uncertain unsure equivocal indeterminate not it hard difficult impossible cannot can "
    "could none neither absent there this that these they present visible you your unable "
    "unknown inconclusive "
)
_STARTS = frozenset(_STARTING.split())
_SUBJECTS = frozenset(("there", "it", "this", "that", "these", "they", "the"))
_SUBJECT_ANSWERS = re.compile(
    r"\w+(?:'s| is| are| was| were| does| do| did| has| have)?(?:\W*$|[.,;:!\n]|n't|"
    r" (?:not|none|hard|difficult|impossible|unclear|uncertain|unsure|equivocal|indeterminate|"
    r"present|"
    r"visible|correct|true|positive|right|may|might|could|can|cannot|can't|unable|final|short|"
    r"best|"
    r"answer|response|verdict|conclusion|output|assistant)\b)",
    re.IGNORECASE,
)
_SAYS_NO = ("es", "it")  # their "no" runs on by their own rules alone


def leading_answer(text: str, *, running_on: bool = False, language: str = "en") -> Answer | None:
    """Read the answer word at the start of a text, past markdown and "Answer:"; None without one.

    With ``running_on`` a word that the sentence goes on from counts, too, where none stands for
    itself. A restated question before it ("Is there a nodule? No.") is not looked past: the caller
    hands in the sentence that it means.
    """
    if base_language(language) != "en" and (match := foreign_lead(text, language)):
        return polarity(match)
    answer, _ = read_lead(text, 0)
    if answer is not None or not running_on or base_language(language) in _SAYS_NO:
        return answer
    match = (_may_start(text, 0) and _RUNNING_ON.match(text)) or foreign_lead(text, "en")
    return polarity(match) if match else None


def read_lead(text: str, at: int) -> tuple[Answer | None, int]:
    """Read an answer word that stands for itself from ``at`` on, and the offset where it ends."""
    match = _PLAIN.match(text, at)
    if match is None and _may_start(text, at):
        match = _ALONE.match(text, at)
    if match is None:
        return None, at
    answer = polarity(match)
    return answer, at if answer is None else match.end(answer)


def _may_start(text: str, at: int) -> bool:
    first = _FIRST.match(text, at)
    word = "" if first is None else first[1].lower()
    if word in _SUBJECTS and first is not None:
        return _SUBJECT_ANSWERS.match(text, first.start(1)) is not None
    return word in _STARTS


def polarity(match: re.Match[str]) -> Answer | None:
    """Return which of the groups ``yes``, ``no`` and ``uncertain`` a match filled."""
    groups: tuple[Answer, ...] = ("uncertain", "no", "yes")
    return next((group for group in groups if match[group] is not None), None)
