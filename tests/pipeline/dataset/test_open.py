import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.schema import DIALOGUE_SCHEMA, Dialogue
from conf.errors import BadInput
from pipeline.dataset.open import migrate, open_dataset, turn_counts
from pipeline.dataset.validate import validate


@pytest.fixture
def copy(phantom, tmp_path):
    """A copy without its images, to be broken."""
    target = tmp_path / "copy"
    shutil.copytree(phantom, target, ignore=shutil.ignore_patterns("*.png"))
    return target


def rewrite(folder, **changes):
    path = folder / "dataset.json"
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))


def test_rows_survive_the_round_trip_through_dialogues(phantom):
    table = open_dataset(str(phantom)).dialogues()
    rows = [Dialogue.from_row(row).to_row() for row in table.to_pylist()]
    again = pa.Table.from_pylist(rows, schema=DIALOGUE_SCHEMA)
    assert again.equals(table.select(DIALOGUE_SCHEMA.names).cast(DIALOGUE_SCHEMA))


def test_a_limit_takes_the_first_dialogues(phantom):
    dataset = open_dataset(str(phantom))
    ids = dataset.dialogues()["dialogue_id"].to_pylist()
    assert dataset.dialogues(3)["dialogue_id"].to_pylist() == ids[:3]
    assert len(turn_counts(dataset.dialogues(3))) == 3


def test_the_content_id_ignores_the_place_and_follows_the_content(phantom, copy):
    assert open_dataset(str(copy)).content_id == open_dataset(str(phantom)).content_id
    file = next((copy / "dialogues").iterdir())
    pq.write_table(pq.read_table(file).slice(1), file)
    with pytest.raises(BadInput, match="altered"):
        _ = open_dataset(str(copy)).content_id
    rewrite(copy, files=None)
    assert open_dataset(str(copy)).content_id != open_dataset(str(phantom)).content_id


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"schema_version": 3}, "schema_version is 3"),
        ({"lexicon": None}, "lacks lexicon"),
        ({"lexicon": "../lexicon.json"}, "leaves the dataset folder"),
        ({"lexicon": "other.json"}, r"other\.json is missing"),
    ],
)
def test_a_bad_dataset_document_is_named(copy, changes, word):
    rewrite(copy, **changes)
    with pytest.raises(BadInput, match=word):
        open_dataset(str(copy))


def test_missing_folders_columns_and_broken_files_are_named(copy, tmp_path):
    with pytest.raises(BadInput, match=r"dataset\.json is missing"):
        open_dataset(str(tmp_path / "nowhere"))
    file = next((copy / "dialogues").iterdir())
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["patient_id"]), file)
    with pytest.raises(BadInput, match=f"{file.name} lacks the column 'patient_id'"):
        open_dataset(str(copy)).dialogues()
    file.write_bytes(b"PAR1 nonsense")
    with pytest.raises(BadInput, match=f"{file.name} cannot be read"):
        open_dataset(str(copy)).dialogues()
    file.unlink()
    with pytest.raises(BadInput, match=r"no \.parquet"):
        open_dataset(str(copy))


def test_optional_and_extra_columns_are_tolerated(copy):
    file = next((copy / "dialogues").iterdir())
    table = pq.read_table(file).drop_columns(["adversarial_of", "perturbation"])
    pq.write_table(table.append_column("note", pa.array(["x"] * table.num_rows)), file)
    rewrite(copy, files=None)
    first = Dialogue.from_row(open_dataset(str(copy)).dialogues().to_pylist()[0])
    assert first.adversarial_of is None


def test_a_migrated_dataset_keeps_its_content_id(copy):
    before = open_dataset(str(copy))
    assert migrate(str(copy))
    after = open_dataset(str(copy))
    assert (before.document["schema_version"], after.document["schema_version"]) == (1, 2)
    assert after.content_id == before.content_id
    assert list(validate(after, check_images=False)) == []
    assert not migrate(str(copy))
