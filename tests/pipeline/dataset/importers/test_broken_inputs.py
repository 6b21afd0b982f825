"""Broken input, each with its sentence: a row is dropped with a reason, a file or key ends it."""

import json
import struct
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as PIL

from conf.errors import BadInput, ConfigError
from pipeline.dataset.importers.mapping import load_mapping
from tests.pipeline.dataset.importers.cases import (
    encoded,
    imported,
    picture,
    write_mapping,
    write_rows,
)

GOOD = {"image": "a.png", "question": "Is it?", "answer": "yes"}
BOXED = {
    "question": None,
    "boxes": [{"label": "name", "values": "box"}],
    "templates": {"use": True},
}
VOC = "<annotation><filename>a.png</filename>{}</annotation>"


def bomb():
    """A PNG of 40,000 x 40,000 pixels, a few bytes long."""
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.parametrize(
    ("row", "mapping", "sentence"),
    [
        ({"image": "gone.png"}, {}, "gone.png is missing"),
        ({"image": "../a.png"}, {}, "'../a.png' leaves it"),
        ({"image": "/etc/passwd"}, {}, "'/etc/passwd' leaves it"),
        ({"image": "out.png"}, {}, "'out.png' links out of it"),
        ({"image": None}, {}, "a row has no image"),
        ({"image": "text.png"}, {}, "text.png: cannot be decoded: it is none of PNG"),
        ({"image": "cut.png"}, {}, "cut.png: cannot be decoded"),
        ({"image": "bomb.png"}, {}, "could be decompression bomb"),
        ({"image": "lab.tif"}, {}, "lab.tif: has the pixel format LAB, which has no rule"),
        ({"image": "nan.tif"}, {}, "nan.tif: holds no finite value"),
        ({"image": "frames.tif"}, {}, "frames.tif: holds 2 frames"),
        ({"image": "empty.dcm"}, {}, "empty.dcm: cannot be decoded"),
        ({"image": "empty.nii"}, {}, "empty.nii: cannot be decoded"),
        ({"image": "x" * 5000}, {}, "too long"),
        ({"question": " "}, {}, "a question is empty"),
        ({"answer": None}, {}, "to 'Is it?'"),
        ({"answer": "x" * 30_000}, {}, "30000 characters"),
        ({"kind": "essay"}, {"question": {"type": "kind"}}, "'essay'; there is boolean"),
        ({"answer": "maybe", "kind": "boolean"}, {"question": {"type": "kind"}}, "'maybe'"),
        (
            {"answer": "C", "options": ["lung", "liver"]},
            {"question": {"choices": "options"}},
            "'C' of ('lung', 'liver')",
        ),
        (
            {"answer": "A", "options": ["lung", "lung"]},
            {"question": {"choices": "options"}},
            "two options are the same",
        ),
        (
            {"organ": "tail"},
            {"dialogue": {"modality": {"column": "organ", "map": {"head": "ct"}}}},
            "'tail' is not mapped",
        ),
        ({}, {"dialogue": {"patient": "patient"}}, "has no column 'patient'"),
        (
            {"image": "!!!"},
            {"images": {"source": "image", "kind": "base64"}},
            "not base64|Only base64",
        ),
        (
            {"image": "3"},
            {"images": {"source": "image", "kind": "base64", "index": "question"}},
            "no earlier row '3' has one",
        ),
    ],
)
def test_a_broken_row_is_dropped_with_its_sentence(folder, row, mapping, sentence):
    defaults = {"question": {"question": "question", "answer": "answer"}}
    changes = {k: {**defaults.get(k, {}), **v} for k, v in mapping.items()}
    write_rows(folder, [{**GOOD, **row}])
    with pytest.raises(BadInput) as caught:
        imported(write_mapping(folder, **changes), folder, None)
    assert "nothing could be imported" in str(caught.value)
    assert any(part in str(caught.value) for part in sentence.split("|")), str(caught.value)
    assert "rows.jsonl row 1" in str(caught.value)


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        ([10, 10, 90, 30], "a box lies outside its image"),
        ([30, 30, 10, 10], "a box has no area"),
        ([1, 2, 3], "a box is not four numbers"),
        (["a", 1, 2, 3], "a box is not four numbers"),
        ([1, 1, float("inf"), 9], "a box is not four numbers"),
        ({"x": 1}, "a box is not four numbers"),
    ],
)
def test_a_broken_box_is_left_out_and_named(folder, box, sentence):
    rows = [{**GOOD, "name": "cell", "box": b} for b in ([2, 2, 9, 9], box)]
    write_rows(folder, rows)
    report = imported(write_mapping(folder, **BOXED), folder, None)
    assert report.warnings[sentence] == 1
    assert "rows.jsonl row 2" in report.examples[sentence][0]


