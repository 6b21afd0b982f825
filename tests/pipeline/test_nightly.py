from dataclasses import replace

import pytest

from actors.storage.files import read_json
from conf.schema import METRICS
from conf.sweep import GateConfig
from pipeline.nightly import exit_code, gate_in_order
from tests.pipeline.sweeps import copy_of, edit_manifest, run_folder

SETTINGS = GateConfig(margins=dict.fromkeys(METRICS, 0.02), resamples=1500)


@pytest.fixture
def output(swept, tmp_path):
    return copy_of(swept.output, tmp_path / "runs")


def night(output, rows, told=None):
    told = [] if told is None else told
    return gate_in_order(rows, str(output), SETTINGS, lambda name, gated: told.append(name))


def accepted(output):
    return read_json(str(output / "baseline.json"))["accepted"]


def test_a_better_run_becomes_the_baseline_and_a_failed_one_changes_nothing(output, swept):
    verdicts = night(output, swept.rows)
    assert [v.outcome for v in verdicts] == ["first", "failed", "pass"]
    assert verdicts[2].against == verdicts[0].run
    assert accepted(output) == {"default": verdicts[2].run}
    assert exit_code(verdicts) == 3
    assert (run_folder(output, "final") / "gate.xml").exists()


def test_a_regression_is_told_and_leaves_the_baseline(output, swept):
    early, _, final = swept.rows
    verdicts = night(output, [final, early])
    assert [v.outcome for v in verdicts] == ["first", "regression"]
    assert verdicts[1].stops
    assert accepted(output) == {"default": final.run}
    assert exit_code(verdicts) == 1


def test_a_night_that_is_run_again_says_the_same_without_gating_again(output, swept):
    early, _, final = swept.rows
    told = []
    first = night(output, [final, early], told)
    assert told == ["early"]
    assert night(output, [final, early], told) == first
    assert told == ["early"]


def test_a_run_that_cannot_be_compared_is_refused_and_judged_when_it_can(output, swept):
    early, _, final = swept.rows
    night(output, [early])
    content = read_json(str(output / final.run / "manifest.json"))["dataset"]["content"]
    edit_manifest(output / final.run, "dataset", content="sha256:other")
    (verdict,) = night(output, [final])
    assert verdict.outcome == "refused"
    assert "dataset is" in verdict.reason
    assert exit_code([verdict]) == 2
    edit_manifest(output / final.run, "dataset", content=content)
    (verdict,) = night(output, [final])
    assert verdict.outcome == "pass"


def test_each_variant_has_a_baseline_of_its_own(output, swept):
    early, _, final = swept.rows
    night(output, [early, replace(final, variant="warm")])
    assert accepted(output) == {"default": early.run, "warm": final.run}
