"""Scores to the summary: what is withheld, and what every value has beside it."""

import pandas as pd
import pytest

from conf.schema import ScoringConfig
from pipeline.reduce import reduce_scores
from pipeline.tables.schemas import GROUP_COLUMNS

GOOD = {"turn_accuracy": 1.0, "visual_consistency": 1.0, "reasoning_coherence": 1.0}


def scores(n, coverage, specialty="radiology"):
    rows = [
        {"dialogue_id": f"{specialty}{i}", "metric": metric, "numerator": value}
        for i in range(n)
        for metric, value in {**GOOD, "hallucination_rate": 0.0, "claim_coverage": coverage}.items()
    ]
    groups = dict.fromkeys(GROUP_COLUMNS, "x") | {"specialty": specialty}
    frame = pd.DataFrame(rows).assign(denominator=1.0, status="scored", reason=None, **groups)
    return frame.assign(patient_id=frame["dialogue_id"])


def reduced(*frames):
    table = reduce_scores(pd.concat(frames), ScoringConfig(resamples=50))
    return {(r["group_kind"], r["group"], r["metric"]): r for r in table.to_pylist()}


@pytest.mark.parametrize(("coverage", "known"), [(0.49, False), (0.5, True), (1.0, True)])
def test_below_half_coverage_there_is_no_hallucination_rate_and_no_overall(coverage, known):
    found = reduced(scores(30, coverage))
    for metric in ("hallucination_rate", "overall"):
        row = found["overall", "all", metric]
        assert (row["value"] is not None, row["ci_low"] is not None) == (known, known)
        assert ("under half" in (row["reason"] or "")) != known
    assert found["overall", "all", "turn_accuracy"]["value"] == 1.0


def test_coverage_is_that_of_the_group():
    found = reduced(scores(30, 0.2), scores(60, 0.9, "pathology"))
    assert found["overall", "all", "overall"]["value"] == 1.0
    assert found["specialty", "pathology", "overall"]["value"] == 1.0
    assert found["specialty", "radiology", "overall"]["value"] is None


def test_every_value_has_an_interval_its_clusters_and_flags():
    found = reduced(scores(12, 1.0))
    for row in found.values():
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert row["ci_low"] < row["ci_high"]
        assert row["n_clusters"] == 12
        assert row["flags"] == ["few_clusters", "score_interval"]
