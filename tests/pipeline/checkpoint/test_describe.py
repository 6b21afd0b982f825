"""Describing a checkpoint from its small files."""

import json

import fsspec
import pytest

from conf.errors import BadInput
from conf.model import BOX_DIALECTS
from pipeline import cli
from pipeline.checkpoint.describe import FAMILY_DIALECTS, describe_model

QWEN = {
    "architectures": ["Qwen2_5_VLForConditionalGeneration"],
    "model_type": "qwen2_5_vl",
    "max_position_embeddings": 128000,
    "torch_dtype": "bfloat16",
}


def checkpoint(folder, config, **files):
    for name, content in {"config": config, **files}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return str(folder)


def test_a_whole_checkpoint_lacks_nothing(tmp_path):
    source = checkpoint(
        tmp_path,
        QWEN,
        tokenizer={},
        tokenizer_config={"chat_template": "{{ x }}"},
        preprocessor_config={"image_processor_type": "Qwen2VLImageProcessor"},
    )
    (tmp_path / "model.safetensors").touch()
    card = describe_model(source)
    assert (card.architecture, card.model_type) == (QWEN["architectures"][0], "qwen2_5_vl")
    assert (card.context, card.dtype, card.box_dialect) == (128000, "bfloat16", "qwen25")
    assert (card.image_processor, card.missing) == ("Qwen2VLImageProcessor", ())


def test_what_the_language_part_says_counts_and_what_is_missing_is_named(tmp_path):
    config = {"model_type": "molmo", "text_config": {"max_position_embeddings": 4096}}
    card = describe_model(checkpoint(tmp_path, config))
    assert (card.context, card.box_dialect, card.architecture) == (4096, "molmo", None)
    assert card.missing == ("tokenizer", "chat template", "image processor", "weights")


def test_an_unknown_family_has_no_dialect(tmp_path, capsys):
    source = checkpoint(tmp_path, {"model_type": "somebodys"})
    assert describe_model(source).box_dialect is None
    assert cli.main(["model", "describe", source]) == 0
    assert "declare model.box_dialect" in capsys.readouterr().out


def test_a_remote_checkpoint_is_read_where_it_lies():
    remote = fsspec.filesystem("memory")
    remote.pipe_file("/card-test/config.json", json.dumps(QWEN).encode())
    assert describe_model("memory://card-test").context == 128000


def test_what_is_no_checkpoint_is_named(tmp_path, capsys):
    assert cli.main(["model", "describe", str(tmp_path)]) == 2
    assert "config.json is missing" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(BadInput, match="not a JSON object"):
        describe_model(str(tmp_path))


def test_every_family_names_a_known_dialect():
    assert set(FAMILY_DIALECTS.values()) <= set(BOX_DIALECTS)
