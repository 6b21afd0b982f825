"""Backends and requests for the tests of served models."""

import asyncio
import hashlib
import io
from pathlib import Path

from PIL import Image as PIL

from actors.backends.anthropic_endpoint import AnthropicProvider
from actors.backends.base import ChatReply
from actors.backends.endpoint.backend import EndpointBackend
from actors.backends.openai_endpoint import OpenAIProvider
from actors.conversation import ChatRequest, Exchange, UserMessage
from actors.schema import Image
from conf.endpoint import EndpointConfig, ServedModel

_LOOP = asyncio.new_event_loop()  # one, since a backend's connections belong to their loop
PROTOCOLS = ("openai", "anthropic")
REQUEST = ChatRequest(
    dialogue_id="d",
    turn=1,
    system="Be fair.",
    history=(Exchange(UserMessage((), (), "First?"), "One."),),
    message=UserMessage((), (), "How good is it?"),
    seed=5,
)


def backend(protocol: str, url: str, dataset: str = "nowhere", **columns: object):
    """Return a backend of a served model; ``columns`` are of its ``EndpointConfig``."""
    root = f"{url}/v1" if protocol == "openai" else url
    endpoint = EndpointConfig(
        **({"base_url": root, "timeout_s": 5.0, "patience_s": 20.0} | columns)
    )
    served = ServedModel(
        model="served", max_tokens=64, temperature=0.5, top_p=1.0, endpoint=endpoint
    )
    provider = {"openai": OpenAIProvider, "anthropic": AnthropicProvider}[protocol](served)
    return EndpointBackend(served, provider, dataset, protocol)


def ask(backend: EndpointBackend, *requests: ChatRequest, is_last: bool = False) -> list[ChatReply]:
    """Ask all requests at once."""

    async def all_of() -> list[ChatReply]:
        return await asyncio.gather(*(backend.ask(r, is_last=is_last) for r in requests))

    return _LOOP.run_until_complete(all_of())


def stored(folder: Path, width: int, height: int, file_format: str = "PNG") -> Image:
    """Write an image into a dataset folder; return its row."""
    buffer = io.BytesIO()
    noise = PIL.effect_noise((width, height), 90).convert("RGB")
    noise.save(buffer, file_format)
    name = f"{width}x{height}.{file_format.lower()}"
    (folder / name).write_bytes(buffer.getvalue())
    return Image(
        image_id=name,
        uri=name,
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        width=width,
        height=height,
        role="current",
        days_before=0,
    )


def showing(*images: Image) -> ChatRequest:
    """Return a request whose message shows images."""
    captions = tuple(f"Image {n}:" for n in range(len(images)))
    return ChatRequest(
        dialogue_id="d",
        turn=1,
        system="Look.",
        history=(),
        message=UserMessage(images, captions, "Well?"),
        seed=1,
    )
