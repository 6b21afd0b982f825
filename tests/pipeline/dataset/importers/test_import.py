"""Imports of small files made here: values, grouping, images, boxes, templates, the commands."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PIL

from pipeline.cli import main
from pipeline.dataset.importers.boxes import box_in_pixels
from pipeline.dataset.importers.mapping import Boxes
from pipeline.dataset.importers.values import RowFault, parse_value
from pipeline.dataset.lexicon import packaged_lexicon
from pipeline.dataset.open import open_dataset
from tests.pipeline.dataset.importers.cases import (
    dialogues,
    encoded,
    imported,
    picture,
    write_mapping,
    write_rows,
)

ASKED = {"image": "a.png", "question": "Is it?", "answer": "yes"}


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    picture(source)
    picture(source, "b.png", seed=1)
    return source


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("a.b", 1),
        ("a.list.0", "x"),
        ("a.list.*", ["x", "y"]),
        ("people.*.name", ["P", "Q"]),
        (["a.b", "path"], [1, "p/q/r.png"]),
        ({"constant": "k"}, "k"),
        ({"template": "{a.b}-{path:3}"}, "1-p/q"),
        ({"column": "path", "part": -2}, "q"),
        ({"column": "path", "regex": "([a-z])\\.png$"}, "r"),
        ({"column": "labels", "split": "|"}, ["one", "two"]),
        ({"column": "a.b", "map": {"1": "yes"}}, "yes"),
        ({"column": "gone", "default": "d"}, "d"),
        ({"column": "labels", "map": {"x": "y"}, "default": "d"}, "d"),
        ({"first_true": {"no": "n", "flag": "f"}}, "f"),
    ],
)
def test_values_of_a_row(spec, expected):
    row = {
        "a": {"b": 1, "list": ["x", "y"]},
        "people": [{"name": "P"}, {"name": "Q"}],
        "path": "p/q/r.png",
        "labels": "one| two",
        "no": "0",
        "flag": 1.0,
    }
    assert parse_value(spec, "at")(row) == expected


def test_a_column_whose_name_has_a_dot_is_found_first():
    assert parse_value("a.b", "at")({"a.b": 1, "a": {"b": 2}}) == 1
    with pytest.raises(RowFault, match="has no column"):
        parse_value("a.c", "at")({"a": {"b": 2}})


def test_questions_become_turns_by_their_answers(folder, tmp_path):
    rows = [
        ASKED,
        {**ASKED, "answer": "No."},
        {**ASKED, "answer": ["left lung", "the left lung", "lung"]},
        {**ASKED, "answer": "liver", "options": ["lung", "liver"]},
        {**ASKED, "answer": "b", "options": {"B": "liver", "A": "lung"}},
    ]
    write_rows(folder, [{"options": None, **row} for row in rows])
    mapping = write_mapping(
        folder, question={"question": "question", "answer": "answer", "choices": "options"}
    )
    imported(mapping, folder, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    assert [(t.answer_type, t.answer) for t in dialogue.turns] == [
        ("boolean", "yes"),
        ("boolean", "no"),
        ("phrase", "left lung"),
        ("choice", "B"),
        ("choice", "B"),
    ]
    assert dialogue.turns[2].accepted == ("the left lung", "lung")
    assert dialogue.turns[4].choices == ("lung", "liver")
    assert (dialogue.modality, dialogue.health_system) == ("unknown", "unknown")


def test_a_dialogue_of_several_images_shows_each_where_it_is_asked_about(folder, tmp_path):
    rows = [{**ASKED, "case": 1, "image": name} for name in ("a.png", "b.png", "a.png")]
    write_rows(folder, rows)
    imported(write_mapping(folder, dialogue={"group": "case"}), folder, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    assert [t.image_ids for t in dialogue.turns] == [("i1",), ("i2",), ()]


def test_joins_filters_and_groups(folder, tmp_path):
    write_rows(folder, [{**ASKED, "id": n, "keep": n < 3} for n in range(5)])
    lines = ["key,who,sex", "0,p,F", "1,p,F", "3,q,M"]
    (folder / "people.csv").write_text("\n".join(lines))
    mapping = write_mapping(
        folder,
        joins=[
            {
                "name": "person",
                "rows": {"read": "csv", "path": "people.csv"},
                "key": "key",
                "to": "id",
            }
        ],
        where=[{"value": "keep", "among": [True]}],
        dialogue={"group": "person.who", "patient": "person.who", "sex": "person.sex"},
    )
    report = imported(mapping, folder, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    assert (dialogue.patient_id, dialogue.sex, len(dialogue.turns)) == ("p", "F", 2)
    assert report.dropped == {"join person has no row": 2}
    assert report.rows_filtered == 1


def test_windows_and_steps_are_recorded_and_plain_files_copied(folder, tmp_path):
    ramp = np.linspace(0, 4095, 60 * 40).reshape(40, 60).astype(np.uint16)
    (folder / "film.png").write_bytes(encoded(PIL.fromarray(ramp)))
    write_rows(folder, [ASKED, {**ASKED, "image": "film.png"}])
    mapping = write_mapping(folder, images={"source": "image", "window": [100.0, 300.0]})
    imported(mapping, folder, tmp_path / "d")
    by_origin = {
        row["origin"]: row
        for file in (tmp_path / "d" / "provenance").iterdir()
        for row in pq.read_table(file).to_pylist()
    }
    film = by_origin["film.png"]
    assert (film["window_low"], film["window_high"]) == (100.0, 300.0)
    assert film["window_origin"] == "mapping"
    assert film["steps"] == "window"
    plain = by_origin["a.png"]
    assert (tmp_path / "d" / plain["uri"]).read_bytes() == (folder / "a.png").read_bytes()


def test_boxes_follow_orientation_and_reduction(folder, tmp_path):
    stored = PIL.new("L", (80, 40))
    exif = PIL.Exif()
    exif[0x0112] = 6  # seen upright it is 40 x 80
    stored.save(folder / "turned.jpg", exif=exif.tobytes())
    write_rows(folder, [{"image": "turned.jpg", "name": "mass", "box": [10, 20, 30, 60]}])
    mapping = write_mapping(
        folder,
        question=None,
        images={"source": "image", "longest_side": 40},
        boxes=[{"label": "name", "values": "box"}],
        templates={"use": True},
    )
    imported(mapping, folder, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    assert (dialogue.images[0].width, dialogue.images[0].height) == (20, 40)
    assert dialogue.regions[0].box == (5.0, 10.0, 15.0, 30.0)


@given(
    st.tuples(*[st.floats(0, 1)] * 4).filter(lambda b: b[0] < b[2] - 0.01 and b[1] < b[3] - 0.01),
    st.integers(10, 3000),
    st.integers(10, 3000),
)
def test_all_forms_and_spaces_of_a_box_mean_the_same_pixels(box, width, height):
    x0, y0, x1, y1 = box
    size = (width, height)
    written = {
        "xyxy": [x0, y0, x1, y1],
        "yxyx": [y0, x0, y1, x1],
        "xywh": [x0, y0, x1 - x0, y1 - y0],
        "cxcywh": [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0],
        "polygon": [x0, y0, x1, y0, x1, y1, x0, y1],
    }
    expected = pytest.approx((x0 * width, y0 * height, x1 * width, y1 * height), abs=1e-6)
    for form, numbers in written.items():
        unit = Boxes(label="", values="", form=form, space="unit")
        assert box_in_pixels(numbers, unit, size, size)[0] == expected
        thousand = Boxes(label="", values="", form=form, space="thousand")
        scaled = [n * 1000 for n in numbers]
        assert box_in_pixels(scaled, thousand, size, size)[0] == expected
        half = Boxes(label="", values="", form=form, size=[500, 500])
        assert box_in_pixels([n * 500 for n in numbers], half, size, size)[0] == expected
        text = " ".join(f"{n:.12f}" for n in numbers)
        assert box_in_pixels(text, unit, size, size)[0] == expected


def test_templates_ask_the_same_for_a_seed_and_something_else_for_another(folder, tmp_path):
    states = {"mass": 1, "cyst": 0, "fracture": 1, "effusion": 0, "nodule": 1, "ascites": 0}
    write_rows(folder, [{"image": "a.png", **states}])
    flags = [{"flags": {name: name for name in states}}]
    asked = []
    for n, seed in enumerate((0, 0, 1, 2)):
        mapping = write_mapping(
            folder, question=None, labels=flags, templates={"use": True, "seed": seed}
        )
        imported(mapping, folder, tmp_path / f"d{n}")
        (dialogue,) = dialogues(tmp_path / f"d{n}")
        asked.append([(t.question, t.answer) for t in dialogue.turns])
        assert {t.answer for t in dialogue.turns} == {"yes", "no"}
    assert asked[0] == asked[1]
    assert len({tuple(a) for a in asked}) == 3


def test_change_is_asked_where_both_films_were_assessed(folder, tmp_path):
    rows = [
        {"image": "a.png", "who": "p", "day": 3, "mass": 0, "cyst": 1},
        {"image": "b.png", "who": "p", "day": 10, "mass": 1, "cyst": 0},
    ]
    write_rows(folder, rows)
    mapping = write_mapping(
        folder,
        question=None,
        images={"source": "image", "days": "day"},
        dialogue={"group": "who", "patient": "who"},
        labels=[{"flags": {"mass": "mass", "cyst": "cyst"}}],
        templates={"use": True, "presence": 0},
    )
    report = imported(mapping, folder, tmp_path / "d")
    (dialogue,) = dialogues(tmp_path / "d")
    assert [(i.role, i.days_before) for i in dialogue.images] == [("prior", 7), ("current", 0)]
    (turn,) = dialogue.turns
    assert turn.question == "Compared with the prior image, is any mass new?"
    assert {f.concept: f.change for f in dialogue.findings} == {"mass": "new", "cyst": "resolved"}
    assert not report.gold_below_one


def test_equal_images_of_a_group_keep_their_own_labels(folder, tmp_path):
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    rows = [{"image": "a.png", "who": 1, "mass": 1}, {"image": "copy.png", "who": 1, "mass": 0}]
    write_rows(folder, rows)
    mapping = write_mapping(
        folder,
        question=None,
        dialogue={"group": "who"},
        labels=[{"flags": {"mass": "mass"}}],
        templates={"use": True},
    )
    imported(mapping, folder, tmp_path / "d")
    assert [d.turns[0].answer for d in dialogues(tmp_path / "d")] == ["yes", "no"]


def test_a_row_whose_images_are_all_missing_is_dropped_once(folder, tmp_path):
    write_rows(folder, [ASKED, {**ASKED, "image": ["x.png", "y.png"], "case": 1}])
    mapping = write_mapping(folder, dialogue={"group": {"column": "case", "default": "0"}})
    assert imported(mapping, folder, None).rows_dropped == 1


def test_the_lexicon_is_the_packaged_one_and_what_was_added(folder, tmp_path):
    write_rows(folder, [{"image": "a.png", "Pleural Effusion": 1, "Wobble sign": 0}])
    names = ("Pleural Effusion", "Wobble sign")
    mapping = write_mapping(
        folder,
        question=None,
        labels=[{"flags": {name: name for name in names}}],
        templates={"use": True},
    )
    report = imported(mapping, folder, tmp_path / "d")
    concepts = open_dataset(str(tmp_path / "d")).lexicon.concepts
    packaged = packaged_lexicon("clinical").concepts
    assert {c: concepts[c] for c in packaged} == dict(packaged)
    assert set(concepts) - set(packaged) == {"wobble_sign"}
    assert report.concepts_added == {"Wobble sign": "wobble_sign"}


def test_dry_run_writes_nothing_and_strict_refuses_what_is_lost(folder, tmp_path, capsys):
    write_rows(folder, [ASKED, {**ASKED, "image": "gone.png"}])
    mapping = str(write_mapping(folder))
    words = ["dataset", "import", mapping, "--source", str(folder), "--output"]
    assert main([*words, str(tmp_path / "dry"), "--dry-run"]) == 0
    assert main([*words, str(tmp_path / "strict"), "--strict"]) == 2
    assert "gone.png is missing" in capsys.readouterr().out
    assert not (tmp_path / "dry").exists()
    assert not (tmp_path / "strict").exists()
    assert main([*words, str(tmp_path / "d")]) == 0
    assert "gone.png is missing" in (tmp_path / "d" / "import.txt").read_text()
    assert json.loads((tmp_path / "d" / "import.json").read_text())["rows_dropped"] == 1
    write_rows(folder, [ASKED])
    assert main([*words, str(tmp_path / "strict"), "--strict"]) == 0


def test_the_same_files_give_the_same_bytes(folder, tmp_path):
    write_rows(folder, [{**ASKED, "image": name} for name in ("b.png", "a.png")])
    for name in ("one", "two"):
        imported(write_mapping(folder), folder, tmp_path / name)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_presets_are_listed_with_licence_and_access(capsys):
    assert main(["dataset", "presets"]) == 0
    listed = capsys.readouterr().out
    assert "vqa-rad" in listed
    assert "CC0-1.0" in listed
    assert "credentialed" in listed
