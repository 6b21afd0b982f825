"""What two checkpoints have in common: their engine, or their weights as well."""

import json
import shutil
import time
from pathlib import Path

import pytest

from actors.checkpoints import engine_id, tensors_id, weights_id
from tests.actors.small_checkpoints import write_checkpoint, write_safetensors, write_sparse

MIB = 2**20


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "one", fill=1)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "other", fill=2)


def test_checkpoints_that_differ_in_weights_alone_have_one_engine(one, other):
    assert engine_id(str(one)) == engine_id(str(other))
    assert tensors_id(str(one)) != tensors_id(str(other))


def test_what_no_engine_reads_and_how_weights_are_cut_into_files_make_no_difference(one, other):
    (other / "README.md").write_text("a model card")
    (other / "trainer_state.json").write_text("{}")
    (other / "training_args.bin").write_bytes(b"x")
    (other / ".gitattributes").write_text("*")
    (other / "model.safetensors").unlink()
    write_safetensors(other / "model-1.safetensors", {"a": ("F32", [2, 2])}, fill=2)
    write_safetensors(other / "model-2.safetensors", {"b": ("F32", [3])}, fill=2)
    (other / "model.safetensors.index.json").write_text("{}")
    assert engine_id(str(one)) == engine_id(str(other))


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "processor_config.json", "chat_template.jinja"]
)
def test_another_byte_in_any_other_file_makes_another_engine(one, other, name):
    with (other / name).open("a") as file:
        file.write(" ")
    assert engine_id(str(one)) != engine_id(str(other))


def test_a_file_more_or_less_makes_another_engine(one, other):
    (other / "modeling_custom.py").write_text("")
    assert engine_id(str(one)) != engine_id(str(other))


@pytest.mark.parametrize(
    "tensors",
    [
        {"a": ("F32", [2, 2])},
        {"a": ("F32", [2, 2]), "b": ("F32", [3]), "c": ("F32", [1])},
        {"a": ("F32", [4]), "b": ("F32", [3])},
        {"a": ("F32", [2, 2]), "b": ("BF16", [3])},
    ],
)
def test_a_tensor_missing_added_or_of_another_form_makes_another_engine(one, other, tensors):
    write_safetensors(other / "model.safetensors", tensors, fill=2)
    assert engine_id(str(one)) != engine_id(str(other))


def test_where_the_tensors_are_not_known_no_engine_is(one):
    assert engine_id("owner/model") is None
    shutil.move(one / "model.safetensors", one / "pytorch_model.bin")
    assert engine_id(str(one)) is None


def test_a_file_that_is_no_safetensors_is_refused(one):
    (one / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0no json!")
    with pytest.raises(json.JSONDecodeError):
        engine_id(str(one))


def test_equal_weights_are_recognised_whatever_else_differs(one, tmp_path):
    copy = write_checkpoint(tmp_path / "copy", fill=1)
    (copy / "README.md").write_text("another model card")
    (copy / "config.json").write_text('{"architectures": ["Other"]}')
    assert tensors_id(str(one)) == tensors_id(str(copy))


# A checkpoint of 135 MiB, above the size up to which files are hashed whole.
LARGE = {
    "embedding": 60 * MIB,
    "bias": 4 * 1024,
    "layer": 20 * MIB,
    "norm": 100,
    "projector": 1 * MIB,
    "small": 32 * 1024,
    "head": 50 * MIB + 12,
}


@pytest.mark.parametrize("changed", LARGE)
def test_a_tensor_that_changed_as_a_whole_changes_the_id_of_a_large_checkpoint(changed, tmp_path):
    write_sparse(tmp_path / "one" / "model.safetensors", LARGE)
    write_sparse(tmp_path / "other" / "model.safetensors", LARGE, changed=changed)
    for identify in (weights_id, tensors_id):
        assert identify(str(tmp_path / "one")) != identify(str(tmp_path / "other"))


def test_a_large_checkpoint_has_one_id_wherever_it_lies(tmp_path):
    write_sparse(tmp_path / "one" / "model.safetensors", LARGE, changed="layer")
    write_sparse(tmp_path / "other" / "model.safetensors", LARGE, changed="layer")
    assert weights_id(str(tmp_path / "one")) == weights_id(str(tmp_path / "other"))


def test_another_name_or_type_of_a_tensor_changes_the_id_of_a_large_checkpoint(tmp_path):
    write_sparse(tmp_path / "one" / "model.safetensors", LARGE)
    renamed = {name.replace("bias", "bian"): size for name, size in LARGE.items()}
    write_sparse(tmp_path / "other" / "model.safetensors", renamed)
    assert weights_id(str(tmp_path / "one")) != weights_id(str(tmp_path / "other"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
@pytest.mark.parametrize("place", [0, 33 * MIB + 5, 70 * MIB - 1])
def test_of_a_large_file_without_a_list_of_tensors_every_byte_counts(name, place, tmp_path):
    for folder, byte in (("one", b"\x08"), ("other", b"\x09")):
        (tmp_path / folder).mkdir()
        with (tmp_path / folder / name).open("wb") as file:
            file.truncate(70 * MIB)
            file.seek(place)
            file.write(byte)
    assert weights_id(str(tmp_path / "one")) != weights_id(str(tmp_path / "other"))


def test_of_140_gb_little_is_read(tmp_path):
    """80 layers, 140 GB that are not there: read to their end they would take minutes."""
    layer = {"q": 2**27, "k": 2**24, "norm": 2**14, "gate": 458 * MIB, "up": 458 * MIB}
    layer["down"], layer["out"] = 458 * MIB, 2**27
    tensors = {f"{n}.{name}": size for n in range(80) for name, size in layer.items()}
    write_sparse(tmp_path / "model.safetensors", tensors)
    assert (tmp_path / "model.safetensors").stat().st_size > 130e9
    began = time.monotonic()
    weights_id(str(tmp_path))
    assert time.monotonic() - began < 30
