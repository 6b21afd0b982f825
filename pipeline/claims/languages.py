"""Answer words of languages other than English: yes, no, doubt, refusal, "the answer is".

In: the start of an answer and its dialogue's BCP 47 language. Out: the answer word that opens it.
Words that mean one thing in any language ("Sí.", "Nein.", "是的") are read whatever the language;
what runs on into a sentence ("Kein Knoten", "No se observa") only in its own.
"""

import json
import re
from functools import cache
from importlib.resources import files

from pipeline.claims.triggers import has_cues
from pipeline.dataset.lexicon import Lexicon

_OPENS = r"[\s*_#>`\"'“”「『（(\[\-•…¡¿]{0,12}"
_SEPARATES = r"[\s*_\"'“”:：,，\-–—]{0,8}"
_CLOSES = r"(?=[\s*_\"'”」』）)]{0,6}(?:$|[.,;:!。，；：！、\n]))"
# Read whatever the language, where nothing runs on from it.
_ANY_LANGUAGE = {
    "uncertain": "不确定|不清楚|可能|无法(?:确定|判断)|불확실합니다|わかりません|quizás?|talvez|"
    "peut-être|vielleicht|forse",
    "no": "nein|n[ãa]o|non|没有|沒有|否|无|無|不是|未见|아니요|아니오|아닙니다|없습니다|いいえ|"
    "ありません|なし",
    "yes": "s[ií]|sim|oui|ja|jawohl|sì|是的|是|有|对|正确|예|네|맞습니다|はい|あります",
}
_LATIN = re.compile(
    rf"{_OPENS}(?:(?i:nein|nao|non|si|sim|oui|ja|jawohl|quizas?|talvez|vielleicht|forse)\b"
    r"|(?i:la|die|das|a|ma|meine?|respuesta|resposta|antwort|reponse|risposta|fazit|donc|quindi|por|"
    r"portanto|daher|also|somit|folglich)\s)"
)
_MAX_SPOKEN = 64
_NAMES = ("respuesta", "resposta", "antwort", "risposta", "reponse", "fazit", "donc", "quindi")
# Scripts without spaces between words: an answer word need not end at a word border.
_UNSPACED = ("zh", "ja", "ko")


def base_language(tag: str) -> str:
    """Return the language of a BCP 47 tag, without its region or script ("pt-BR" is "pt")."""
    return tag.replace("_", "-").split("-", 1)[0].lower()


_spoken: dict[tuple[int, str], tuple[Lexicon, Lexicon | None]] = {}


def spoken_lexicon(lexicon: Lexicon, language: str) -> Lexicon | None:
    """Return the lexicon with its forms in a language; None where its claims cannot be read.

    That needs forms of the concepts in it and a table of its denials and hedges. Kept per lexicon;
    the cache holds the lexicon, so its identity stays its own.
    """
    code = base_language(language)
    if code == "en":
        return lexicon
    key = (id(lexicon), language)
    if key not in _spoken:
        while len(_spoken) >= _MAX_SPOKEN:
            _spoken.pop(next(iter(_spoken)), None)
        _spoken[key] = (lexicon, lexicon.in_language(language) if has_cues(code) else None)
    return _spoken[key][1]


def unread_reason(lexicon: Lexicon, language: str) -> str | None:
    """Return why claims in a language are not read; None where they are."""
    if spoken_lexicon(lexicon, language) is not None:
        return None
    return f"claims in language {language!r} are not read: the lexicon has no forms in it"


def foreign_lead(text: str, language: str) -> re.Match[str] | None:
    """Match the answer word of another language that opens a text; groups as in ``polarity``."""
    code = base_language(language)
    if code in _words() and (match := _opening(code).match(text)):
        return match
    if text.isascii() and not _LATIN.match(text):
        return None
    return _anywhere().match(text)


def foreign_conclusion(text: str) -> list[re.Match[str]]:
    """Find every yes or no that is named as the answer in another language."""
    return list(_concluding().finditer(text)) if may_name_answer(text) else []


def may_name_answer(text: str) -> bool:
    """Return whether a text could hold "the answer is" in another language, at little cost."""
    if not text.isascii():
        return True
    said = text.lower()
    return any(name in said for name in _NAMES)


@cache
def answer_names() -> str:
    """Return the wordings of "the answer is" in all languages, as one pattern."""
    return "|".join(words["answer"] for words in _words().values())


@cache
def refusals() -> re.Pattern[str]:
    """Return the openings of a refusal in all languages, as one pattern."""
    body = "|".join(words["refusal"] for words in _words().values())
    return re.compile(rf"{_OPENS}(?:{body})", re.IGNORECASE)


@cache
def _words() -> dict[str, dict[str, str]]:
    path = files("pipeline.claims").joinpath("answer_words.json")
    table: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return table


@cache
def _opening(code: str) -> re.Pattern[str]:
    words = _words()[code]
    border = "" if code in _UNSPACED else r"(?!\w)"
    return re.compile(
        rf"{_OPENS}(?:(?:{words['answer']}){_SEPARATES})?"
        rf"(?:(?P<uncertain>(?:{words['uncertain']}))|(?P<refusal>(?:{words['refusal']}))"
        rf"|(?P<no>(?:{words['no']}){border})|(?P<yes>(?:{words['yes']}){border}))",
        re.IGNORECASE,
    )


@cache
def _anywhere() -> re.Pattern[str]:
    body = "|".join(f"(?P<{kind}>(?:{words}){_CLOSES})" for kind, words in _ANY_LANGUAGE.items())
    return re.compile(rf"{_OPENS}(?:(?:{answer_names()}){_SEPARATES})?(?:{body})", re.IGNORECASE)


@cache
def _concluding() -> re.Pattern[str]:
    words = _ANY_LANGUAGE | {"no": _ANY_LANGUAGE["no"] + "|no"}
    body = "|".join(f"(?P<{kind}>(?:{forms}){_CLOSES})" for kind, forms in words.items())
    return re.compile(rf"(?:{answer_names()}){_SEPARATES}(?:{body})", re.IGNORECASE)
