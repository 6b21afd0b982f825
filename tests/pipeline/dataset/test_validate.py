"""One broken row per fault: named by dialogue, column and value."""

import copy

import pytest

from pipeline.dataset.open import open_dataset
from pipeline.dataset.validate import faults_of_row, validate


@pytest.fixture(scope="module")
def dataset(phantom):
    return open_dataset(str(phantom))


@pytest.fixture(scope="module")
def sound(dataset):
    """A row with a prior, two turns with regions and a supported diagnosis."""
    for row in dataset.dialogues().to_pylist():
        if len(row["images"]) == 2 and any(t["supports"] for t in row["turns"]):
            return row
    raise AssertionError("the phantom has no such dialogue")


def first(row, answer_type):
    return next((t for t in row["turns"] if t["answer_type"] == answer_type), row["turns"][0])


def put(path, value):
    """Make a mutation that sets one cell, e.g. ``put(("regions", 0, "box"), [...])``."""

    def change(row):
        cell = row
        for key in path[:-1]:
            cell = cell[key]
        cell[path[-1]] = value

    return change


def answer(answer_type, value, **more):
    def change(row):
        turn = row["turns"][0]
        turn.update(answer_type=answer_type, answer=value, **more)

    return change


def many_turns(row):
    row["turns"] = [dict(row["turns"][0], turn=n, supports=[]) for n in range(1, 17)]


FAULTS = {
    "no turns": (put(("turns",), []), "turns", "0"),
    "16 turns": (many_turns, "turns", "16"),
    "turns out of order": (put(("turns", 0, "turn"), 9), "turns.turn", "9"),
    "box outside": (put(("regions", 0, "box"), [0.0, 0.0, 9999.0, 5.0]), "regions.box", "9999"),
    "box without area": (put(("regions", 0, "box"), [5.0, 5.0, 5.0, 9.0]), "regions.box", "5.0"),
    "box of three": (put(("regions", 0, "box"), [1.0, 2.0, 3.0]), "regions.box", "3.0"),
    "box not finite": (
        put(("regions", 0, "box"), [float("nan"), 0.0, 1.0, 1.0]),
        "regions.box",
        "nan",
    ),
    "region on no image": (put(("regions", 0, "image_id"), "ghost"), "regions.image_id", "ghost"),
    "unknown site": (put(("regions", 0, "site"), "moon"), "regions.site", "moon"),
    "unknown finding": (put(("findings", 0, "concept"), "elf"), "findings.concept", "elf"),
    "unknown change": (put(("findings", 0, "change"), "odd"), "findings.change", "odd"),
    "finding on no image": (
        put(("findings", 0, "image_id"), "ghost"),
        "findings.image_id",
        "ghost",
    ),
    "finding of nothing": (
        put(("findings", 0, "referent_id"), "ghost"),
        "findings.referent_id",
        "ghost",
    ),
    "unknown asks": (put(("turns", 0, "asks"), "elf"), "turns.asks", "elf"),
    "turn shows no image": (put(("turns", 0, "image_ids"), ["ghost"]), "turns.image_ids", "ghost"),
    "turn on no region": (put(("turns", 0, "region_id"), "ghost"), "turns.region_id", "ghost"),
    "turn on no referent": (
        put(("turns", 0, "referent_id"), "ghost"),
        "turns.referent_id",
        "ghost",
    ),
    "support to come": (put(("turns", 0, "supports"), [2]), "turns.supports", "2"),
    "unknown claim": (
        put(("turns", 0, "claims"), [{"concept": "elf", "present": True}]),
        "turns.claims.concept",
        "elf",
    ),
    "empty question": (put(("turns", 0, "question"), ""), "turns.question", "''"),
    "unknown step": (put(("turns", 0, "step"), "leap"), "turns.step", "leap"),
    "agreement over one": (put(("turns", 0, "agreement"), 1.5), "turns.agreement", "1.5"),
    "unknown answer type": (answer("poem", "x"), "turns.answer_type", "poem"),
    "boolean maybe": (answer("boolean", "maybe"), "turns.answer", "maybe"),
    "choice beyond": (answer("choice", "C", choices=["a", "b"]), "turns.answer", "C"),
    "number of words": (answer("number", "many"), "turns.answer", "many"),
    "negative tolerance": (
        answer("number", "3 mm", tolerance=-1.0),
        "turns.tolerance",
        "-1.0",
    ),
    "concept unknown": (answer("concept", "elf"), "turns.answer", "elf"),
    "text empty": (answer("text", None), "turns.answer", "None"),
    "region answered": (answer("region", "there"), "turns.answer", "there"),
    "region nowhere": (answer("region", None, region_id=None), "turns.region_id", "None"),
    "unknown modality": (put(("modality",), "smell"), "modality", "smell"),
    "unknown system": (put(("health_system",), "lunar"), "health_system", "lunar"),
    "empty patient": (put(("patient_id",), ""), "patient_id", "''"),
    "unknown role": (put(("images", 0, "role"), "future"), "images.role", "future"),
    "image without size": (put(("images", 0, "width"), 0), "images.width", "0"),
    "path outside": (put(("images", 0, "uri"), "../x.png"), "images.uri", "../x.png"),
    "null where needed": (put(("regions", 0, "box"), None), "row", "TypeError"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named(name, sound, dataset):
    change, column, value = FAULTS[name]
    row = copy.deepcopy(sound)
    change(row)
    faults = list(faults_of_row(row, dataset.lexicon, set(), images=None))
    hits = [f for f in faults if f.column.startswith(column) and value in f.value]
    assert hits, faults
    assert hits[0].dialogue_id == sound["dialogue_id"]


def test_a_sound_row_has_no_fault(sound, dataset):
    assert list(faults_of_row(sound, dataset.lexicon, set(), images=None)) == []


@pytest.mark.parametrize("part", ["images", "regions"])
def test_ids_used_twice_are_faults(part, sound, dataset):
    row = copy.deepcopy(sound)
    row[part].append(row[part][0])
    faults = list(faults_of_row(row, dataset.lexicon, set(), images=None))
    assert any("used twice" in f.problem for f in faults)


def test_a_dialogue_id_used_twice_is_a_fault(sound, dataset):
    seen: set[str] = set()
    assert not list(faults_of_row(sound, dataset.lexicon, seen, images=None))
    (fault,) = faults_of_row(sound, dataset.lexicon, seen, images=None)
    assert (fault.column, fault.value) == ("dialogue_id", repr(sound["dialogue_id"]))


def test_a_region_of_another_referent_is_a_fault(sound, dataset):
    row = copy.deepcopy(sound)
    row["regions"].append(dict(row["regions"][0], region_id="other", referent_id="somebody"))
    turn = next(t for t in row["turns"] if t["region_id"] and t["referent_id"])
    turn["region_id"] = "other"
    assert any(
        f.column == "turns.region_id" for f in faults_of_row(row, dataset.lexicon, set(), None)
    )


def test_the_whole_phantom_is_sound_down_to_its_images(dataset):
    assert list(validate(dataset)) == []
