"""Describing a checkpoint from its small files."""

import asyncio
import json

import fsspec
import pytest

from conf.errors import BadInput
from conf.model import BOX_DIALECTS
from pipeline import cli
from pipeline.checkpoint.dataset_fit import fit_dataset
from pipeline.checkpoint.describe import ModelCard, describe_model
from pipeline.checkpoint.families import FAMILY_DIALECTS
from pipeline.checkpoint.memory import bytes_per_token, gpu_need
from pipeline.checkpoint.small_files import small_files
from tests.actors.backends.transformers_runs import (
    REFERENCE,
    converse,
    draw,
    run_config,
    start,
)

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


def card_of(source: str) -> ModelCard:
    with small_files(source) as (folder, files):
        return describe_model(source, folder, files)


def test_a_whole_checkpoint_lacks_nothing(tmp_path):
    source = checkpoint(
        tmp_path,
        QWEN,
        tokenizer={},
        tokenizer_config={"chat_template": "{{ x }}"},
        preprocessor_config={"image_processor_type": "Qwen2VLImageProcessor"},
    )
    (tmp_path / "model.safetensors").touch()
    card = card_of(source)
    assert (card.architecture, card.model_type) == (QWEN["architectures"][0], "qwen2_5_vl")
    assert (card.context, card.dtype, card.dialect.choice) == (128000, "bfloat16", "qwen25")
    assert (card.image_processor, card.missing) == ("Qwen2VLImageProcessor", ())


def test_what_the_language_part_says_counts_and_what_is_missing_is_named(tmp_path):
    config = {"model_type": "molmo", "text_config": {"max_position_embeddings": 4096}}
    card = card_of(checkpoint(tmp_path, config))
    assert (card.context, card.dialect.choice, card.architecture) == (4096, "molmo", None)
    assert card.missing == ("tokenizer", "chat template", "image processor", "weights")


def test_an_unknown_family_has_no_dialect(tmp_path, capsys):
    source = checkpoint(tmp_path, {"model_type": "somebodys"})
    assert card_of(source).dialect.choice is None
    assert cli.main(["model", "describe", source]) == 0
    assert "declare model.box_dialect" in capsys.readouterr().out


def test_a_remote_checkpoint_is_read_where_it_lies():
    remote = fsspec.filesystem("memory")
    remote.pipe_file("/card-test/config.json", json.dumps(QWEN).encode())
    assert card_of("memory://card-test").context == 128000


def test_what_is_no_checkpoint_is_named(tmp_path, capsys):
    assert cli.main(["model", "describe", str(tmp_path)]) == 2
    assert "config.json is missing" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(BadInput, match="not a JSON object"):
        card_of(str(tmp_path))


@pytest.mark.parametrize(
    ("config", "choice", "reason"),
    [
        (QWEN, "vllm", "vLLM has Qwen2_5_VLForConditionalGeneration"),
        (
            {"architectures": ["Idefics2ForConditionalGeneration"], "model_type": "idefics2"},
            "transformers",
            "vLLM has no Idefics2ForConditionalGeneration, and transformers has it",
        ),
        (
            {"architectures": ["Florence2ForConditionalGeneration"], "model_type": "florence2"},
            None,
            "it is an encoder-decoder, which holds no conversation",
        ),
        (
            {"architectures": ["MllamaForConditionalGeneration"], "model_type": "mllama"},
            None,
            "vLLM dropped MllamaForConditionalGeneration after 0.10.2, and model.backend "
            "transformers does not run MllamaForConditionalGeneration: its text reads images by "
            "cross-attention",
        ),
        (
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama"},
            None,
            "LlamaForCausalLM takes no images",
        ),
        (
            {"architectures": ["NewVL"], "model_type": "somebodys"},
            None,
            "vLLM has no NewVL, and transformers does not know the model type somebodys",
        ),
    ],
)
def test_the_backend_that_runs_it_is_named_or_why_there_is_none(tmp_path, config, choice, reason):
    backend = card_of(checkpoint(tmp_path, config)).backend
    assert backend.choice == choice
    assert reason in backend.reason


def test_an_unknown_family_with_a_dialects_tokens_gets_that_dialect(tmp_path):
    tokenizer = {"added_tokens": [{"content": "<loc0001>"}]}
    source = checkpoint(tmp_path, {"model_type": "somebodys"}, tokenizer=tokenizer)
    dialect = card_of(source).dialect
    assert (dialect.choice, "<loc0001>" in dialect.reason) == ("paligemma", True)


def test_tokens_of_a_datasets_images_and_its_longest_dialogue_are_counted(tmp_path):
    """As the engine counts them: the reference checkpoint has 64 tokens and 3 marks an image."""
    dialogues = draw(tmp_path, 4)
    with small_files(REFERENCE) as (folder, _):
        fit = fit_dataset(folder, dialogues, "norm1000", 48, trusted=False)
    assert set(fit.tokens.values()) == {67}
    longest = next(d for d in dialogues if d.dialogue_id == fit.longest_id)
    backend = start(run_config(tmp_path))
    try:
        (*_, (_, last)) = asyncio.run(converse(backend, longest))
    finally:
        backend.close()
    turns = len(longest.turns)
    assert last.prompt_tokens <= fit.longest <= last.prompt_tokens + 48 * turns


def test_memory_is_of_weights_and_keys_and_values_and_spread_over_gpus_where_it_must_be():
    token = bytes_per_token({"num_hidden_layers": 80, "num_attention_heads": 64, "head_dim": 128})
    assert token == 2 * 80 * 64 * 128 * 2
    grouped = {"num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4}
    token = bytes_per_token(grouped | {"hidden_size": 3584})
    assert token == 57344  # of Qwen2.5-7B, as vLLM states it
    need = gpu_need(16 * 2**30, token, 8192, 28, 80 * 2**30)
    assert (need.gpus, round(need.bytes / 2**30)) == (1, 26)
    assert gpu_need(16 * 2**30, token, 8192, 28, 16 * 2**30).gpus == 4  # 2 would leave 13 each
    assert gpu_need(140 * 2**30, token, 8192, 28, 40 * 2**30).gpus is None  # 8 divides no 28 heads


def test_weights_of_32_bits_are_counted_as_they_are_loaded(tmp_path):
    source = checkpoint(tmp_path, QWEN | {"torch_dtype": "float32"})
    (tmp_path / "model.safetensors").write_bytes(b"x" * 4000)
    assert card_of(source).weights == 2000


def test_what_can_surprise_is_warned_about(tmp_path):
    source = checkpoint(tmp_path, QWEN | {"auto_map": {"AutoConfig": "x.Y"}})
    (tmp_path / "model.bin").touch()
    warnings = " ".join(card_of(source).warnings)
    for words in ("code of its own", "no safetensors", "no chat template"):
        assert words in warnings


def test_every_family_names_a_known_dialect():
    assert set(FAMILY_DIALECTS.values()) <= set(BOX_DIALECTS)
