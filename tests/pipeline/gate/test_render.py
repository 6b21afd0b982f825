import json
from xml.etree import ElementTree

import numpy as np
import pytest

from conf.schema import METRICS
from pipeline.gate.render import gate_document, gate_junit, gate_table
from pipeline.gate.verdict import decide
from tests.pipeline.stats.simulate import run_scores, world


def result_of(skill, n_dialogues=300, margin=0.02):
    rng = np.random.default_rng(1)
    here = world(rng, n_dialogues, specialties=2)
    before, after = run_scores(rng, here), run_scores(rng, here, skill)
    return decide(before, after, dict.fromkeys(METRICS, margin), 0.05, 500, 5)


def test_the_table_has_a_line_per_comparison_and_ends_in_the_outcome():
    lines = gate_table(result_of(-1.0)).splitlines()
    assert lines[0].split() == [
        "group", "metric", "baseline", "candidate", "difference", "bound", "margin", "p", "verdict",
    ]  # fmt: skip
    assert len(lines) == 1 + 4 * 3 + 3
    assert lines[1].startswith("overall: all")
    assert lines[1].endswith("regression")
    assert lines[-1].startswith("regression: ")
    assert lines[-2].startswith("300 dialogues in ")


def test_the_document_is_plain_json_that_holds_every_figure():
    result = result_of(0.1)
    document = json.loads(json.dumps(gate_document(result), allow_nan=False))
    assert document["outcome"] == result.outcome
    assert len(document["comparisons"]) == 12
    entry, one = document["comparisons"][0], result.comparisons[0]
    assert entry["difference"] == one.paired.difference
    assert entry["p_adjusted"] == one.p_adjusted
    assert entry["ci_low"] == one.bound


@pytest.mark.parametrize("skill", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("strict", [False, True])
def test_the_junit_suite_is_green_exactly_where_the_gate_passes(skill, strict):
    result = result_of(skill)
    suite = ElementTree.fromstring(gate_junit(result, strict))
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.get("tests")) == 12
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures"))
    assert len(suite.findall("testcase/skipped")) == int(suite.get("skipped"))
    assert (suite.get("failures") == "0") == result.passes(strict)


def test_an_undecided_comparison_is_skipped_with_its_reason():
    suite = ElementTree.fromstring(gate_junit(result_of(0.0, n_dialogues=30), strict=False))
    messages = [note.get("message") for note in suite.findall("testcase/skipped")]
    assert any("under 20" in message for message in messages)
