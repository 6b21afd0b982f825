import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from actors.schema import DIALOGUE_SCHEMA, Dialogue
from pipeline.dataset.lexicon import Lexicon
from pipeline.phantom.build import DIALOGUES_PER_PART, build, write_part
from pipeline.phantom.generate import draw_dialogue

COUNT = DIALOGUES_PER_PART + 20


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, ray_cluster) -> Path:
    target = tmp_path_factory.mktemp("phantom")
    build(str(target), dialogues=COUNT, seed=5, parallelism=2)
    return target


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_another_parallelism_writes_the_same_bytes(built, tmp_path):
    build(str(tmp_path), dialogues=COUNT, seed=5, parallelism=1)
    assert tree(tmp_path) == tree(built)


def test_rows_and_images_do_not_depend_on_how_dialogues_are_sharded(tmp_path):
    write_part(str(tmp_path / "one"), 5, 0, 6)
    write_part(str(tmp_path / "two"), 5, 0, 4)
    write_part(str(tmp_path / "two"), 5, 4, 6)
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    images = {name: sha for name, sha in one.items() if name.startswith("images/")}
    assert len(images) >= 6
    assert images == {name: sha for name, sha in two.items() if name.startswith("images/")}


def test_dataset_json_counts_and_hashes_what_is_there(built):
    document = json.loads((built / "dataset.json").read_text())
    found = tree(built)
    assert document["files"] == {
        name: sha
        for name, sha in found.items()
        if name == "lexicon.json" or name.startswith("dialogues/")
    }
    assert document["counts"]["dialogues"] == COUNT
    assert document["counts"]["images"] == sum(name.startswith("images/") for name in found)
    assert document["counts"]["patients"] < COUNT
    assert (document["schema_version"], document["lexicon"]) == (1, "lexicon.json")


def test_rows_have_the_schema_and_name_their_images(built):
    table = pq.read_table(built / "dialogues")
    assert table.schema.equals(DIALOGUE_SCHEMA)
    dialogues = [Dialogue.from_row(row) for row in table.to_pylist()]
    assert len({d.dialogue_id for d in dialogues}) == COUNT
    found = tree(built)
    for dialogue in dialogues:
        assert all(found[image.uri] == image.sha256 for image in dialogue.images)
    expected, _ = draw_dialogue(5, 17)
    assert next(d for d in dialogues if d.dialogue_id == expected.dialogue_id).turns == (
        expected.turns
    )


def test_the_lexicon_written_is_one_that_can_be_read(built):
    lexicon = Lexicon.from_json(json.loads((built / "lexicon.json").read_text()), "lexicon.json")
    assert lexicon.exclusive("larger", "smaller")
    assert lexicon.exclusive("lung_cancer", "granuloma")
    assert not lexicon.exclusive("nodule", "cavity")


@pytest.mark.parametrize(("dialogues", "seed"), [(0, 0), (10, -1)])
def test_impossible_requests_are_refused(tmp_path, dialogues, seed):
    with pytest.raises(ValueError, match=f"dialogues is {dialogues} and seed {seed}"):
        build(str(tmp_path), dialogues=dialogues, seed=seed)
    assert not list(tmp_path.iterdir())
