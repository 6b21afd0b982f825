"""A dialogue as a training sample: the ids that an engine would be sent, and which to learn.

In: a dialogue with its pixels. Out: a ``Sample``. The prompt is built by the same conversation,
chat template and token history that serves a checkpoint, with the gold answers as history.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PIL

from actors.backends.chat_template import ChatTemplate
from actors.backends.token_history import TokenHistory
from actors.conversation import Conversation
from actors.gold import gold_answer
from actors.schema import Dialogue
from conf.model import ChatConfig
from examples.reference_model.settings import DIALECT, GRID

READ, WORD, COORDINATE = 0, 1, 2  # how the loss treats a token


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One dialogue: ids and their kinds [tokens], pixels uint8 [images, 3, side, side]."""

    ids: NDArray[np.int16]
    kinds: NDArray[np.uint8]
    pixels: NDArray[np.uint8]


class Encoder:
    """Encodes dialogues for one processor (of ``pipeline.checkpoint.tiny``)."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._images = processor.image_processor
        self._end: int = self._tokenizer.eos_token_id

    def sample(self, dialogue: Dialogue, pixels: dict[str, NDArray[np.uint8]]) -> Sample:
        """Return a whole dialogue encoded; images in the order in which the turns show them."""
        ids, kinds = self.tokens(dialogue)
        shown = [name for turn in dialogue.turns for name in turn.image_ids]
        images = np.stack([self.pixels(PIL.fromarray(pixels[name])) for name in shown])
        return Sample(ids=ids, kinds=kinds, pixels=images)

    def tokens(self, dialogue: Dialogue) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Return the ids of prompts and gold answers, images expanded, and the kind of each."""
        dialogue = on_grid(dialogue)
        conversation = Conversation(dialogue, box_dialect=DIALECT, seed=0)
        template = ChatTemplate(self._render, self._encode, ChatConfig())
        transcript = TokenHistory(template, {self._end})
        kinds: list[int] = []
        ids: list[int] = []
        for turn in dialogue.turns:
            request = conversation.next_request()
            if request is None:
                raise ValueError(f"{dialogue.dialogue_id} ends before turn {turn.turn}")
            ids = transcript.prompt(request)
            kinds += [READ] * (len(ids) - len(kinds))
            answer = gold_answer(dialogue, turn, DIALECT)
            learnt = self.answer(answer)
            kinds += self._kinds(learnt, boxed=turn.region_id is not None)
            transcript.accept(ids, learnt)
            ids = ids + learnt
            conversation.accept(answer)
        return self._expand(ids, kinds)

    def answer(self, text: str) -> list[int]:
        """Return the ids that a model must generate to answer ``text``."""
        return [*self._encode(f" {text}"), self._end]

    def pixels(self, image: PIL.Image) -> NDArray[np.uint8]:
        """Return an image resized as the processor does: uint8 [3, side, side], not rescaled."""
        settings = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}
        values = self._images(images=[[image.convert("RGB")]], **settings)["pixel_values"]
        return np.asarray(values[0, 0]).round().astype(np.uint8)

    def _render(self, messages: list[dict[str, Any]]) -> str:
        text: str = self._processor.apply_chat_template(messages, add_generation_prompt=True)
        return text

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _kinds(self, answer: list[int], *, boxed: bool) -> list[int]:
        kinds = [WORD] * len(answer)
        if boxed:
            numbers = [n for n, token in enumerate(answer) if token in self._numbers]
            for n in numbers[-4:]:
                kinds[n] = COORDINATE
        return kinds

    @cached_property
    def _numbers(self) -> frozenset[int]:
        return frozenset(self.coordinate_ids())

    def coordinate_ids(self) -> list[int]:
        """Return the tokens of 0, GRID, ... 1000 in this order."""
        values = [str(v) for v in range(0, 1001, GRID)]
        ids: list[int] = self._tokenizer.convert_tokens_to_ids(values)
        return ids

    def word_ids(self, words: Iterable[str]) -> list[int]:
        """Return the token of each word within a sentence; ValueError if one takes several."""
        spelt = [self._encode(f" {word}") for word in words]
        return [token for (token,) in spelt]

    def _expand(
        self, ids: list[int], kinds: list[int]
    ) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """Expand the template's one token per image into all of them, as the processor does."""
        of = self._tokenizer.convert_tokens_to_ids
        mark, edge = of("<image>"), of("<fake_token_around_image>")
        image = [edge, of("<global-img>"), *[mark] * self._processor.image_seq_len, edge]
        out_ids: list[int] = []
        out_kinds: list[int] = []
        for token, kind in zip(ids, kinds, strict=True):
            out_ids += image if token == mark else [token]
            out_kinds += [READ] * len(image) if token == mark else [kind]
        return np.array(out_ids, np.int16), np.array(out_kinds, np.uint8)


def on_grid(dialogue: Dialogue) -> Dialogue:
    """Move every region's edges to the nearest coordinate of the grid."""
    sizes = {image.image_id: (image.width, image.height) for image in dialogue.images}
    cells = 1000 // GRID
    regions = []
    for region in dialogue.regions:
        width, height = sizes[region.image_id]
        x0, y0, x1, y1 = region.box
        snapped = (
            round(x0 / width * cells) / cells * width,
            round(y0 / height * cells) / cells * height,
            round(x1 / width * cells) / cells * width,
            round(y1 / height * cells) / cells * height,
        )
        regions.append(replace(region, box=snapped))
    return replace(dialogue, regions=tuple(regions))
