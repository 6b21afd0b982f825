"""A checkpoint's first dialogue: one phantom dialogue asked in this process, without a cluster.

In: a configuration and a dialogue whose images lie in a folder. Out: what was asked and answered,
turn by turn.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.backends.base import ChatBackend, ChatReply, EngineDead, ShowsPrompts, TurnFailed
from actors.backends.build import build_backend
from actors.conversation import ChatRequest, Conversation
from actors.schema import Box, Dialogue, Region, Turn
from conf.errors import InfrastructureError
from conf.load import from_document, overridden, read_document
from conf.schema import RunConfig
from pipeline.parsing.boxes import read_box
from pipeline.phantom.generate import draw_dialogue

_TURNS = (3, 6)  # fewest and most of a dialogue that shows enough and reads in a minute
_CPU_CACHE = 2**30


@dataclass(frozen=True, kw_only=True)
class TriedTurn:
    """One turn: ``reply`` is None where it failed with ``error``.

    ``region`` is what the answer must point at, and ``box`` what it points at, in pixels of the
    stored image; None where the turn asks for no region, or no box is read.
    """

    turn: Turn
    request: ChatRequest
    reply: ChatReply | None
    error: str | None
    region: Region | None
    box: Box | None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A tried dialogue; ``prompt`` is the first one as the model reads it."""

    prompt: str
    turns: tuple[TriedTurn, ...]


def trial_config(
    source: str, backend: str, box_dialect: str, dataset: str, overrides: Sequence[str]
) -> RunConfig:
    """Configure a run of one dialogue: as the demo, with an engine as small as that allows.

    Raises:
        ConfigError: an override names an unknown key or an impossible value.
    """
    preset = "demo-transformers" if backend == "transformers" else "demo"
    document: Any = read_document(preset)
    document["dataset"]["uri"] = dataset
    document["model"] |= {
        "name": "trial",
        "source": source,
        "backend": backend,
        "box_dialect": box_dialect,
        "engine": _engine(backend),
    }
    document["sampling"]["max_tokens"] = 256
    return from_document(overridden(preset, document, overrides))


def _engine(backend: str) -> dict[str, Any]:
    import torch  # noqa: PLC0415

    on_gpu = torch.cuda.is_available()
    engine: dict[str, Any] = {"dtype": "auto" if on_gpu else "float32", "max_num_seqs": 4}
    if not on_gpu:
        engine["kv_cache_memory_bytes"] = _CPU_CACHE
    if backend == "vllm":
        engine |= {"enforce_eager": True, "distributed_executor_backend": "uni"}
    return engine


def trial_dialogue(folder: Path, seed: int) -> Dialogue:
    """Draw the first phantom dialogue of a seed that asks for a region; write its images."""
    index = 0
    while True:
        dialogue, files = draw_dialogue(seed, index)
        regions = any(turn.region_id for turn in dialogue.turns)
        if regions and _TURNS[0] <= len(dialogue.turns) <= _TURNS[1]:
            break
        index += 1
    for uri, data in files:
        (folder / uri).parent.mkdir(parents=True, exist_ok=True)
        (folder / uri).write_bytes(data)
    return dialogue


def try_dialogue(config: RunConfig, dialogue: Dialogue) -> Trial:
    """Start the engine, ask every turn, and stop it.

    Raises:
        EvaluationError: the engine refuses the checkpoint, or died.
    """
    backend = build_backend(config)
    try:
        turns = asyncio.run(_converse(backend, config, dialogue))
        first = turns[0].request
        prompt = backend.prompt_text(first) if isinstance(backend, ShowsPrompts) else first.system
        return Trial(prompt=prompt, turns=tuple(turns))
    except EngineDead as error:
        raise InfrastructureError(f"the engine died: {error}") from error
    finally:
        backend.close()


async def _converse(backend: ChatBackend, config: RunConfig, dialogue: Dialogue) -> list[TriedTurn]:
    dialect = config.model.box_dialect
    talk = Conversation(dialogue, box_dialect=dialect, seed=config.sampling.seed)
    chat = backend.open(dialogue)
    tried = []
    for turn in dialogue.turns:
        request = talk.next_request()
        if request is None:
            break
        reply, error = None, None
        try:
            reply = await chat.ask(request)
            talk.accept(reply.text)
        except TurnFailed as failure:
            error = str(failure)
            talk.fail()
        region = next((r for r in dialogue.regions if r.region_id == turn.region_id), None)
        box = _box(dialogue, region, reply, dialect)
        tried.append(
            TriedTurn(turn=turn, request=request, reply=reply, error=error, region=region, box=box)
        )
    return tried


def _box(
    dialogue: Dialogue, region: Region | None, reply: ChatReply | None, dialect: str
) -> Box | None:
    if region is None or reply is None or dialect == "none":
        return None
    image = dialogue.image(region.image_id)
    sizes = {name: (width, height) for name, width, height in reply.input_sizes or ()}
    return read_box(reply.text, dialect, (image.width, image.height), sizes.get(image.image_id))
