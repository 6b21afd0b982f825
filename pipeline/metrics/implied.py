"""What an answer claims by its yes, no or letter alone.

In: a turn, the answer as parsed, and what the text asserts in words. Out: further assertions,
without a place in the text.
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.schema import Claim, Turn
from pipeline.claims import Assertion, extract_assertions
from pipeline.dataset.lexicon import Lexicon

_MAX_KEPT = 4096
_NOWHERE = -1  # start and end of an assertion that no words of the text make


def implied_claims(
    turn: Turn, answer: str | None, stated: Sequence[Assertion], lexicon: Lexicon
) -> tuple[Assertion, ...]:
    """Return the claims of a letter's option, or that of a yes or no about what is asked.

    A yes or no adds nothing where the text speaks about the asked concept itself.
    """
    if turn.answer_type == "choice" and answer is not None:
        return _of_option(turn.choices[ord(answer) - ord("A")], turn.asks, lexicon)
    if turn.answer_type != "boolean" or answer not in ("yes", "no") or turn.asks is None:
        return ()
    if turn.asks not in lexicon.concepts or any(a.claim.concept == turn.asks for a in stated):
        return ()
    claim = Claim(concept=turn.asks, present=answer == "yes")
    return (
        Assertion(claim=claim, certainty="certain", start=_NOWHERE, end=_NOWHERE, revised=False),
    )


_kept: dict[tuple[int, str, str | None], tuple[Lexicon, tuple[Assertion, ...]]] = {}


def _of_option(option: str, asks: str | None, lexicon: Lexicon) -> tuple[Assertion, ...]:
    """Return what an option asserts; the cache holds the lexicon, so its identity stays its own."""
    key = (id(lexicon), option, asks)
    if key not in _kept:
        while len(_kept) >= _MAX_KEPT:
            _kept.pop(next(iter(_kept)), None)
        asserted = extract_assertions(option, lexicon, asks)
        placeless = tuple(replace(a, start=_NOWHERE, end=_NOWHERE) for a in asserted)
        _kept[key] = (lexicon, placeless)
    return _kept[key][1]
