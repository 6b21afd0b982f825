"""Answers as vLLM decodes them, of tokenizers in which a dialect's marks are special tokens."""

import re
from dataclasses import replace

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from vllm.v1.engine import EngineCoreRequest
from vllm.v1.engine.detokenizer import IncrementalDetokenizer

from actors.backends.vllm_answer import AnswerFormat
from actors.boxes.write import format_box
from actors.conversation import ChatRequest, UserMessage
from conf.model import SamplingConfig
from pipeline.parsing.boxes import read_box
from pipeline.parsing.reasoning import strip_reasoning

SIZE = (200, 100)
BOX = (50.0, 25.0, 150.0, 75.0)
EOS, TURN_END = "<eos>", "<|im_end|>"
CLOSING = f"{TURN_END}\n<|user|>"
SAMPLING = SamplingConfig(max_tokens=64, temperature=0.0, top_p=1.0, seed=0)
REQUEST = ChatRequest(
    dialogue_id="d", turn=1, system="", history=(), message=UserMessage((), (), ""), seed=0
)


def tokenizer_with(marks):
    """Bytes, and the marks as special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = (EOS, TURN_END, "<|user|>", *sorted(set(marks)))
    tokenizer.add_special_tokens([AddedToken(m, special=True, normalized=False) for m in special])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=EOS)


def closing(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False)


def decoded(tokenizer, answer, *, stopped):
    """Decode an answer with vLLM's own detokenizer, then as the backend does."""
    written = AnswerFormat(tokenizer, {tokenizer.eos_token_id}, closing(tokenizer, CLOSING))
    request = EngineCoreRequest(
        request_id="d/1",
        prompt_token_ids=tokenizer.encode("<|user|>Where?"),
        mm_features=None,
        sampling_params=written.params(SAMPLING, REQUEST),
        pooling_params=None,
        arrival_time=0.0,
        lora_request=None,
        cache_salt=None,
        data_parallel_rank=None,
    )
    detokenizer = IncrementalDetokenizer.from_new_request(tokenizer, request)
    ids = tokenizer.encode(answer, add_special_tokens=False)
    for n, token in enumerate(ids, start=1):
        detokenizer.update([token], stopped and n == len(ids))
    return written.text(detokenizer.get_next_output_text(finished=True, delta=False))


@pytest.mark.parametrize(
    ("dialect", "region"),
    [
        ("qwen", format_box("qwen", BOX, SIZE)),
        (
            "qwen",
            "<|object_ref_start|>nodule<|object_ref_end|>"
            "<|box_start|>(250,250),(750,750)<|box_end|>",
        ),
        ("internvl", "<ref>nodule</ref>" + format_box("internvl", BOX, SIZE)),
        ("paligemma", format_box("paligemma", BOX, SIZE)),
        ("florence2", format_box("florence2", BOX, SIZE)),
        ("kosmos2", format_box("kosmos2", BOX, SIZE)),
    ],
)
def test_a_box_in_special_tokens_is_read(dialect, region):
    tokenizer = tokenizer_with(re.findall(r"<[^>]+>", region))
    text = decoded(tokenizer, f"Yes. {region}{EOS}", stopped=True)
    assert text == f"Yes. {region}"
    assert read_box(text, dialect, SIZE) == pytest.approx(BOX, abs=4)


def test_reasoning_in_special_tokens_is_taken_off():
    tokenizer = tokenizer_with(["[THINK]", "[/THINK]"])
    text = decoded(tokenizer, f"[THINK]Is it No?[/THINK]Yes.{EOS}", stopped=True)
    assert strip_reasoning(text).final == "Yes."


@pytest.mark.parametrize(
    ("answer", "stopped", "text"),
    [
        (f"Yes. {EOS}", True, "Yes. "),
        (f"Yes.{TURN_END}{EOS}", True, "Yes."),
        (f"Yes.{TURN_END}\n{EOS}", True, "Yes."),
        (f"Yes.{TURN_END}", False, "Yes."),  # the last token that it was allowed
        (f"Yes.{TURN_END}No.{EOS}", True, f"Yes.{TURN_END}No."),
        ("Yes.\n", False, "Yes.\n"),
        (EOS, True, ""),
    ],
)
def test_what_ends_a_turn_is_taken_off_the_end_alone(answer, stopped, text):
    assert decoded(tokenizer_with([]), answer, stopped=stopped) == text


def test_the_templates_own_end_counts_only_if_it_is_a_special_token():
    tokenizer = tokenizer_with([])
    stops = {tokenizer.eos_token_id}
    own = tokenizer.convert_tokens_to_ids(TURN_END)
    assert AnswerFormat(tokenizer, stops, closing(tokenizer, CLOSING)).ends == stops | {own}
    assert AnswerFormat(tokenizer, stops, closing(tokenizer, "\nUser:")).ends == stops
    assert AnswerFormat(tokenizer, stops, []).ends == stops


STATED = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "eos_token_id": 3}


@pytest.mark.parametrize(
    ("source", "stated", "expected"),
    [
        ("config", STATED, (1.0, 0.9, 5, 0.1, 1.2, 0.5)),
        ("checkpoint", STATED, (0.6, 0.95, 20, 0.1, 1.2, 0.5)),
        ("checkpoint", STATED | {"repetition_penalty": 1.05}, (0.6, 0.95, 20, 0.1, 1.05, 0.5)),
        ("checkpoint", {}, (1.0, 0.9, 5, 0.1, 1.2, 0.5)),
    ],
)
def test_sampling_is_the_configurations_or_the_checkpoints(source, stated, expected):
    sampling = SamplingConfig(
        **{"max_tokens": 64, "temperature": 1.0, "top_p": 0.9, "seed": 0, "top_k": 5},
        **{"min_p": 0.1, "repetition_penalty": 1.2, "presence_penalty": 0.5, "source": source},
        thinking_tokens=16,
    )
    written = AnswerFormat(tokenizer_with([]), {0}, [], stated).params(sampling, REQUEST)
    found = (written.temperature, written.top_p, written.top_k, written.min_p)
    assert (*found, written.repetition_penalty, written.presence_penalty) == expected
    assert written.thinking_token_budget == 16


def test_a_checkpoint_that_does_not_sample_is_asked_greedily():
    sampling = replace(SAMPLING, temperature=1.0, source="checkpoint")
    written = AnswerFormat(tokenizer_with([]), {0}, [], {"do_sample": False, "temperature": 0.6})
    assert written.params(sampling, REQUEST).temperature == 0
