"""Text to tokens: lower-case words and the marks that end or join statements.

In: any string. Out: ``Tokens``, parallel lists whose spans index the original text, so that case
folding can never shift a position. Linear in the length of the text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

BULLET = "\n-"
NEWLINE = "\n"

_WORDS = (
    r"(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<line>(?:\A|\n)\s*(?:[-*•+]\s|\d{1,2}[.)]\s)?)"
)
_MARK = r"|(?P<mark>\.(?![a-z\d])|[;:!?,()|—–]|(?<=\s)-+(?=\s))"
# What a structured report puts for present, absent and possible, and where its objects end.
_SIGNS = (
    r"|(?P<absent>\(\s?[-−–]\s?\)|(?<=[:=|])\s?[-−–0](?=\s*(?:$|[,;|\n}]))|\[\s?\]|[☐✗✘❌✖])"
    r"|(?P<present>\(\s?\+\s?\)|(?<=[:=|])\s?[+1](?=\s*(?:$|[,;|\n}]))|\[[xX✓]\]|[☑✓✔✅])"
    r"|(?P<query>(?<!\S)\?(?=[^\W\d_]))"  # "?pneumonia"
    r"|(?P<either>(?<=[^\W\d_]{3})\s?/\s?(?=[^\W\d_]{3}))"
    r"|(?P<end>\}|(?<=\")\s{0,40}\])"
)
_TOKEN = re.compile(_WORDS + _MARK)
# Chinese and Japanese have no blanks between words: every character is one, and has its own marks.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_TOKEN_UNSPACED = re.compile(
    r"(?P<word>[\u3040-\u30ff\u4e00-\u9fff]|[a-zA-Z]+)"
    + _WORDS[_WORDS.index("|") :]
    + _MARK
    + r"|(?P<wide>[，。；：、！？（）])"
)
_WIDE = {
    "，": ";",
    "。": ".",
    "；": ";",
    "：": ":",
    "、": ",",
    "！": "!",
    "？": "?",
    "（": ",",
    "）": ",",
}
_TOKEN_OR_SIGN = re.compile(_WORDS + _SIGNS + _MARK)
_SIGNIFICANT = frozenset("+/?[]{}☐☑✓✔✅✗✘❌✖")
_DENYING = re.compile(r"[(:|=]\s?[-−–]")
_KINDS = {"absent": "absent", "present": "present", "either": "/", "query": "possible", "end": ";"}
_BOXES = "[☐☑✓✔✅✗✘❌✖"  # a box stands before its item, save after a colon
_MARKS = {"(": ",", ")": ",", "|": ":", "—": "-", "–": "-"}
_OBJECT = re.compile(r"\{[^{}]{0,2000}+(?:\{[^{}]{0,2000}+\}[^{}]{0,2000}+){0,50}+\}")
# The next member of an object that lists findings; what describes one stays with it.
_NEXT_MEMBER = re.compile(
    r",(?=\s{0,40}[\"'](?!(?:present|absent|location|site|side|laterality|size|severity|change|status|"
    r"value|description|confidence|certainty)[\"'])[^\"']{1,60}[\"']\s{0,20}:)"
)
_BLANK = re.compile(r"\s")
# A full stop after one of these belongs to the word.
_ABBREVIATIONS = frozenset(("g", "e", "vs", "approx", "dr", "cf", "fig", "mr", "mrs", "prof"))
_CONTRACTED = {"ca": "can", "wo": "will", "sha": "shall"}
_IRREGULAR = {
    "diverticula": "diverticulum",
    "septa": "septum",
    "hila": "hilum",
    "vertebrae": "vertebra",
    "stomata": "stoma",
    "carcinomata": "carcinoma",
    "vertices": "vertex",
    "apices": "apex",
    "cortices": "cortex",
    "feet": "foot",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words and marks of a text, in order, each with its character span in that text."""

    words: list[str]
    starts: list[int]
    ends: list[int]


def tokenise(text: str) -> Tokens:
    """Cut a text into tokens; contractions ("isn't", "cannot") become two of the same span."""
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    if "{" in text:
        text = _OBJECT.sub(lambda match: _one_line(match[0]), text)
    signs = not _SIGNIFICANT.isdisjoint(text) or bool(_DENYING.search(text))
    pattern = _TOKEN_OR_SIGN if signs else _TOKEN
    if not text.isascii() and _UNSPACED.search(text):
        pattern = _TOKEN_UNSPACED
    for match in pattern.finditer(text):
        kind = match.lastgroup or ""
        raw = match.group()
        if kind == "word":
            cut = _word(raw)
        elif kind == "line":
            cut = _line(raw, text[match.end() : match.end() + 1], words)
        elif kind == "wide":
            cut = (_WIDE[raw],)
        elif kind in _KINDS:
            boxed = raw[0] in _BOXES and words and words[-1] != ":"
            cut = (";", _KINDS[kind]) if boxed else (_KINDS[kind],)
        elif raw == "." and words and words[-1] in _ABBREVIATIONS:
            continue
        elif raw[0] == "-":
            cut = ("-",)
        else:
            cut = (_MARKS.get(raw, raw),)
        for word in cut:
            words.append(word)
            starts.append(match.start())
            ends.append(match.end())
    return Tokens(words, starts, ends)


def _one_line(obj: str) -> str:
    """Put a JSON object on one line, its members apart, as many characters as before."""
    return _NEXT_MEMBER.sub(";", _BLANK.sub(" ", obj))


def phrase(text: str) -> tuple[str, ...]:
    """Cut a lexicon form or a trigger phrase into the words that a text would show."""
    return tuple(w for w in tokenise(text).words if w not in (BULLET, NEWLINE))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Fold plural and British or American spelling into one form, the same on both sides.

    It is a key for comparison, not a dictionary form ("metastases" and "metastasis" give
    "metastas").
    """
    word = _IRREGULAR.get(word, word)
    if len(word) > 3:
        word = _singular(word)
        word = word.replace("ae", "e").replace("oe", "e")
        if word.endswith("our") and len(word) > 4:
            word = word[:-3] + "or"
    return word


def _singular(word: str) -> str:
    if word.endswith(("sses", "shes", "ches", "xes", "ses")):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("sis"):
        return word[:-2]
    if word.endswith("ae"):
        return word[:-1]
    if word.endswith("se"):
        return word[:-1]
    if word.endswith("i") and len(word) > 4:
        return word[:-1] + "us"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _word(raw: str) -> tuple[str, ...]:
    word = raw.lower()
    if not word.isascii():
        word = word.replace("’", "'")
    if "'" in word:
        if word.endswith("n't"):
            base = word[:-3]
            return (_CONTRACTED.get(base, base), "not") if base else ("not",)
        head, _, tail = word.rpartition("'")
        if head in _ELIDED and len(tail) > 1:
            return (head, tail)
        return (head, "is") if tail == "s" and head in _PRONOUNS else (head or word,)
    return ("can", "not") if word == "cannot" else (word,)


_ELIDED = frozenset(("d", "l", "n", "qu", "s", "jusqu", "dell", "all", "nell", "un"))
_PRONOUNS = frozenset(("it", "that", "there", "this", "what", "here"))


def _line(raw: str, following: str, words: list[str]) -> tuple[str, ...]:
    """Return the mark of a new statement, or none for a line that wraps, in lower case."""
    if raw.strip():
        return (BULLET,)
    wraps = following.islower() and raw.count("\n") == 1 and words[-1:] != [":"]
    return () if wraps or not words else (NEWLINE,)
