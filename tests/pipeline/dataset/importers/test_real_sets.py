"""Real samples through the presets: equal forms, valid datasets, gold answers at 1.0."""

from dataclasses import asdict

import pytest

from actors.storage.files import read_parquet
from pipeline.run import evaluate
from tests.conftest import scripted_config
from tests.pipeline.dataset.importers.cases import dialogues, imported, needs_real_data, real
from tests.pipeline.finished_runs import value
from tests.pipeline.report.make import gold_answers, make_run

pytestmark = needs_real_data

SAME = (
    "name=vqa-rad",
    "source=VQA-RAD",
    "release='2018'",
    "dialogue.specialty.constant=radiology",
    "dialogue.health_system.constant=western",
)
FORMS = {
    "vqa-rad": (),
    "vqa-parquet": (),
    "llava-chat": ("rows.path=3_llava_conversations.json", "dialogue.group=null"),
    "messages-chat": ("dialogue.group=null",),
    "vlmevalkit": (),
}


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """The dialogues of the five forms, by preset."""
    folder = tmp_path_factory.mktemp("forms")
    source = real("vqa_rad_five_formats")
    for preset, overrides in FORMS.items():
        conversation = ("dialogue.independent=true",)
        report = imported(preset, source, folder / preset, *SAME, *conversation, *overrides)
        assert not report.dropped, preset
    return {preset: dialogues(folder / preset) for preset in FORMS}, folder


def test_five_forms_of_one_set_give_equal_datasets(forms):
    by_preset, folder = forms
    first = by_preset["vqa-rad"]
    assert len(first) == 191
    assert len({d.patient_id for d in first}) == 15
    for preset, others in by_preset.items():
        assert [asdict(d) for d in others] == [asdict(d) for d in first], preset
    lexicons = {(folder / preset / "lexicon.json").read_bytes() for preset in FORMS}
    assert len(lexicons) == 1


def test_long_conversations_are_split_and_nothing_is_lost(tmp_path):
    report = imported("llava-chat", real("vqa_rad_five_formats"), tmp_path / "d")
    made = dialogues(tmp_path / "d")
    assert report.warnings["groups of more than 15 turns split"] == 2
    assert sum(len(d.turns) for d in made) == 191
    assert all(d.turns[0].image_ids == ("i1",) for d in made)


@pytest.mark.parametrize(
    ("preset", "folder", "overrides", "rows", "made", "measures"),
    [
        ("vqa-rad", "vqa_rad_five_formats", (), 191, 191, {"turn_accuracy"}),
        (
            "bccd",
            "bccd_voc",
            (),
            218,
            12,
            {"turn_accuracy", "visual_consistency", "hallucination_rate"},
        ),
        (
            "covid-cxr",
            "covid_cxr",
            (),
            22,
            20,
            {"turn_accuracy", "visual_consistency", "reasoning_coherence"},
        ),
        ("nih-labels", "nih_cxr14", (), 884, 2, {"turn_accuracy"}),
        ("slake", "slake_json", ("images.required=false",), 2094, 1827, {"turn_accuracy"}),
        ("medxpertqa-mm", "medxpertqa", ("images.required=false",), 199, 199, {"turn_accuracy"}),
    ],
)
def test_a_real_set_is_valid_and_its_gold_is_perfect(
    tmp_path, preset, folder, overrides, rows, made, measures
):
    report = imported(preset, real(folder), tmp_path / "d", *overrides)
    assert report.rows_read == rows
    assert len(dialogues(tmp_path / "d")) == made
    assert {m for m, n in report.measures.items() if n} == measures
    assert not report.gold_below_one


def test_films_of_one_patient_are_paired_by_their_days(tmp_path):
    imported("covid-cxr", real("covid_cxr"), tmp_path / "d")
    by_patient = {}
    for d in dialogues(tmp_path / "d"):
        by_patient.setdefault(d.patient_id, []).append(d)
    days = [[i.days_before for i in d.images] for d in by_patient["252"]]
    assert days == [[15, 0], [11, 0]]
    assert [i.role for i in by_patient["252"][0].images] == ["prior", "current"]
    same_day = [d for d in by_patient["253"] if len(d.images) == 1]
    assert len(by_patient["253"]) == 8
    assert len(same_day) == 2  # the first film, and one taken on the day of another


@pytest.mark.parametrize(
    ("preset", "folder", "overrides"),
    [
        ("vqa-rad", "vqa_rad_five_formats", ()),
        ("bccd", "bccd_voc", ()),
        ("covid-cxr", "covid_cxr", ()),
        ("nih-labels", "nih_cxr14", ()),
        ("slake", "slake_json", ("images.required=false",)),
        ("medxpertqa-mm", "medxpertqa", ("images.required=false",)),
    ],
)
def test_gold_answers_are_scored_one_on_every_defined_measure(tmp_path, preset, folder, overrides):
    report = imported(preset, real(folder), tmp_path / "d", *overrides)
    run = make_run(str(tmp_path / "d"), tmp_path / "runs", "gold", gold_answers(0.0))
    rows = read_parquet(f"{run}/summary.parquet").to_pylist()
    overall = {r["metric"]: r["value"] for r in rows if r["group_kind"] == "overall"}
    for measure, dialogues_with_it in report.measures.items():
        best = 0.0 if measure == "hallucination_rate" else 1.0
        assert overall[measure] == (best if dialogues_with_it else None), measure


@pytest.mark.usefixtures("ray_cluster")
def test_a_run_answers_and_scores_an_imported_set(tmp_path):
    imported("bccd", real("bccd_voc"), tmp_path / "d")
    run = evaluate(scripted_config(tmp_path / "d", tmp_path / "runs"))
    assert value(run, "turn_accuracy") == 1.0
    assert value(run, "visual_consistency") == 1.0
    assert value(run, "hallucination_rate") == 0.0
