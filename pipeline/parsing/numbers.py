"""Measured values read from free text and converted to the unit of the gold answer.

In: the final answer of a turn (no reasoning, no region markup). Out: a value in the asked unit.
"""

import re
from dataclasses import dataclass, replace

from pipeline.parsing.units import FOREIGN, KNOWN, MEASURED, measure
from pipeline.parsing.wrappers import FINAL, unwrap

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: float(n) for n, word in enumerate(_ONES)}
_WORDS |= {word: 10.0 * n for n, word in enumerate(_TENS, start=2)}
_WORDS |= {"none": 0.0, "single": 1.0, "dozen": 12.0, "hundred": 100.0}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")

# A letter or digit of a script that puts spaces between words ("答案是3" has none).
_LETTER = r"[^\W\u3040-\u9fff\uac00-\ud7af]"
# Thousands: a comma, an apostrophe, or a space of any width; "1.200,5" is German for 1200.5.
_DIGITS = (
    rf"(?<![.,/])(?<!{_LETTER})(?<![A-Za-z]-)[-+−]?"
    r"(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,12})?|\d{1,3}(?:\.\d{3}){1,4},\d{1,12}"
    r"|\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3}){1,4}(?![\d])(?:[.,]\d{1,12})?"
    r"|\d{1,15}(?:[.,]\d{1,12})?|\.\d{1,12})"
    r"(?:e[-+]?\d{1,2}|\s?[x×*·]\s?10(?:\^\{?[-+−]?\d{1,2}\}?|[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))?"
    r"(?:/\d{1,6})?(?![\d/])"
)
_SPELLED = (
    rf"\b(?:(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_ONES[1:10])})|{'|'.join(_WORDS)})(?![\w-])"
)
_VALUE = re.compile(
    rf"(?P<minus>\b(?:minus|negative)\s{{1,2}}|(?:(?<=[\s(:=])|(?<=^))–(?=\d))?"
    rf"(?P<number>{_DIGITS}|{_SPELLED})"
    rf"(?:[\s-]{{0,2}}(?:(?P<unit>{KNOWN})(?!{_LETTER}|[²³^/])"
    rf"|(?!x\s?\d)(?P<foreign>{FOREIGN})(?!{_LETTER}|[²³^])))?"
    r"(?P<noun>[\s-][^\W\d_]{2,20})?",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"^\s{0,3}(?:,|-|–|—|~|to\b|or\b|and\b|through\b)\s{0,3}(?:(?:about|even)\s)?$", re.IGNORECASE
)
_BOUND = re.compile(
    r"(?:[<>≤≥]=?|\b(?:less|more|greater|fewer|smaller|larger|bigger) than|\bat (?:least|most)|"
    r"\bup to|\bover|\bunder|\bbelow|\babove|\bexceed(?:s|ing)|\bno (?:more|less|fewer) than)"
    r"\s{0,3}$",
    re.IGNORECASE,
)
_ONE_AS_PRONOUN = re.compile(r"^\s{1,3}(?:of|can|could|may|might|would|should|must|is|was)\b")
_NEXT_LETTER = re.compile(r"(?!x\s?\d)[A-Za-z]")
_SHARES_UNIT = re.compile(
    r"^\s{0,3}(?:-|–|—|~|x|×|±|\+/-|by\b|to\b|or\b|and\b)\s{0,3}$", re.IGNORECASE
)
_NO_SUCH = re.compile(
    r"^\W{0,8}(?:there (?:is|are) )?(?:no|not a single) (?!idea|doubt|change|answer|way|measur|"
    r"informat|possib|need|clear way|scale|reliabl|number|count|comment|respons|further|new|"
    r"longer|"
    r"image|data|estimat|exact|precise|accurate|reference|calibrat|option|means\b|one knows)\w",
    re.IGNORECASE,
)
_GOLD = re.compile(r"^\s*(?P<number>[-+−]?[\d.,/]+)\s*(?P<unit>.*?)\s*$", re.DOTALL)

