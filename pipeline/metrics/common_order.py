"""The longest common subsequence of two lines of claims, each a row of turns.

In: the expert's claims and the model's, by turn. Out: how many of the expert's the model says in
order. The order that counts is that from turn to turn; within one turn it is free on both sides,
and of several ways to match equal claims the best one counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, combinations, islice

from actors.schema import Claim
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import says

_MAX_TRIED = 256  # ways at each step; only dozens of ambiguous claims have more
_Said = list[int]  # one turn of the model: the expert claims that each of its claims says, as bits


def longest_common(
    expert: Sequence[Sequence[Claim]], own: Sequence[Sequence[Claim]], lexicon: Lexicon
) -> int:
    """Return the length of the longest common subsequence."""
    flat = [claim for turn in expert for claim in turn]
    said = [[m for c in claims if (m := _mask(c, flat, lexicon))] for claims in own]
    said = [turn for turn in said if turn]
    ever = 0
    for turn in said:
        for mask in turn:
            ever |= mask
    ends = accumulate(len(turn) for turn in expert)
    below = [0, *((1 << end) - 1 for end in ends)]
    spans = [here for n in range(len(expert)) if (here := (below[n + 1] & ~below[n]) & ever)]
    straight = _straight(said, spans)
    if straight == ever.bit_count():
        return straight
    at_most = _matching([mask for turn in said for mask in turn], ever)
    return straight if straight == at_most else _search(said, spans)


def _mask(claim: Claim, flat: Sequence[Claim], lexicon: Lexicon) -> int:
    return sum(1 << i for i, e in enumerate(flat) if says(claim, e, lexicon))


def _straight(said: Sequence[_Said], spans: Sequence[int]) -> int:
    """Return the length that taking each claim at its first chance gives: often all there is."""
    open_bits, length = sum(spans), 0
    for turn in said:
        taken = 0
        for mask in turn:
            bit = mask & open_bits & ~taken
            taken |= bit & -bit
        length += taken.bit_count()
        open_bits &= ~taken
        for span in spans:
            if taken & span:  # what lies before a turn that was touched is passed
                open_bits &= ~((span & -span) - 1)
    return length


def _search(said: Sequence[_Said], spans: Sequence[int]) -> int:
    """Try every way to cut the expert's line at the turns of the model.

    A state is what has been used or passed of the expert's claims, as bits; a turn of the model
    moves it on by a maximum matching with the claims in between.
    """
    masks = [mask for turn in said for mask in turn]
    # Claims that the same claims of the model say are alike, whichever of them is taken.
    alike = {
        bit: sum(1 << n for n, mask in enumerate(masks) if mask & bit)
        for span in spans
        for bit in _bits(span)
    }
    best = {0: 0}
    for turn in said:
        reachable = 0
        for mask in turn:
            reachable |= mask
        after = dict(best)
        for gone, length in best.items():
            before = 0
            for span in spans:
                if not gone & ~(before | span):  # else the line is further on than this turn
                    here = span & reachable & ~gone
                    for taken, gained in _taken(turn, before & ~gone, here, alike):
                        state = gone | before | taken
                        after[state] = max(after.get(state, 0), length + gained)
                before |= span
        best = _undominated(after)
    return max(best.values())


def _taken(
    turn: _Said, before: int, here: int, alike: Mapping[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield which claims of the turn reached a maximum matching may take, and its size.

    As many as it can: one left for later gains no more than one taken now.
    """
    most = _matching(turn, before | here)
    number = most - _matching(turn, before)
    tried = set()
    for chosen in islice(combinations(_bits(here), number), _MAX_TRIED):
        kind = tuple(sorted(alike[bit] for bit in chosen))
        if kind not in tried and _matching(turn, before | sum(chosen)) == most:
            yield sum(chosen), most
        tried.add(kind)


def _bits(mask: int) -> list[int]:
    return [1 << i for i in range(mask.bit_length()) if mask >> i & 1]


def _undominated(states: dict[int, int]) -> dict[int, int]:
    """Drop each state that another one matches at least as well with less of the line gone."""
    kept: dict[int, int] = {}
    for gone, length in sorted(states.items(), key=lambda item: (-item[1], item[0].bit_count())):
        if not any(k & ~gone == 0 for k in kept):
            kept[gone] = length
        if len(kept) == _MAX_TRIED:
            break
    return kept


def _matching(said: _Said, free: int) -> int:
    """Return the size of a maximum matching of the model's claims and the free expert claims.

    Augmenting paths (Kuhn 1955, Naval Research Logistics Quarterly 2:83).
    """
    owner: dict[int, int] = {}

    def place(own: int, tried: set[int]) -> bool:
        options = said[own] & free
        while options:
            bit = options & -options
            options ^= bit
            if bit in tried:
                continue
            tried.add(bit)
            if bit not in owner or place(owner[bit], tried):
                owner[bit] = own
                return True
        return False

    return sum(place(own, set()) for own in range(len(said)))
