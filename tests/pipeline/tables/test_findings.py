"""Findings counted by concept, specialty and size, by hand."""

import pandas as pd
import pytest

from pipeline.tables.findings import missed_critical, summarise_findings


def rows(*outcomes, concept="nodule", specialty="radiology", size="small", severity=None):
    """Return one row per outcome, each of a patient of its own."""
    frame = pd.DataFrame({"outcome": outcomes}).assign(concept=concept, specialty=specialty)
    frame["dialogue_id"] = [f"{concept}-{specialty}-{size}-{n}" for n in range(len(frame))]
    frame["present"] = frame["outcome"].isin(("tp", "fn"))
    frame["size"] = [size if p else "unknown" for p in frame["present"]]
    return frame.assign(patient_id=frame["dialogue_id"], site=None, severity=severity)


def summary(frame):
    table = summarise_findings(frame, 0.95).to_pylist()
    return {(r["specialty"], r["size"], r["concept"]): r for r in table}


def test_counts_and_rates_by_hand():
    frame = rows(*["tp"] * 6, *["fn"] * 2, *["fp"] * 3, *["tn"] * 9)
    silent = rows("not_mentioned", "uncertain", concept="nodule").assign(present=True)
    silent["dialogue_id"] = silent["patient_id"] = ["s1", "s2"]
    row = summary(pd.concat([frame, silent]))["all", "all", "nodule"]
    counts = ("tp", "fn", "fp", "tn", "uncertain", "not_mentioned", "n_present", "n_absent")
    assert [row[c] for c in counts] == [6, 2, 3, 9, 1, 1, 10, 12]
    assert row["sensitivity"] == 6 / 8
    assert row["specificity"] == 9 / 12
    assert row["ppv"] == 6 / 9
    assert row["npv"] == 9 / 11
    assert row["found"] == 6 / 10
    for rate in ("sensitivity", "specificity", "ppv", "npv", "found"):
        assert row[f"{rate}_low"] < row[rate] < row[f"{rate}_high"]


def test_groups_are_specialties_sizes_and_everything():
    frame = pd.concat(
        [
            rows("tp", "tn"),
            rows("fn", size="large"),
            rows("tp", "fp", concept="polyp", specialty="endoscopy"),
        ]
    )
    found = summary(frame)
    assert found["radiology", "all", "nodule"]["sensitivity"] == 1 / 2
    assert found["all", "small", "nodule"]["sensitivity"] == 1
    assert found["all", "large", "nodule"]["sensitivity"] == 0
    assert found["all", "small", "nodule"]["specificity"] is None
    assert found["all", "all", "all"]["n_present"] == 3
    assert ("endoscopy", "all", "nodule") not in found


def test_rates_of_nothing_are_null():
    row = summary(rows("tn"))["all", "all", "nodule"]
    assert (row["sensitivity"], row["sensitivity_low"], row["ppv"]) == (None, None, None)
    assert row["specificity"] == 1
    assert row["specificity_low"] < 1


def test_intervals_are_over_patients():
    frame = rows(*["tp"] * 30, *["fn"] * 10)
    few = frame.assign(patient_id=[f"p{n % 8}" for n in range(len(frame))])
    one, other = (summary(f)["all", "all", "nodule"] for f in (frame, few))
    assert one["sensitivity"] == other["sensitivity"]
    assert (one["n_clusters"], other["n_clusters"]) == (40, 8)


@pytest.mark.parametrize(("severity", "listed"), [("critical", 2), ("major", 0), (None, 0)])
def test_critical_findings_that_were_not_found_are_listed(severity, listed):
    frame = rows("tp", "fn", "fp", severity=severity)
    silent = rows("not_mentioned", severity=severity).assign(present=True, dialogue_id="s")
    missed = missed_critical(pd.concat([frame, silent])).to_pylist()
    assert len(missed) == listed
    assert all(row["outcome"] != "tp" for row in missed)
