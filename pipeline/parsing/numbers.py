"""Measured values read from free text and converted to the unit of the gold answer.

In: the final answer of a turn (no reasoning, no region markup). Out: a value in the asked unit.
"""

import re
from dataclasses import dataclass, replace

# what is measured -> factor to its base unit -> names of the unit
_MEASURES: dict[str, dict[float, str]] = {
    "length": {
        1e-6: "nm nanometer nanometre",
        1e-3: "um µm μm micron micrometer micrometre",
        1.0: "mm millimeter millimetre",
        10.0: "cm centimeter centimetre",
        1000.0: "m meter metre",
        25.4: "inch",
    },
    "area": {1.0: "mm2 mm² mm^2", 100.0: "cm2 cm² cm^2"},
    "volume": {1.0: "mm3 mm³ mm^3", 1000.0: "cm3 cm³ cm^3 ml milliliter millilitre cc"},
    "share": {1.0: "% percent"},
    "angle": {1.0: "° degree deg"},
    "attenuation": {1.0: "hu"},
}
_UNITS = {
    name: (kind, factor)
    for kind, factors in _MEASURES.items()
    for factor, names in factors.items()
    for name in names.split()
}
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: float(n) for n, word in enumerate(_ONES)}
_WORDS |= {word: 10.0 * n for n, word in enumerate(_TENS, start=2)}
_WORDS |= {"none": 0.0, "hundred": 100.0}

_DIGITS = (
    r"(?<![\w.,/])(?<![A-Za-z]-)[-+−]?"
    r"(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,12})?|\d{1,15}(?:[.,]\d{1,12})?|\.\d{1,12})"
    r"(?:/\d{1,6})?(?![\d/])"
)
_SPELLED = (
    rf"\b(?:(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_ONES[1:10])})|{'|'.join(_WORDS)})(?![\w-])"
)
_UNIT = "|".join(
    re.escape(u) + ("e?s?" if u.isalpha() and len(u) > 3 else "")
    for u in sorted(_UNITS, key=len, reverse=True)
)
_VALUE = re.compile(
    rf"(?P<number>{_DIGITS}|{_SPELLED})(?:[\s-]{{0,2}}(?P<unit>{_UNIT})(?![\w²³^]))?",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"^\s{0,3}(?:,|-|–|—|to\b|or\b|and\b|through\b)\s{0,3}$", re.IGNORECASE)
_BOUND = re.compile(
    r"(?:[<>≤≥]=?|\b(?:less|more|greater|fewer|smaller|larger) than|\bat (?:least|most)|"
    r"\bup to|\bover|\bunder|\bbelow|\babove)\s{0,3}$",
    re.IGNORECASE,
)
_ONE_AS_PRONOUN = re.compile(r"^\s{1,3}(?:of|can|could|may|might|would|should|must|is|was)\b")
_NEXT_LETTER = re.compile(r"(?!x\s?\d)[A-Za-z]")
_SHARES_UNIT = re.compile(
    r"^\s{0,3}(?:-|–|—|x|×|±|\+/-|by\b|to\b|or\b|and\b)\s{0,3}$", re.IGNORECASE
)
_NO_SUCH = re.compile(
    r"^\W{0,8}(?:there (?:is|are) )?no (?!idea|doubt|change|answer)\w", re.IGNORECASE
)
_GOLD = re.compile(r"^\s*(?P<number>[-+−]?[\d.,/]+)\s*(?P<unit>.*?)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Value:
    number: float
    unit: str | None
    start: int
    end: int


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
    """Read the first value that can be given in ``unit``.

    Values are digits ("12", "1.5", "1,200", "1,5", "3/4") or words up to ninety-nine. Where a
    unit is asked, a value with a unit of the same kind comes before one without any, and lengths,
    areas and volumes are converted; where none is asked, values that carry a unit are passed
    over, and "no nodules" is 0. A range, alternatives and bounds ("5-7 mm", "5 or 6", "at least
    5") are several answers, hence None. Numbers inside of names ("T2", "2nd") are none.
    """
    kind, factor = _measure(unit)
    values = [v for v in _values(text) if _usable(v, kind)]
    with_unit = [v for v in values if v.unit is not None]
    candidates = with_unit or values
    if not candidates:
        return 0.0 if kind not in _MEASURES and _NO_SUCH.match(text) else None
    first = candidates[0]
    if _is_ambiguous(first, values, text):
        return None
    scale = _measure(first.unit)[1] if first.unit is not None else factor
    return first.number * scale / factor


def _values(text: str) -> list[_Value]:
    values = []
    for match in _VALUE.finditer(text):
        unit, end = match["unit"], match.end()
        if unit is None and _NEXT_LETTER.match(text, end):
            continue  # "2nd", "3D", "5x"
        if match["number"].lower() == "one" and _ONE_AS_PRONOUN.match(text[end : end + 12]):
            continue
        number = _number(match["number"])
        if number is not None:
            values.append(_Value(number, unit, match.start(), end))
    for n in range(len(values) - 2, -1, -1):
        # "12 x 8 mm": both are millimetres
        value, following = values[n], values[n + 1]
        if value.unit is None and _SHARES_UNIT.match(text[value.end : following.start]):
            values[n] = replace(value, unit=following.unit)
    return values


def _usable(value: _Value, kind: str | None) -> bool:
    return value.unit is None or (kind is not None and _measure(value.unit)[0] == kind)


def _is_ambiguous(first: _Value, values: list[_Value], text: str) -> bool:
    if _BOUND.search(text[max(0, first.start - 14) : first.start]):
        return True
    for other in values:
        after = other.start > first.start
        gap = text[first.end : other.start] if after else text[other.end : first.start]
        if other is not first and other.number != first.number and _SEVERAL.match(gap):
            return True
    return False


def _measure(unit: str | None) -> tuple[str | None, float]:
    """Return what a unit measures and its factor; an unknown unit measures only itself."""
    if unit is None:
        return None, 1.0
    name = " ".join(unit.lower().split()).rstrip(".")
    for form in (name, name.removesuffix("s"), name.removesuffix("es")):
        if form in _UNITS:
            return _UNITS[form]
    return name, 1.0


def _number(text: str) -> float | None:
    word = text.lower().replace("-", " ").split()
    if word and word[0] in _WORDS:
        return sum(_WORDS[w] for w in word)
    text = text.replace("−", "-")
    whole, _, below = text.partition("/")
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", whole):
        whole = whole.replace(",", "")
    try:
        value = float(whole.replace(",", "."))
        return value / float(below) if below else value
    except (ValueError, ZeroDivisionError):
        return None
