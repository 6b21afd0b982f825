"""The transformers backend on the reference checkpoint, asked as an actor asks it."""

import asyncio
import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from actors.backends.base import EngineDead, TurnFailed
from actors.conversation import Conversation
from conf.errors import ConfigError
from tests.actors.backends.transformers_runs import (
    REFERENCE,
    all_at_once,
    converse,
    draw,
    run_config,
    start,
    token_ids,
    whole_prompts,
)

DIALOGUES = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("phantom")


@pytest.fixture(scope="module")
def dialogues(folder):
    return draw(folder, DIALOGUES)


@pytest.fixture(scope="module")
def greedy(folder, dialogues):
    """A greedy engine and what it answered to all dialogues at once."""
    backend = start(run_config(folder))
    yield backend, all_at_once(backend, dialogues)
    backend.close()


def first_request(dialogue):
    return Conversation(dialogue, box_dialect="norm1000", seed=0).next_request()


def test_answers_in_a_batch_are_those_of_plain_generate_on_the_whole_prompt(folder, greedy):
    _, conversations = greedy
    for asked in conversations[:3]:
        expected = whole_prompts(folder, REFERENCE, asked, max_tokens=48)
        assert [list(reply.token_ids) for _, reply in asked] == expected


def test_what_a_turn_computed_is_not_computed_again(greedy):
    """All but the last token, which no step has read, and which may end the turn."""
    _, conversations = greedy
    for asked in conversations:
        assert asked[0][1].cached_tokens == 0
        for (_, before), (_, reply) in itertools.pairwise(asked):
            seen = before.prompt_tokens + before.completion_tokens - 1
            assert reply.cached_tokens == seen
            assert reply.prompt_tokens > seen


def test_answers_end_with_their_last_word(greedy):
    _, conversations = greedy
    for asked in conversations:
        for _, reply in asked:
            assert reply.finish_reason == "stop"
            assert reply.text.strip()
            assert "<end_of_utterance>" not in reply.text
            assert reply.completion_tokens == len(reply.token_ids)


def test_an_answer_cut_at_its_most_tokens_says_so(folder, dialogues):
    backend = start(run_config(folder, "sampling.max_tokens=3"))
    try:
        ((_, reply), *_) = asyncio.run(converse(backend, dialogues[0], turns=1))
    finally:
        backend.close()
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 3)


def test_caches_that_do_not_fit_are_computed_again_and_change_no_answer(folder, dialogues, greedy):
    _, expected = greedy
    backend = start(run_config(folder, "model.engine.kv_cache_memory_bytes=3000000"))
    try:
        conversations = all_at_once(backend, dialogues)
    finally:
        backend.close()
    replies = [reply for asked in conversations for _, reply in asked[1:]]
    assert any(reply.cached_tokens == 0 for reply in replies), (
        "nothing was dropped: lower the bound"
    )
    assert token_ids(conversations) == token_ids(expected)


def test_an_image_is_read_once_by_the_vision_part(folder, dialogues):
    """Also where the dialogue's keys and values were dropped, as with a bound of one byte."""
    backend = start(run_config(folder, "model.engine.kv_cache_memory_bytes=1"))
    read = []
    vision = backend._model._base.vision_model
    vision.register_forward_hook(lambda *_: read.append(1))
    try:
        all_at_once(backend, [*dialogues[:3], *dialogues[:3]])
    finally:
        backend.close()
    assert len(read) == len({i.sha256 for d in dialogues[:3] for i in d.images})


def test_a_sampled_answer_depends_on_its_seed_and_on_nothing_beside_it(folder, dialogues):
    config = run_config(folder, "sampling.temperature=1.5", "sampling.top_p=0.95")
    backend = start(config)

    async def with_seed(seed):
        request = first_request(dialogues[0])
        return await backend.open(dialogues[0]).ask(replace(request, seed=seed))

    try:
        alone = asyncio.run(converse(backend, dialogues[0]))
        together = all_at_once(backend, dialogues)
        seeds = {tuple(asyncio.run(with_seed(seed)).token_ids) for seed in range(8)}
    finally:
        backend.close()
    assert token_ids([alone]) == token_ids(together[:1])
    assert len(seeds) > 1