@pytest.mark.parametrize(
    ("name", "content", "read", "sentence"),
    [
        ("r.json", b"{", "json", "r.json is not JSON"),
        ("r.json", b'{"rows": []}', "json", "not a list of rows"),
        ("r.json", b"[" * 100_000, "json", "r.json is not JSON"),
        ("r.csv", b"", "csv", "r.csv is empty"),
        ("r.csv", b"a,a\n1,2\n", "csv", "'a' stands twice"),
        ("r.csv", "a\nä\n".encode("latin-1"), "csv", "cannot be read as utf-8"),
        ("r.csv", b'a\n"' + b"x" * 40, "csv", "unexpected end of data"),
        ("r.csv", b"a,b\n1\n", "csv", "1 of 2"),
        ("r.csv", b"a,b\n1,2,3\n", "csv", "3 for 2"),
        ("r.parquet", b"PAR1", "parquet", "is not Parquet"),
        ("r.jsonl", b"{\n", "jsonl", "a line is not JSON"),
        ("r.jsonl", b"[1]\n", "jsonl", "a row is not an object"),
        ("r.json", b'[{"x": 1}]', "chat", "neither conversations nor messages"),
        (
            "r.json",
            b'[{"messages": [{"role": "user", "content": "Why?"}]}]',
            "chat",
            "a chat's question has no answer",
        ),
        ("r.json", b'{"images": []}', "coco", "is not COCO"),
        (
            "r.json",
            b'{"images": [{"id": 1}, {"id": 1}], "annotations": [], "categories": []}',
            "coco",
            "an image id is used twice",
        ),
        ("r.xml", b"<annotation>", "voc", "a file is not XML"),
        ("r.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "voc", "declares entities"),
        ("r.xml", b"<other/>", "voc", "a file is not Pascal VOC"),
        ("r.dcm", b"DICM", "dicom", "a file is not DICOM"),
    ],
)
def test_a_broken_file_is_named(folder, name, content, read, sentence):
    (folder / name).write_bytes(content)
    mapping = write_mapping(folder, rows={"read": read, "path": name})
    with pytest.raises(BadInput, match=sentence):
        imported(mapping, folder, None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": {"read": "jsonl", "path": "../x.jsonl"}}, "leaves the source folder"),
        ({"rows": {"read": "jsonl", "path": "none.jsonl"}}, "holds no file that matches"),
        ({"rows": {"read": "excel", "path": "x"}}, "rows.read is 'excel'"),
        ({"qestion": {}}, "unknown key qestion; did you mean question"),
        ({"licence": None}, "key licence is missing"),
        ({"release": 2018}, "release is 2018; it must be str"),
        ({"dialogue": {"modality": {True: "x"}}}, "is read as True, not as text"),
        ({"dialogue": {"modality": {"colum": "x"}}}, "did you mean column"),
        ({"dialogue": {"modality": {"column": "x", "constant": "y"}}}, "exactly one of"),
        ({"dialogue": {"modality": {"column": "x", "regex": "("}}}, "no regular expression"),
        ({"question": {"answer": "answer"}}, "the mapping asks nothing"),
        ({"images": {"source": "image", "window": [5, 1]}}, "images.window is"),
        ({"access": "secret"}, "access is 'secret'"),
    ],
)
def test_a_wrong_mapping_names_its_key(folder, changes, sentence):
    write_rows(folder, [GOOD])
    with pytest.raises((ConfigError, BadInput), match=sentence):
        imported(write_mapping(folder, **changes), folder, None)


