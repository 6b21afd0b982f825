"""Prompts rendered by vLLM, and the engine's image cache: its own classes on both sides."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from vllm import AsyncEngineArgs
from vllm.multimodal.cache import LruKeyReplicatedReceiverCache, MultiModalCacheMissError
from vllm.renderers.registry import renderer_from_config

from actors.backends.base import TurnFailed
from actors.backends.vllm_prompt import PromptRenderer
from tests.actors.dialogues import image

CHECKPOINT = Path(__file__).parents[3] / "examples/reference_model/checkpoints/final"
CONTEXT = 512
ROOM, NO_ROOM = 8, CONTEXT


class Sides:
    """The frontend's renderer, with its side of the cache, and the engine's side."""

    def __init__(self, config):
        self.renderer = renderer_from_config(config)
        self.prompts = PromptRenderer(self.renderer, config.model_config)
        self.receiver = LruKeyReplicatedReceiverCache(config.model_config)

    def render(self, *names, answer_tokens=ROOM):
        """Render a prompt with an image of each name as the backend does."""
        ids = self.renderer.tokenizer.encode("<bos>User:" + "<image>" * len(names) + " Well?")
        images = [
            (replace(image(name), sha256=name), Image.new("RGB", (112, 112), name))
            for name in names
        ]

        async def rendered():
            with self.prompts.forgetting_unsent(names):
                return await self.prompts.render(ids, images, answer_tokens)

        return asyncio.run(rendered())

    def receive(self, rendered):
        """Do as the engine's process does; return how many images were sent with their pixels."""
        items = rendered["mm_kwargs"]["image"]
        for name, item in zip(rendered["mm_hashes"]["image"], items, strict=True):
            self.receiver.get_and_update_item(item, name)
        return sum(item is not None for item in items)


@pytest.fixture(scope="module")
def config():
    return AsyncEngineArgs(model=str(CHECKPOINT), max_model_len=CONTEXT).create_engine_config()


@pytest.fixture
def sides(config):
    return Sides(config)


def test_an_image_of_a_refused_prompt_is_sent_with_the_next_one(sides):
    with pytest.raises(TurnFailed, match="context too short: prompt and answer need"):
        sides.render("red", answer_tokens=NO_ROOM)
    assert sides.receive(sides.render("red")) == 1
    assert sides.receive(sides.render("red")) == 0


def test_a_refused_prompt_leaves_known_what_was_known(sides):
    assert sides.receive(sides.render("red")) == 1
    with pytest.raises(TurnFailed, match="context too short"):
        sides.render("red", "blue", answer_tokens=NO_ROOM)
    assert sides.receive(sides.render("red", "blue")) == 1


def test_images_that_the_engine_lost_are_sent_again_once_forgotten(sides):
    assert sides.receive(sides.render("red", "blue")) == 2
    sides.receiver.clear_cache()
    with pytest.raises(MultiModalCacheMissError):
        sides.receive(sides.render("red", "blue"))
    sides.prompts.forget(["red", "blue"])
    assert sides.receive(sides.render("red", "blue")) == 2


def test_a_prompt_that_vllm_itself_refuses_fails_its_turn(sides):
    ids = [1] * (CONTEXT + 1)
    with pytest.raises(TurnFailed, match="prompt refused"):
        asyncio.run(sides.prompts.render(ids, [], ROOM))
