import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.commands.ceiling import ceiling_lines
from pipeline.dataset.ceiling import reference_ceiling
from pipeline.dataset.open import open_dataset
from pipeline.stats.resample import Resampling

PLAN = Resampling(resamples=500, confidence=0.95, seed=1)


def panel(rng, n_clusters=400, turns=5):
    """Turns whose agreement is 0.82 on average and alike within a cluster."""
    cluster = np.repeat(np.arange(n_clusters), turns)
    ease = rng.beta(8.2, 1.8, n_clusters)[cluster]
    return [f"c{c}" for c in cluster], np.clip(ease + rng.normal(0, 0.02, len(cluster)), 0, 1)


def test_human_level_is_what_a_simulated_annotator_scores():
    rng = np.random.default_rng(2)
    clusters, share = panel(rng)
    found = reference_ceiling(clusters, list(share), PLAN)
    scores = (rng.random((2000, len(share))) < share).mean(axis=1)
    assert found.human_level.value == pytest.approx(scores.mean(), abs=0.001)
    assert found.human_level.value == pytest.approx(0.82, abs=0.02)
    assert found.human_level.low < found.human_level.value < found.human_level.high


def test_two_simulated_annotators_differ_by_more_in_one_case_of_twenty():
    rng = np.random.default_rng(3)
    clusters, share = panel(rng)
    found = reference_ceiling(clusters, list(share), PLAN)
    one, two = (rng.random((2, 2000, len(share))) < share).mean(axis=2)
    assert np.mean(np.abs(one - two) > found.smallest_difference) == pytest.approx(0.05, abs=0.02)


def test_two_annotators_agree_between_the_two_bounds():
    """On a three-way question whose dissenters split evenly the rate lies between the bounds."""
    rng = np.random.default_rng(4)
    clusters, share = panel(rng)
    found = reference_ceiling(clusters, list(share), PLAN)
    dissent = 1.0 - share
    three_way = np.mean(share**2 + 2 * (dissent / 2) ** 2)
    assert found.between_annotators.value < three_way < found.between_annotators_most.value
    assert found.between_annotators_most.value == pytest.approx(np.mean(share**2 + dissent**2))


def test_differences_below_the_annotators_own_do_not_separate_models():
    rng = np.random.default_rng(5)
    clusters, share = panel(rng)
    found = reference_ceiling(clusters, list(share), PLAN)
    step = found.smallest_difference
    assert found.separates(0.5, 0.5 + 1.5 * step)
    assert not found.separates(0.5, 0.5 + 0.5 * step)
    assert found.separates(0.5, 0.95)
    assert not found.separates(0.9, 0.95)


def test_full_agreement_allows_a_perfect_score_and_any_difference_counts():
    found = reference_ceiling(["a", "b", "c"], [1.0, 1.0, 1.0], PLAN)
    assert found.human_level.value == 1.0
    assert found.smallest_difference == 0.0
    assert found.human_level.low > 0.4
    assert found.separates(0.40, 0.41)


def test_unmeasured_turns_are_counted_and_left_out():
    found = reference_ceiling(["a", "a", "b"], [0.5, None, 1.0], PLAN)
    assert (found.n_turns, found.n_unknown, found.human_level.value) == (2, 1, 0.75)
    none = reference_ceiling(["a"], [None], PLAN)
    assert (none.human_level.value, none.smallest_difference) == (None, None)
    assert none.separates(0.1, 0.9) is None
    assert none.human_level.reason == "no turn has an agreement"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1)), min_size=1, max_size=40))
def test_the_bounds_are_ordered_and_the_order_of_turns_changes_nothing(turns):
    clusters, share = [c for c, _ in turns], [a for _, a in turns]
    found = reference_ceiling(clusters, share, PLAN)
    assert found.between_annotators.value <= found.human_level.value + 1e-12
    assert found.between_annotators.value <= found.between_annotators_most.value + 1e-12
    turned = reference_ceiling(clusters[::-1], share[::-1], PLAN)
    assert turned.human_level == found.human_level


def test_impossible_agreements_are_refused():
    with pytest.raises(ValueError, match="outside"):
        reference_ceiling(["a"], [1.2], PLAN)
    with pytest.raises(ValueError, match="2 clusters for 1 agreements"):
        reference_ceiling(["a", "b"], [1.0], PLAN)


def test_the_command_tells_the_ceiling_of_a_dataset(phantom, capsys):
    assert main(["ceiling", str(phantom)]) == 0
    counted, human, least, most, difference = capsys.readouterr().out.splitlines()
    turns = [t for d in open_dataset(str(phantom)).dialogues().to_pylist() for t in d["turns"]]
    assert counted == f"turns with an agreement: {len(turns)}, without: 0"
    mean = 100 * sum(t["agreement"] for t in turns) / len(turns)
    assert human.startswith(f"human level: {mean:.1f} (")
    values = [float(line.split(": ")[1].split()[0]) for line in (human, least, most)]
    assert values[1] < values[2] < values[0]
    assert difference.endswith("points")


def test_a_ceiling_that_is_not_known_is_told_with_its_reason():
    lines = ceiling_lines(reference_ceiling(["a"], [None], PLAN))
    assert lines[1] == "human level: undefined: no turn has an agreement"
    assert lines[-1].endswith("undefined")
