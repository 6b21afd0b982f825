"""By finding, turns without an answer, and the floor of the text-only prior: on the page."""

import pytest

from actors.backends.scripted_strategies import STRATEGIES, OpenTurn
from actors.boxes.write import format_box
from actors.storage.files import read_json, read_parquet
from conf.errors import BadInput
from pipeline.report.inputs import Options
from pipeline.report.write import write_full_report
from tests.pipeline.report.make import gold_answers, make_run


def prior(dialogue, turn):
    answer = STRATEGIES["text_prior"](OpenTurn(dialogue, turn, ()))
    image = dialogue.image(answer.place[0])
    size = (image.width, image.height)
    return f"{answer.text} {format_box('norm1000', answer.place[1], size, input_size=size)}"


@pytest.fixture(scope="module")
def blind(dataset, tmp_path_factory):
    output = tmp_path_factory.mktemp("blind")
    return make_run(dataset, output, "prior", prior, "model.source=text_prior")


def test_counts_by_finding_and_open_turns_are_in_files_json_and_page(copied):
    write_full_report(str(copied), [], None, Options())
    document = read_json(str(copied / "report.json"))
    everything = next(
        r
        for r in read_parquet(str(copied / "findings.parquet")).to_pylist()
        if (r["specialty"], r["size"], r["concept"]) == ("all", "all", "all")
    )
    assert everything in document["findings"]
    assert everything["tp"] > 50
    assert everything["sensitivity_low"] < everything["sensitivity"]
    outcomes = read_parquet(str(copied / "outcomes.parquet")).to_pylist()
    assert document["outcomes"] == outcomes
    accuracy = next(r for r in outcomes if r["metric"] == "turn_accuracy")
    assert accuracy["failed"] > 0
    assert accuracy["worst"] <= accuracy["value"] < accuracy["best"]
    page = (copied / "report" / "index.html").read_text()
    for text in ("Sensitivity", "Turns that each measure reads", "not shown: compare with a run"):
        assert text in page


def test_scores_are_shown_above_the_text_only_prior(copied, blind):
    write_full_report(str(copied), [blind], None, Options())
    document = read_json(str(copied / "report.json"))
    difference = next(
        d
        for d in document["comparisons"][0]["differences"]
        if d["group_kind"] == "overall" and d["metric"] == "turn_accuracy"
    )
    markdown = (copied / "report.md").read_text()
    assert "less what prior scores" in markdown
    row = next(line for line in markdown.splitlines() if line.startswith("| Turn accuracy | "))
    assert f"{100 * difference['difference']:+.1f}" in row


@pytest.mark.parametrize("setting", ["model.box_dialect=none", "sampling.seed=7"])
def test_runs_that_were_asked_in_another_way_are_not_compared(copied, dataset, setting, tmp_path):
    other = make_run(dataset, tmp_path, "other", gold_answers(0.5), setting)
    with pytest.raises(BadInput, match=r"the runs cannot be compared: .* in first"):
        write_full_report(str(copied), [other], None, Options())


def test_suppressed_reports_have_no_counts_by_finding(copied):
    write_full_report(str(copied), [], None, Options(suppress_small=True))
    document = read_json(str(copied / "report.json"))
    assert (document["findings"], document["missed_critical"]) == ([], [])