# "1. There are 3 nodules": a marker of a list, as are "1. ... 2. ..." within a line.
_MARKER = re.compile(r"(?:^|\n)[ \t]{0,8}(?:[-*•#]{1,4} )?\(?\d{1,2}(?:[.):]|\.\))[ \t]{1,4}(?=\S)")
_INLINE = re.compile(r"(?<=[.:;] )\(?(\d{1,2})[.)] (?=\w)")
# "Slice 12", "grade 2": the number is part of a name, and an answer only where there is no other.
_NAMED_THING = re.compile(
    r"(?:\b(?:step|fig(?:ure)?\.?|images?|slices?|series|frame|segment|level|grade|stage|type|"
    r"question|"
    r"table|view|phase|page|panel|sequence|zone|class|category|case|patient|turn|section|part|q|"
    r"no\.)|#)\s?$",
    re.IGNORECASE,
)
_ANSWER_IS = re.compile(
    r"\b(?:answer|result|total|respuesta|antwort|réponse|resposta)\b"
    r"(?:\s(?:to|for) (?:the|your|this) question)?\s{0,3}"
    r"(?:is|are|of|would be|should be|comes to|equals|es|ist|est|é)?\s{0,3}[:=]?\s{0,3}"
    r"(?:approximately |about |around |roughly |~ ?)?$"
    r"|(?:答案|结果|總共|总共|共)(?:是|为|為)?\s{0,3}[:：]?\s{0,3}$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|altogether|overall|in total|in all|in summary|in conclusion)\b"
    r",?\s{0,3}(?:(?:there (?:are|is)|it is|it's|i (?:count|see|measure|get)|we (?:have|get|"
    r"count|see)|"
    r"this (?:gives|makes)|that (?:gives|makes)|the (?:number|count|size|diameter|length) is)\s)?"
    r"(?:approximately |about |around |roughly |~ ?)?$|=\s{0,3}$",
    re.IGNORECASE,
)
_FINAL = re.compile(
    rf"(?:{FINAL}|"
    rf"\bfinal answer(?: is)?\s{{0,3}}[:=]?)[\s*_]{{0,6}}(?P<rest>[^\n]*)",
    re.IGNORECASE,
)
# Words that may follow a bare value: any other word says what is counted, which is no measure.
_PLAIN_TEXT = (
    "in at on of by and or to is was are were from across wide long thick deep high tall "
    "large big total overall maximum max approx approximately as with for which that the this "
    "it based when if but so because according near between along within per not above below "
    "left right"
)
_PLAIN = frozenset(_PLAIN_TEXT.split())


@dataclass(frozen=True, slots=True)
class _Value:
    """``rank`` 0: a value of the text; 1: part of a name; 2: a list marker."""

    number: float
    unit: str | None
    start: int
    end: int
    rank: int = 0


def parse_gold_number(answer: str) -> tuple[float, str | None]:
    """Split a gold answer such as "12 mm" into its value and unit (None where it has none).

    Raises:
        ValueError: the answer does not begin with a number.
    """
    match = _GOLD.match(answer)
    value = _number(match["number"]) if match else None
    if match is None or value is None:
        raise ValueError(f"the answer {answer!r} is not a number with an optional unit")
    return value, match["unit"] or None


def parse_number(text: str, unit: str | None) -> float | None:
    """Read the value named as the answer, else the first one that can be given in ``unit``.

    Values are digits ("12", "1.5", "1,200", "1 200", "1,5", "3/4", "1.2e3", "minus 5") or words up
    to ninety-nine. Where a unit is asked, a value with a unit of the same kind comes before one
    without any, lengths, areas and volumes are converted, and a value in any other unit is none;
    where none is asked, values that carry a unit are passed over, and "no nodules" is 0. List
    markers are no values. A range, alternatives and bounds ("5-7 mm", "5 or 6", "at least 5") are
    several answers, hence None. Numbers inside of names ("T2", "2nd") are none.
    """
    text = unwrap(text)
    final = _final(text) if "final answer" in text.lower() else None
    if final is not None and (value := _parse(final, unit)) is not None:
        return value
    return _parse(text, unit)


def _parse(text: str, unit: str | None) -> float | None:
    kind, factor = measure(unit)
    found = _values(text, kind)
    values = [v for v in found if _usable(v, kind)]
    if not values:
        return 0.0 if kind not in MEASURED and _NO_SUCH.match(text) else None
    named = _concluded(values, text)
    best = min(v.rank for v in values)
    candidates = named or [v for v in values if v.rank == best]
    candidates = [v for v in candidates if v.unit is not None] or candidates
    first = candidates[0]
    if named and len({_in_base(v, factor) for v in candidates}) > 1:
        return None
    if _is_ambiguous(first, values, text, factor):
        return None
    return _in_base(first, factor) / factor


