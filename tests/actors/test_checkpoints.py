"""What two checkpoints have in common: their engine, or their weights as well."""

import json
import shutil
from pathlib import Path

import pytest

from actors.checkpoints import engine_id, tensors_id
from tests.actors.small_checkpoints import write_checkpoint, write_safetensors


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
