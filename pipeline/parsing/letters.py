"""Letters of a choice named in free text.

In: the final answer of a turn, without emphasis, and the options. Out: the letters that it names,
from the most explicit wording that names any.
"""

import re
from collections.abc import Iterable

from pipeline.claims.languages import answer_names, may_name_answer
from pipeline.parsing.options import LETTERS, is_denied, option_text, plain

# A letter after one of these words is an answer; "A" and "I" before a word are not letters.
_AFTER = r"(?!\w|['’-]\w)"
_LETTER = (
    rf"[\s(\[{{'‘]{{0,4}}(?:(?P<letter>[B-HJ-Z]){_AFTER}"
    r"|(?P<quoted>(?<=['‘])[AI](?=['’]))"
    r"|(?P<vowel>[AI])(?=\s{0,3}(?:[.,;:!)\]}'’\n–—-]|$)|\s{1,3}(?:because|since|or|which|as|"
    r"and)\b)"
    r"|(?P<capital>(?-i:[AI]))(?=\s{1,3}(?-i:[A-Z(])))"
)
_EXPLICIT = re.compile(
    r"\b(?:answer|ans|choice|letter|selection|response|output|prediction|verdict|response|"
    r"output|prediction|verdict|(?:my )?pick|correct|select(?:ed|ion)|"
    r"best (?:option|choice|answer)|"
    r"correct (?:option|choice|answer)|solution)\.?"
    r"(?:\s(?:to|for) (?:the|your|this)(?: \w{1,12})? question)?"
    r"\s{0,3}(?:is|are|would be|should be|must be|would have to be)?"
    r"\s{0,3}[:=-]?\s{0,3}(?:(?:clearly|therefore|thus|definitely|most likely|likely)\s)?"
    r"(?:(?:option|choice|letter|answer)\s{0,3}:?\s{0,3})?" + _LETTER,
    re.IGNORECASE,
)
_ANSWER_CUES = (
    "ans",
    "choice",
    "letter",
    "selec",
    "pick",
    "respon",
    "output",
    "predict",
    "verdict",
    "correct",
    "best",
    "option",
    "solution",
)
_CORRECT = re.compile(
    r"(?:^|[\s(\[])(?P<letter>[A-Z])[)\].:]{0,2}\s{1,3}(?:is|would be|seems|looks|appears|must be)"
    r"\s(?:to be\s)?(?:(?:the|clearly|definitely|most|more|single|probably|therefore|my)\s){0,3}"
    r"(?:correct|right|best|true|likely|appropriate|accurate|answer|consistent|choice|one|"
    r"probable)\b"
)
_OPTION = re.compile(
    rf"\b(?:option|choice|alternative|opción|opcion|alternativa|letra|option)\s{{0,3}}:?"
    rf"[\s(\[]{{0,4}}(?P<letter>[A-Z]){_AFTER}",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"\b(?:[Ss]o|[Tt]herefore|[Tt]hus|[Hh]ence|[Ii]t is|[Ii]t's|is|be|[Cc]hoose|[Pp]ick|[Ss]elect|"
    r"go with|chose|think|believe|say|[Ii]t must be|conclude|[Cc]onclusion|favou?r)"
    r"[,:]?(?: (?:it is|it's|the answer is|option))?[\s(\[]{1,4}(?P<letter>[A-Z])"
    r"(?=[)\]]?\s{0,3}(?:[.,;:!\n]|$|[–—-]\s|\(|(?:because|since|as|given)\b))"
)
_ENUMERATED = re.compile(
    r"[(\[{](?P<wrapped>[A-Za-z])[)\]}]"  # (B)
    r"|(?:^|\n)[\s\-]{0,4}(?P<leading>[A-Za-z])[).:\]]"  # B) left   B. left
    r"|(?:^|\n)[\s\-]{0,4}(?P<dashed>[B-HJ-Z])\s{0,2}[-–—]\s"  # B - left
    r"|(?<![\w'’])(?P<closed>[A-Z])\)"  # ... B)
    r"|(?:^|\n)[\s\-]{0,4}(?P<opening>[B-HJ-Z])(?:, |,? (?:because|since|as)\b)"  # B, because
    r"|(?:^|\n)[\s\-]{0,4}(?P<scored>[A-Z])\s{0,2}\((?=confidence|certainty|score)"
    r"|(?:^|\n)[\s\-(\['‘]{0,4}(?:\d[.)] )?(?P<alone>[A-Za-z])[\s)\].,;!:'’。]{0,4}(?=\n|"
    r"$)"  # a line
    r"|[.;:] (?P<last>[B-HJ-Z])[.!]?\s*$"  # ...; C.
)
_ALSO = re.compile(
    r"[)\]]?\s{0,3}(?:or|and|/|&|,)\s{0,3}(?:option\s{0,3})?[(\[]?([A-Z])"
    r"(?=[)\]]?\s{0,3}(?:[.,;:!\n]|$))"
)
# "The answer is" in other languages, and the letter beside "option" or "correct" in Chinese.
_FOREIGN = re.compile(
    rf"(?:{answer_names()})[\s:：]{{0,4}}(?:(?:la |die |a |o |el )?"
    r"(?:opción|opcion|option|alternativa|letra|lettre|buchstabe|opzione|lettera|选项|選項)?)"
    rf"[\s:：(（「]{{0,4}}(?P<letter>[A-Z])(?![A-Za-z'’]|\.\w)"
    r"|(?:选项|選項|选择|選擇|应选|應選|故选|选)\s{0,3}[(（]?(?P<option>[A-Z])(?![A-Za-z])"
    r"|(?<![A-Za-z])(?P<correct>[A-Z])\s{0,2}(?:选项|選項)?(?:是|为)?最?"
    r"(?:正确|正確|对的|가 정답|이 정답|번)"
    r"|\b(?:Respuesta|Antwort|Réponse|Resposta|"
    r"Risposta)\s{0,3}:?\s{0,3}(?P<named>[A-Z])(?![\w'’])",
    re.IGNORECASE,
)
# What follows the genus of a binomial. An option that begins so is its own letter's text.
_GENUS = re.compile(r"\.\s?(?P<epithet>[a-z]{3,20})\b")
_EPITHETS_TEXT = (
    "abortus abscessus aeruginosa agalactiae albicans anthracis aureus auris avium baumannii "
    "botulinum burgdorferi burnetii canis capsulatum cereus cepacia cloacae coli dermatitidis "
    "difficile diphtheriae enterica epidermidis faecalis faecium falciparum felis fragilis "
    "freundii fumigatus gattii glabrata gondii gonorrhoeae granulosus haematobium henselae "
    "histolytica immitis influenzae intracellulare israelii jejuni jirovecii kansasii krusei "
    "lamblia leprae lumbricoides mallei mansoni marcescens marinum marneffei melitensis "
    "meningitidis mirabilis monocytogenes multilocularis neoformans pallidum parapsilosis "
    "perfringens pertussis pestis pneumoniae pneumophila psittaci pylori pyogenes rickettsii "
    "schenckii solium stercoralis subtilis tetani trachomatis trichiura tropicalis "
    "tuberculosis tularensis typhi ulcerans vermicularis vivax vulgaris xylosoxidans viridans "
    "bovis gallolyticus maltophilia oxytoca"
)
_EPITHETS = frozenset(_EPITHETS_TEXT.split())