def _concluded(values: list[_Value], text: str) -> list[_Value]:
    """Return the values named as the answer, else the last one that a conclusion names."""
    before = [(v, text[max(0, v.start - 60) : v.start]) for v in values if v.rank < 2]
    named = [v for v, words in before if _ANSWER_IS.search(words)]
    return named or [v for v, words in before if _CONCLUDES.search(words)][-1:]


def _final(text: str) -> str | None:
    matches = list(_FINAL.finditer(text))
    return matches[-1]["rest"] if matches else None


def _in_base(value: _Value, factor: float) -> float:
    return value.number * (measure(value.unit)[1] if value.unit is not None else factor)


def _values(text: str, kind: str | None) -> list[_Value]:
    markers = _markers(text)
    values = []
    for match in _VALUE.finditer(text):
        value = _value(match, text, kind)
        if value is not None:
            if any(a <= value.start < b for a, b in markers):
                value = replace(value, rank=2)
            elif _NAMED_THING.search(text[max(0, value.start - 14) : value.start]):
                value = replace(value, rank=1)
            values.append(value)
    for n in range(len(values) - 2, -1, -1):
        # "12 x 8 mm": both are millimetres
        value, following = values[n], values[n + 1]
        if value.unit is None and _SHARES_UNIT.match(text[value.end : following.start]):
            values[n] = replace(value, unit=following.unit)
    return values


def _value(match: re.Match[str], text: str, kind: str | None) -> _Value | None:
    unit, foreign, noun = match["unit"], match["foreign"], match["noun"]
    end = match.start("noun") if noun else match.end()
    if unit is None and foreign is None and _NEXT_LETTER.match(text, end):
        return None  # "2nd", "3D", "5x"
    word = match["number"].lower()
    if word == "one" and _ONE_AS_PRONOUN.match(text[end : end + 12]):
        return None
    number = _number(match["number"])
    if number is None:
        return None
    if match["minus"]:
        number = -number
    if unit is None and foreign is not None:
        unit = foreign.lower()
    elif unit is None and kind in MEASURED and noun and noun[1:].lower() not in _PLAIN:
        unit = noun[1:].lower()
    return _Value(number, unit, match.start("minus") if match["minus"] else match.start(), end)


def _markers(text: str) -> list[tuple[int, int]]:
    """Return the spans of list markers; a text of one line may be the number itself."""
    if ". " not in text and ") " not in text and ": " not in text:
        return []
    spans = [match.span() for match in _MARKER.finditer(text)]
    inline = list(_INLINE.finditer(text))
    if {"1", "2"} <= {m[1] for m in inline} or (spans and inline):
        spans += [match.span() for match in inline]
    return spans


def _usable(value: _Value, kind: str | None) -> bool:
    if value.unit is None:
        return True
    return kind is not None and measure(value.unit)[0] == kind


def _is_ambiguous(first: _Value, values: list[_Value], text: str, factor: float) -> bool:
    if _BOUND.search(text[max(0, first.start - 16) : first.start]):
        return True
    for other in values:
        after = other.start > first.start
        gap = text[first.end : other.start] if after else text[other.end : first.start]
        same = abs(_in_base(other, factor) - _in_base(first, factor)) < 1e-9
        if other is not first and other.rank < 2 and not same and _SEVERAL.match(gap):
            return True
    return False


def _number(text: str) -> float | None:
    word = text.lower().replace("-", " ").split()
    if word and word[0] in _WORDS:
        return sum(_WORDS[w] for w in word)
    text = text.replace("−", "-").translate(_SUPERSCRIPTS)
    text, _, below = text.partition("/")
    power = re.search(r"\s?[x×*·]\s?10\^?\{?([-+]?\d+)\}?$", text, re.IGNORECASE)
    if power:
        text = text[: power.start()]
    text = re.sub(r"[\s'’]", "", text)
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})+,\d+", text):
        text = text.replace(".", "")
    try:
        value = float(text.replace(",", ".")) * (10.0 ** int(power[1]) if power else 1.0)
        return value / float(below) if below else value
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
