"""Requests that the real engine does not answer: one engine, asked as an actor asks it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from actors.backends.base import ChatReply, TurnFailed
from actors.backends.vllm_engine import VllmBackend
from actors.conversation import ChatRequest, Conversation
from actors.schema import Dialogue
from conf.load import load
from pipeline.dataset.open import open_dataset

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
CONTEXT = 1024


@dataclass(frozen=True)
class Scene:
    """What happened on one engine; one event loop serves an engine all its life."""

    after_refusal: ChatReply
    after_loss: tuple[ChatReply, ChatReply]
    undisturbed: tuple[ChatReply, ChatReply]
    aborted: TurnFailed
    after_abort: ChatReply


def first_request(dialogue: Dialogue) -> ChatRequest:
    request = Conversation(dialogue, box_dialect="norm1000", seed=0).next_request()
    assert request is not None
    return request


async def two_turns(backend: VllmBackend, dialogue: Dialogue, *, lose: bool):
    """Ask two turns; ``lose``: between them the engine's process forgets its images."""
    conversation = Conversation(dialogue, box_dialect="norm1000", seed=0)
    chat = backend.open(dialogue)
    replies = []
    for _ in range(2):
        replies.append(await chat.ask(conversation.next_request()))
        conversation.accept(replies[-1].text)
        if lose:
            await backend._engine.engine_core.reset_mm_cache_async()
    return tuple(replies)


async def refused_then_asked(backend: VllmBackend, dialogue: Dialogue) -> ChatReply:
    """Refuse a prompt that fits the context only without its image, then ask a short one."""
    request = first_request(dialogue)
    chat = backend.open(dialogue)
    long, words = request, " well"
    while len(chat._history.prompt(long)) < CONTEXT - 8:
        words += " well"
        long = replace(request, message=replace(request.message, text=words))
    with pytest.raises(TurnFailed, match="context too short"):
        await chat.ask(long)
    return await chat.ask(request)


async def aborted_and_asked(backend: VllmBackend, dialogue: Dialogue):
    """Abort a turn whenever it is in the engine, then ask it in peace."""
    request = first_request(dialogue)
    chat = backend.open(dialogue)
    asked = asyncio.ensure_future(chat.ask(request))
    while not asked.done():
        await backend._engine.abort(f"{request.dialogue_id}/{request.turn}")
        await asyncio.sleep(0)
    failed = asked.exception()
    assert isinstance(failed, TurnFailed)
    return failed, await chat.ask(request)


@pytest.fixture(scope="module")
def scene(phantom: Path) -> Iterator[Scene]:
    config = load("demo", [f"dataset.uri={phantom}", f"model.engine.max_model_len={CONTEXT}"])
    rows = open_dataset(str(phantom)).dialogues().to_pylist()
    dialogues = [Dialogue.from_row(row) for row in rows if len(row["turns"]) > 1]
    backend = VllmBackend(config.model, config.sampling, config.dataset.uri)

    async def play() -> Scene:
        after_refusal = await refused_then_asked(backend, dialogues[0])
        undisturbed = await two_turns(backend, dialogues[1], lose=False)
        after_loss = await two_turns(backend, dialogues[1], lose=True)
        aborted, after_abort = await aborted_and_asked(backend, dialogues[2])
        return Scene(after_refusal, after_loss, undisturbed, aborted, after_abort)

    try:
        yield asyncio.run(play())
    finally:
        backend.close()


def test_an_image_first_shown_in_a_refused_prompt_is_there_for_the_next(scene):
    assert scene.after_refusal.finish_reason == "stop"
    assert scene.after_refusal.text.strip()


def test_images_that_the_engine_lost_are_sent_again_and_change_no_answer(scene):
    assert [r.finish_reason for r in scene.after_loss] == ["stop", "stop"]
    assert [r.token_ids for r in scene.after_loss] == [r.token_ids for r in scene.undisturbed]


def test_a_turn_that_stays_unanswered_fails_with_the_reason(scene):
    assert str(scene.aborted) == (
        "engine: no answer in two requests, finished by 'abort' and 'abort'"
    )
    assert scene.after_abort.finish_reason == "stop"
    assert scene.after_abort.text.strip()


def test_answers_end_with_their_last_word(scene):
    for reply in (*scene.undisturbed, scene.after_refusal):
        assert "<end_of_utterance>" not in reply.text
        assert reply.token_ids[-1] == 2