def test_a_prompt_that_does_not_fit_the_context_fails_its_turn_alone(folder, dialogues, greedy):
    backend, _ = greedy
    request = first_request(dialogues[0])
    long = replace(request, message=replace(request.message, text="well " * 3000))

    async def ask():
        chat = backend.open(dialogues[0])
        with pytest.raises(TurnFailed, match=r"context too short: .* the engine has 2048"):
            await chat.ask(long)
        return await chat.ask(request)

    assert asyncio.run(ask()).text.strip()


def test_image_faults_fail_their_turn_with_the_reason(folder, dialogues, greedy):
    backend, _ = greedy
    request = first_request(dialogues[0])
    lost = replace(request.message.images[0], uri="images/lost.png", sha256="1" * 64)
    message = replace(request.message, images=(lost, *request.message.images[1:]))

    async def ask():
        await backend.open(dialogues[0]).ask(replace(request, message=message))

    with pytest.raises(TurnFailed, match=r"lost\.png is missing"):
        asyncio.run(ask())


def checkpoint_with(folder: Path, change) -> str:
    """Copy the reference checkpoint with changed weights."""
    shutil.copytree(REFERENCE, folder)
    weights = load_file(folder / "model.safetensors")
    changed = {name: change(name, tensor) for name, tensor in weights.items()}
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder)


def test_an_engine_that_failed_answers_nothing_more(folder, dialogues, tmp_path):
    """Weights that are no numbers make drawing a token fail, in the middle of a batch."""
    source = checkpoint_with(tmp_path / "nan", lambda _, t: t * float("nan"))
    backend = start(run_config(folder, "sampling.temperature=1", source=source))

    async def ask():
        asked = (backend.open(d).ask(first_request(d)) for d in dialogues[:3])
        failed = await asyncio.gather(*asked, return_exceptions=True)
        with pytest.raises(EngineDead, match="probability tensor"):
            await backend.open(dialogues[4]).ask(first_request(dialogues[4]))
        return failed

    failed = asyncio.run(ask())
    assert [type(error) for error in failed] == [EngineDead] * 3
    assert "probability tensor" in str(failed[0])
    backend.close()


def test_a_closed_engine_fails_what_it_has_not_answered(folder, dialogues):
    backend = start(run_config(folder))

    async def ask():
        asked = [asyncio.ensure_future(converse(backend, d)) for d in dialogues]
        await asyncio.wait(asked, timeout=0.2)
        await asyncio.to_thread(backend.close)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert any(isinstance(outcome, EngineDead) for outcome in outcomes)
        with pytest.raises(EngineDead, match="closed"):
            await backend.open(dialogues[0]).ask(first_request(dialogues[0]))

    asyncio.run(ask())


def test_reloaded_weights_answer_as_an_engine_started_on_them(folder, dialogues, tmp_path):
    other = checkpoint_with(
        tmp_path / "other", lambda name, t: t * 0.9 if "down_proj" in name else t
    )
    config = run_config(folder, source=other)
    fresh = start(config)
    reloaded = start(run_config(folder))
    try:
        before = asyncio.run(reloaded.checksum())
        all_at_once(reloaded, dialogues[:3])
        asyncio.run(reloaded.reload(config.model, config.sampling))
        expected = all_at_once(fresh, dialogues[:3])
        assert token_ids(all_at_once(reloaded, dialogues[:3])) == token_ids(expected)
        assert asyncio.run(reloaded.checksum()) == asyncio.run(fresh.checksum()) != before
    finally:
        fresh.close()
        reloaded.close()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "model.engine.block_size=32",
            r"model\.engine\.block_size is no setting of .*transformers",
        ),
        ("model.engine.dtype=int8", r"model\.engine\.dtype is 'int8'"),
        ("sampling.thinking_tokens=8", r"thinking_tokens is set, .* cannot end reasoning"),
        ("model.engine.max_num_seqs=0", r"model\.engine\.max_num_seqs is 0"),
        ("model.box_dialect=qwen25", r"how Idefics3ImageProcessor.* resizes is not known"),
    ],
)
def test_settings_that_cannot_hold_are_refused_by_name(folder, override, message):
    with pytest.raises(ConfigError, match=message):
        start(run_config(folder, override))