def named_letters(text: str, choices: tuple[str, ...]) -> str:
    """Return the different letters that the most explicit wording names, sorted; "" for none."""
    letters = LETTERS[: len(choices)]
    named_as_answer = [_CORRECT]
    said = text.lower()
    if any(cue in said for cue in _ANSWER_CUES):
        named_as_answer.append(_EXPLICIT)
    if may_name_answer(text) or "opci" in said:
        named_as_answer.append(_FOREIGN)
    for patterns in (named_as_answer, (_CONCLUSION,), (_OPTION,), (_ENUMERATED,)):
        named = {
            letter
            for pattern in patterns
            for letter in _letters(pattern.finditer(text), text, choices)
            if letter in letters
        }
        if named:
            return "".join(sorted(named))
    return ""


def _letters(
    matches: Iterable[re.Match[str]], text: str, choices: tuple[str, ...]
) -> Iterable[str]:
    for match in matches:
        name = match.lastgroup or ""
        start, end = match.span(name)
        if not is_denied(text, start, end) and not _is_genus(match[name], text, end, choices):
            yield match[name].upper()
            also = _ALSO.match(text, end)
            if also is not None:
                yield also[1]


def _is_genus(letter: str, text: str, end: int, choices: tuple[str, ...]) -> bool:
    """Return whether the letter abbreviates a genus ("E. coli"), and does not name its option."""
    match = _GENUS.match(text, end)
    if match is None:
        return False
    n = LETTERS.find(letter.upper())
    if n < len(choices) and plain(option_text(choices[n])).startswith(match["epithet"]):
        return False
    binomial = plain(f"{letter}. {match['epithet']}")
    return match["epithet"] in _EPITHETS or any(binomial in plain(choice) for choice in choices)