def test_a_mapping_that_is_neither_a_file_nor_a_preset_is_named(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "vqa-rad").mkdir()  # a folder does not hide the preset
    assert load_mapping("vqa-rad").source == "VQA-RAD"
    with pytest.raises(ConfigError, match="mapping vqa-rat is no file, nor one of: bccd"):
        load_mapping("vqa-rat")


def test_long_phrases_are_warned_about(folder):
    write_rows(folder, [{**GOOD, "answer": "word " * 13}, {**GOOD, "answer": "word " * 12}])
    report = imported(write_mapping(folder), folder, None)
    assert report.warnings["long phrases, which hardly any answer equals"] == 1


def test_contradictory_gold_and_repeated_questions_are_counted(folder):
    write_rows(folder, [GOOD, {**GOOD, "answer": "no"}, GOOD, {**GOOD, "question": "IS it?"}])
    report = imported(write_mapping(folder), folder, None)
    assert report.warnings["contradictory gold"] == 1
    assert report.turns_repeated == 2


def test_contradictory_labels_become_uncertain_and_are_not_asked_about(folder):
    rows = [{**GOOD, "mass": "1", "cyst": "0"}, {**GOOD, "mass": "0", "cyst": "0"}]
    write_rows(folder, rows)
    mapping = write_mapping(
        folder,
        question=None,
        labels=[{"flags": {"mass": "mass", "cyst": "cyst"}}],
        templates={"use": True},
    )
    report = imported(mapping, folder, None)
    assert report.warnings["contradictory labels"] == 1
    assert report.counts["turns"] == 1


def test_huge_parquet_images_and_wrong_types_are_named(folder):
    table = pa.table({"image": ["a.png"], "question": ["Is it?"], "answer": ["yes"]})
    pq.write_table(table, folder / "r.parquet")
    mapping = write_mapping(
        folder,
        rows={"read": "parquet", "path": "r.parquet"},
        images={"source": "image", "kind": "bytes"},
    )
    with pytest.raises(BadInput, match="an image is not bytes"):
        imported(mapping, folder, None)


def test_an_output_that_holds_a_dataset_is_kept(folder, tmp_path_factory):
    write_rows(folder, [GOOD])
    output = tmp_path_factory.mktemp("out") / "d"
    imported(write_mapping(folder), folder, output)
    before = (output / "dataset.json").read_bytes()
    with pytest.raises(BadInput, match="holds a dataset already"):
        imported(write_mapping(folder), folder, output)
    assert (output / "dataset.json").read_bytes() == before


@pytest.fixture
def folder(tmp_path):
    """A source folder with one good image and many broken ones."""
    source = tmp_path / "source"
    source.mkdir()
    picture(source)
    (source / "text.png").write_text("no image")
    (source / "cut.png").write_bytes(encoded(PIL.new("RGB", (90, 90), (1, 2, 3)))[:60])
    (source / "bomb.png").write_bytes(bomb())
    (source / "lab.tif").write_bytes(encoded(PIL.new("LAB", (4, 4)), "TIFF"))
    (source / "nan.tif").write_bytes(
        encoded(PIL.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF")
    )
    first, second = PIL.new("L", (4, 4)), PIL.new("L", (4, 4), 9)
    first.save(source / "frames.tif", save_all=True, append_images=[second])
    for name in ("empty.dcm", "empty.nii"):
        (source / name).write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(encoded(PIL.new("L", (4, 4))))
    (source / "out.png").symlink_to(tmp_path / "secret.png")
    return source


def test_the_report_s_examples_are_few_however_many_rows_are_broken(folder):
    rows = [{**GOOD, "image": f"gone{n}.png"} for n in range(50)]
    write_rows(folder, [GOOD, *rows])
    report = imported(write_mapping(folder), folder, None)
    assert report.dropped["an image is missing"] == 50
    assert len(json.loads(report.to_json())["examples"]["an image is missing"]) == 3
