from dataclasses import replace

import pandas as pd
import pytest

from conf.errors import BadInput
from conf.schema import ARTICLE_WEIGHTS, METRICS
from pipeline.leaderboard.published import PUBLISHED
from pipeline.report.analysis.analyse import values
from pipeline.report.analysis.comparison import compare, flips
from pipeline.report.analysis.effort import effort, read_turns
from pipeline.report.analysis.flow import flow
from pipeline.report.analysis.groups import group_rows
from pipeline.report.analysis.sensitivity import sensitivity
from pipeline.report.inputs import distinct, load_run
from pipeline.stats.composite import OVERALL


def turn_scores(rights: dict[str, list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {"dialogue_id": d, "metric": f"turn_accuracy@{n}", "numerator": score, "denominator": 1.0}
        for d, scores in rights.items()
        for n, score in enumerate(scores, start=1)
    )


def test_flips_count_turns_and_name_their_dialogues():
    this = turn_scores({"a": [1, 0, 1], "b": [0.5, 0.4]})
    other = turn_scores({"a": [0, 0, 1], "b": [1, 1]})
    found = flips(this, other)
    assert (found.both, found.neither, found.only_this, found.only_other) == (2, 1, 1, 1)
    assert found.gained == {"a": 1}
    assert found.lost == {"b": 1}


def test_flow_adds_up(runs):
    data = load_run(runs[0])
    found = flow(data, read_turns(data))
    assert found.turns_failed == found.dialogues_failed == 9
    assert found.turns_answered == found.turns - 9
    assert found.errors == (("EngineError: out of <memory>", 9),)
    for one in found.measured:
        assert one.scored + one.unscored == found.dialogues == 90
        assert sum(n for _, n in one.reasons) == one.unscored


def test_effort_adds_up_tokens_and_cache_hits(runs):
    data = load_run(runs[0])
    turns = read_turns(data)
    found = effort(data, turns)
    assert found.prompt_tokens == 100 * len(turns)
    assert found.cache_hits == pytest.approx(0.4)
    assert found.latency_median == 0.25
    assert found.gpu_hours is None  # the demo leaves GPUs per actor open
    assert found.seconds is None  # no pass was recorded


def test_a_difference_is_this_run_less_the_other_with_the_rate_turned(runs):
    this, other = load_run(runs[0]), load_run(runs[1])
    found = compare(this, other).differences
    mine, theirs = values(this), values(other)
    for metric in METRICS:
        sign = -1 if metric == "hallucination_rate" else 1
        expected = sign * (mine[metric] - theirs[metric])
        assert found["overall", "all", metric].difference == pytest.approx(expected)
    assert found["overall", "all", OVERALL].difference > 0


def test_runs_on_other_dialogues_are_not_compared(runs):
    this, other = load_run(runs[0]), load_run(runs[1])
    first = this.scores["dialogue_id"].iloc[0]
    this = replace(this, scores=this.scores[this.scores["dialogue_id"] != first])
    with pytest.raises(BadInput, match="do not cover the same dialogues"):
        compare(this, other)


def test_runs_of_one_name_get_distinct_labels(runs):
    labels = [run.label for run in distinct([load_run(runs[0])] * 2 + [load_run(runs[1])])]
    assert len(set(labels)) == 3
    assert labels[2] == "second"


def test_patients_are_counted_by_group_and_turn(runs):
    data = load_run(runs[0])
    found = group_rows(data, suppress_small=False)
    scores = data.scores
    for name in found.names("specialty"):
        mine = scores[scores["specialty"] == name]
        assert found.patients["specialty", name] == mine["patient_id"].nunique()
    assert found.names("turn_index")[:3] == ["1", "2", "3"]
    assert found.patients["turn_index", "1"] == found.patients["overall", "all"]


def test_ranks_change_where_the_order_hangs_on_a_weight():
    grounded = {"turn_accuracy": 0.4, "visual_consistency": 0.9, "reasoning_coherence": 0.5}
    talker = {"turn_accuracy": 0.9, "visual_consistency": 0.3, "reasoning_coherence": 0.5}
    runs = [run | {"hallucination_rate": 0.2} for run in (grounded, talker)]
    found = sensitivity(runs, ARTICLE_WEIGHTS)
    assert found.rank_changes
    assert found.first is not None
    assert sum(found.first) == pytest.approx(1)
    assert 0.3 < found.first[0] < 0.7
    assert found.lowest == (0.4, 0.3)
    assert found.highest == (0.9, 0.9)
    for one in found.weighings:
        assert sum(one.weights.values()) == pytest.approx(1)


def test_a_better_run_stays_first_whatever_the_weights():
    better = dict.fromkeys(METRICS, 0.8) | {"hallucination_rate": 0.1}
    worse = dict.fromkeys(METRICS, 0.5) | {"hallucination_rate": 0.3}
    found = sensitivity([worse, better], ARTICLE_WEIGHTS)
    assert not found.rank_changes
    assert found.first == (0.0, 1.0)


def test_an_undefined_measure_leaves_no_share_of_first_places():
    run = dict.fromkeys(METRICS, 0.5)
    found = sensitivity([run, run | {"visual_consistency": None}], ARTICLE_WEIGHTS)
    assert found.first is None
    assert found.weighings[0].overall[1] is None


def test_implied_coherence_reproduces_the_published_overall_scores():
    whole = [one for one in PUBLISHED if one.implied_reasoning_coherence is not None]
    assert len(whole) == 4
    for one in whole:
        overall = (
            0.30 * one.turn_accuracy
            + 0.25 * one.visual_consistency
            + 0.25 * one.implied_reasoning_coherence
            + 0.20 * (100 - one.hallucination_rate)
        )
        assert overall == pytest.approx(one.overall, abs=0.05)
