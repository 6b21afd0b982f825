"""Short free answers ("right hemisphere") against the accepted ones.

In: the model's final text and the accepted answers. Out: whether one is met, and the token F1, as
papers on visual question answering report them (SQuAD's normalisation: case, punctuation and
articles are dropped; Rajpurkar et al. 2016). Chinese, Japanese and Korean are taken by character.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_ARTICLES = frozenset({"a", "an", "the"})
_CJK = "぀-ヿ㐀-䶿一-鿿가-힣"
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}_])\w)+(?:\.\d+)?")
_LABEL = re.compile(r"\s*(?:(?:final )?answer|答案)\s*(?:is\b|[:：])\s*", re.IGNORECASE)


def phrase_tokens(text: str) -> tuple[str, ...]:
    """Return the words of a phrase without case, punctuation and articles."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    label = _LABEL.match(plain)
    tokens = _TOKEN.findall(plain[label.end() :] if label else plain)
    return tuple(t for t in tokens if t not in _ARTICLES) or tuple(tokens)


def phrase_matches(text: str, accepted: Iterable[str]) -> bool:
    """Return whether the text is one of the accepted answers after normalisation."""
    tokens = phrase_tokens(text)
    return bool(tokens) and any(tokens == phrase_tokens(answer) for answer in accepted)


def token_f1(text: str, accepted: Iterable[str]) -> float:
    """Return the best F1 of shared tokens with an accepted answer, 0 to 1."""
    own = Counter(phrase_tokens(text))
    return max((_f1(own, Counter(phrase_tokens(answer))) for answer in accepted), default=0.0)


def _f1(own: Counter[str], gold: Counter[str]) -> float:
    shared = (own & gold).total()
    total = own.total() + gold.total()
    return 2 * shared / total if total else 0.0
