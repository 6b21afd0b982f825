import pyarrow as pa
import pytest

from actors.schema import Dialogue
from actors.storage.files import read_bytes, read_parquet, write_json, write_parquet
from examples.reference_model.altered import (
    next_alike,
    write_blank,
    write_shuffled,
    write_swapped,
)
from pipeline.dataset.open import open_dataset
from pipeline.dataset.validate import validate
from pipeline.phantom.build import dataset_document, write_part
from pipeline.phantom.catalogue.modalities import lexicon_document


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    target = str(tmp_path_factory.mktemp("phantom"))
    write_json(f"{target}/lexicon.json", lexicon_document())
    part = write_part(target, 0, 0, 60)
    write_json(f"{target}/dataset.json", dataset_document(0, [part], {}))
    return open_dataset(target)


@pytest.fixture(scope="module")
def dialogues(dataset):
    return read(dataset)


def read(dataset):
    return [Dialogue.from_row(row) for row in dataset.dialogues().to_pylist()]


def test_next_alike_is_a_permutation_within_a_kind(dialogues):
    partner = next_alike(dialogues, lambda d: d.modality)
    modality = {d.dialogue_id: d.modality for d in dialogues}
    assert sorted(partner.values()) == sorted(partner)
    assert all(modality[mine] == modality[theirs] for mine, theirs in partner.items())


def test_blank_dataset_is_valid_and_shows_nothing(dataset, dialogues, tmp_path):
    write_blank(dataset, dialogues, str(tmp_path))
    blank = open_dataset(str(tmp_path))
    assert list(validate(blank)) == []
    assert [d.turns for d in read(blank)] == [d.turns for d in dialogues]
    images = [i for d in read(blank) for i in d.images]
    assert len({i.sha256 for i in images}) == len({(i.width, i.height) for i in images})


def test_swapped_dataset_is_valid_and_keeps_every_image_once(dataset, dialogues, tmp_path):
    changed = write_swapped(dataset, dialogues, str(tmp_path))
    swapped = open_dataset(str(tmp_path))
    assert list(validate(swapped)) == []
    before = [i.sha256 for d in dialogues for i in d.images]
    after = [i.sha256 for d in read(swapped) for i in d.images]
    assert sorted(before) == sorted(after)
    assert changed == sum(
        [i.sha256 for i in mine.images] != [i.sha256 for i in theirs.images]
        for mine, theirs in zip(dialogues, read(swapped), strict=True)
    )
    assert changed > 40
    first = dialogues[0].images[0]
    assert read_bytes(f"{tmp_path}/{first.uri}") != read_bytes(f"{dataset.uri}/{first.uri}")


def test_shuffled_answers_reach_dialogues_with_the_same_turns(dialogues, tmp_path):
    rows = [
        {"dialogue_id": d.dialogue_id, "turn": t.turn, "status": "ok", "response": d.dialogue_id}
        for d in dialogues
        for t in d.turns
    ]
    write_parquet(f"{tmp_path}/turns/a.parquet", pa.Table.from_pylist(rows))
    changed = write_shuffled(f"{tmp_path}/turns", dialogues, f"{tmp_path}/shuffled")
    shuffled = read_parquet(f"{tmp_path}/shuffled/part-00000.parquet").to_pylist()
    key = [(r["dialogue_id"], r["turn"]) for r in rows]
    assert sorted((r["dialogue_id"], r["turn"]) for r in shuffled) == sorted(key)
    assert changed == len({r["response"] for r in shuffled if r["response"] != r["dialogue_id"]})
    assert changed > 0
