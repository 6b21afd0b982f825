"""Prompts as a transformers model takes them: each image's one token becomes all of its tokens.

In: token ids with one token per image, and decoded images. Out: ``Prompt``. An image is expanded
by the checkpoint's processor on that token alone, so the text around it is never tokenised again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image as PIL

from actors.backends.base import TurnFailed
from actors.backends.chat_template import (
    ChatTemplate,
    Messages,
    check_template,
    example_images,
    put_before,
)
from conf.errors import ConfigError
from conf.model import ChatConfig

_TEXT_OUTPUTS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """One image in a prompt: its ``ids``, and its patches in time, height and width if it has some.

    ``inputs`` returns what the model's vision part reads, as tensors by name; it may read the
    image again.
    """

    name: str
    ids: Sequence[int]
    grid: Any
    inputs: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where an image lies in a prompt: from token ``start`` up to ``end``."""

    start: int
    end: int
    image: Expansion


class Prompt:
    """All ids of a prompt, its images, and a ``key`` that differs where an image does."""

    def __init__(self, ids: Sequence[int], mark: int, images: Sequence[Expansion]) -> None:
        """Replace each ``mark`` in ``ids`` by the next image.

        Raises:
            TurnFailed: there are not as many marks as images.
        """
        if list(ids).count(mark) != len(images):
            raise TurnFailed(
                f"prompt refused: {list(ids).count(mark)} image tokens for {len(images)} images"
            )
        waiting = iter(images)
        self.ids: list[int] = []
        self.key: list[int] = []
        spans = []
        for token in ids:
            if token != mark:
                self.ids.append(token)
                self.key.append(token)
                continue
            image = next(waiting)
            start = len(self.ids)
            self.ids += image.ids
            self.key += [-1 - int(image.name[:15], 16)] * len(image.ids)
            spans.append(Span(start=start, end=len(self.ids), image=image))
        self.spans = tuple(spans)

    def known(self, key: Sequence[int]) -> int:
        """Return how many of the first tokens need not be computed where those of ``key`` were.

        At least one token is left, and no image is cut.
        """
        most = min(len(key), len(self.key) - 1)
        same = next((n for n in range(most) if key[n] != self.key[n]), most)
        cut = [span.start for span in self.spans if span.start < same < span.end]
        return cut[0] if cut else same

    def segments(self, start: int) -> list[tuple[int, int, Span | None]]:
        """Cut the tokens from ``start`` into pieces of one image at most, with the text around."""
        new: list[Span | None] = [span for span in self.spans if span.start >= start]
        ends = [span.end for span in new[:-1] if span] + [len(self.ids)]
        starts = [start, *ends[:-1]]
        return list(zip(starts, ends, new or [None], strict=True))


class TransformersProcessor:
    """A checkpoint's processor: chat template, tokenizer, images; loaded by the constructor.

    ``overrides`` change how it processes images, ``chat`` how it writes messages.
    """

    def __init__(
        self,
        source: str,
        chat: ChatConfig,
        *,
        trust_remote_code: bool,
        image_token: int,
        overrides: Mapping[str, Any],
    ) -> None:
        from transformers import AutoProcessor  # noqa: PLC0415

        self.processor = AutoProcessor.from_pretrained(source, trust_remote_code=trust_remote_code)
        self.tokenizer = getattr(self.processor, "tokenizer", self.processor)
        self._image_token = image_token
        self._overrides = dict(overrides)
        self._chat = chat
        holders = (self.processor, self.tokenizer)
        own = (getattr(holder, "chat_template", None) for holder in holders)
        self._jinja = chat.template or next((template for template in own if template), None)
        if self._jinja is None:
            raise ConfigError("the checkpoint has no chat template; give model.chat.template")
        self._takes_parts = self._renders_parts()
        self.mark = self._find_mark()
        self.template = ChatTemplate(self.render, self.encode, chat, put_before(self.tokenizer))
        check_template(self.template, example_images(2))

    def render(self, messages: Messages) -> str:
        """Apply the chat template, with the generation prompt."""
        if not self._takes_parts:
            messages = [m | {"content": self._joined(m["content"])} for m in messages]
        rendered: str = self.tokenizer.apply_chat_template(
            messages,
            chat_template=self._jinja,
            add_generation_prompt=True,
            tokenize=False,
            **self._chat.kwargs,
        )
        return rendered

    def _renders_parts(self) -> bool:
        """Return whether the template takes content as parts: others write them as Python does."""
        self._takes_parts = True
        word = "content"
        try:
            text = self.render([{"role": "user", "content": [{"type": "text", "text": word}]}])
        except Exception:  # of Jinja, where parts are added to a text
            return False
        return word in text and "'type'" not in text

    def _joined(self, parts: list[dict[str, str]]) -> str:
        """Return parts as one text, an image being its token."""
        image = str(self.tokenizer.convert_ids_to_tokens(self._image_token))
        return "\n".join(image if p["type"] == "image" else p["text"] for p in parts)

    def encode(self, text: str) -> list[int]:
        """Tokenise template text; the template has its special tokens already."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _find_mark(self) -> int:
        """Return the token that the template writes for an image and the processor expands."""
        user = {"role": "user", "content": [{"type": "image"}]}
        ids = self.encode(self.render([user]))
        picture = PIL.new("RGB", (224, 224))
        for token in [self._image_token] * (self._image_token in ids) + ids:
            try:
                expanded, inputs = self._process(token, picture)
            except Exception:  # whatever it says, it does not take this token
                continue
            if inputs and self._image_token in expanded:
                return token
        name = type(self.processor).__name__
        raise ConfigError(f"no token of the chat template is one that {name} takes for an image")

    def expand(self, name: str, picture: Any, load: Callable[[], Any]) -> Expansion:
        """Expand one image.

        Args:
            name: its SHA-256.
            picture: decoded.
            load: returns ``picture`` again.

        Raises:
            TurnFailed: the processor refuses the image.
        """
        try:
            ids, inputs = self._process(self.mark, picture)
        except (ValueError, TypeError, RuntimeError, OverflowError) as error:
            raise TurnFailed(f"image refused by the processor: {error}") from error
        fresh = [inputs]  # used once: pixels of every image of every dialogue would fill memory

        def once() -> Mapping[str, Any]:
            return fresh.pop() if fresh else self._process(self.mark, load())[1]

        return Expansion(name=name, ids=ids, grid=inputs.get("image_grid_thw"), inputs=once)

    def _process(self, token: int, picture: Any) -> tuple[list[int], dict[str, Any]]:
        """Return the ids that one image's token becomes, and what the vision part reads."""
        outputs = self.processor(
            text=[self.tokenizer.convert_ids_to_tokens(token)],
            images=[picture],
            add_special_tokens=False,
            return_tensors="pt",
            **self._overrides,
        )
        ids: list[int] = outputs["input_ids"][0].tolist()
        return ids, {k: v for k, v in outputs.items() if k not in _TEXT_OUTPUTS}
