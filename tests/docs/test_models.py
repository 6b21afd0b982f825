"""docs/models.md is what tests/families/results.json says, about every family there is."""

import json

from tests.families.all import FAMILIES
from tests.families.matrix import BACKENDS
from tests.families.page import PAGE, RESULTS, page

RECORDED = json.loads(RESULTS.read_text())


def test_the_page_is_written_from_the_results() -> None:
    assert PAGE.read_text() == page(RECORDED), "run `make families`"


def test_every_family_was_tried_on_every_backend_or_it_is_said_why_not() -> None:
    assert RECORDED["families"].keys() == FAMILIES.keys()
    for outcomes in RECORDED["families"].values():
        assert outcomes.keys() == set(BACKENDS)
        for outcome in outcomes.values():
            assert outcome["outcome"] == "runs" or outcome["reason"]


def test_a_run_of_the_matrix_loses_no_family_unnoticed() -> None:
    ran = {
        backend: sum(o[backend]["outcome"] == "runs" for o in RECORDED["families"].values())
        for backend in BACKENDS
    }
    assert ran["vllm"] >= 14
    assert ran["transformers"] >= 16
