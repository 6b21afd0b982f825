"""The longest common subsequence against a search over all sets of pairs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics.base import says
from pipeline.metrics.common_order import longest_common
from tests.pipeline.metrics.cases import LEXICON, claim

CLAIMS = st.builds(
    claim,
    st.sampled_from(("nodule", "effusion", "fracture")),
    st.booleans(),
    st.sampled_from((None, "left_lung", "right_lung")),
)


def exhaustive(expert, own):
    """Return the most pairs of equal claims of which no two cross each other."""
    pairs = [
        ((i, a), (j, b))
        for i, turn in enumerate(expert)
        for a, e in enumerate(turn)
        for j, answer in enumerate(own)
        for b, o in enumerate(answer)
        if says(o, e, LEXICON)
    ]

    def most(at, chosen):
        best = len(chosen)
        for n in range(at, len(pairs)):
            if best >= len(chosen) + len(pairs) - n:
                break
            if all(fits(pairs[n], other) for other in chosen):
                best = max(best, most(n + 1, [*chosen, pairs[n]]))
        return best

    return most(0, [])


def fits(one, other):
    (e, o), (f, p) = one, other
    return e != f and o != p and (e[0] - f[0]) * (o[0] - p[0]) >= 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CLAIMS, min_size=1, max_size=2), min_size=1, max_size=3),
    st.lists(st.lists(CLAIMS, max_size=3), max_size=4),
)
def test_it_is_the_best_of_all_ways_to_pair(expert, own):
    assert longest_common(expert, own, LEXICON) == exhaustive(expert, own)


def test_an_unsited_claim_leaves_the_sited_one_its_own():
    expert = [[claim("nodule", site="left_lung"), claim("nodule", site="right_lung")]]
    for own in ([claim("nodule"), expert[0][0]], [expert[0][0], claim("nodule")]):
        assert longest_common(expert, [own], LEXICON) == 2


def test_order_counts_between_turns_and_not_within_one():
    a, b = claim("nodule"), claim("effusion")
    assert longest_common([[a], [b]], [[b, a]], LEXICON) == 2
    assert longest_common([[a, b]], [[b], [a]], LEXICON) == 2
    assert longest_common([[a], [b]], [[b], [a]], LEXICON) == 1


def test_long_dialogues_of_one_claim_are_quick():
    many = [[claim("nodule")] + [claim("effusion")] * 3 for _ in range(15)]
    own = [[claim("effusion")] * 2 + [claim("nodule")] * 2 for _ in range(15)]
    assert longest_common(many, own, LEXICON) == 15 * 3
