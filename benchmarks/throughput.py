"""Throughput of the pipeline against the same engine driven in other ways; prints ratios.

One engine configuration, one machine, one after the other:

- pipeline: Ray Data, one actor, barrier-free conversations, Parquet
- bound: the same requests with known histories, all at once: what the engine itself can do
- lock-step: batches of 64 dialogues, every turn waits for the batch's slowest answer
- sequential: one dialogue at a time

Engine start is not counted. ``python -m benchmarks.throughput --help``.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from actors.backends.vllm_engine import VllmBackend, VllmChat
from actors.conversation import ChatRequest, Conversation
from actors.images import ImageStore
from actors.schema import Dialogue, Image
from actors.storage.files import list_files, read_parquet
from conf.load import load
from conf.schema import RunConfig
from pipeline.cluster.connect import cluster
from pipeline.generate.generate import generate
from pipeline.runs.prepare import prepare
from pipeline.runs.run import Run

BATCH = 64


@dataclass(frozen=True)
class Rate:
    """Turns answered in some seconds."""

    name: str
    turns: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Turns per second."""
        return self.turns / self.seconds


@dataclass(frozen=True)
class Sent:
    """One request as it went to the engine."""

    ids: list[int]
    images: tuple[Image, ...]
    request: ChatRequest


class Recorder(VllmBackend):
    """The product's backend, noting every request that it sends."""

    sent: list[Sent]

    async def generate(self, ids: list[int], images: Sequence[Image], request: ChatRequest) -> Any:
        """Note the request and pass it on."""
        self.sent.append(Sent(ids, tuple(images), request))
        return await super().generate(ids, images, request)


def main() -> None:
    """Measure and print."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        config = load("demo", [*arguments.overrides, f"output={folder}"])
        prepared = prepare(config)
        rates = [pipeline_rate(prepared)]
        cached_tokens(prepared)
        dialogues = [Dialogue.from_row(row) for row in prepared.dialogues.to_pylist()]
        rates += engine_rates(config, dialogues, arguments.sequential)
    report(rates)


def pipeline_rate(run: Run) -> Rate:
    """Run the product; count from the first question to the last file."""
    with cluster():
        done = generate(run)
        finished = time.time()
    rows = turn_rows(run)
    first = min(rows["started_at"].to_pylist()).timestamp()
    return Rate("pipeline", done.turns, finished - first)


def cached_tokens(run: Run) -> None:
    """Print how much of each prompt the prefix cache covered from the second turn on."""
    rows = [r for r in turn_rows(run).to_pylist() if r["status"] == "ok" and r["turn"] > 1]
    share = sum(r["cached_tokens"] for r in rows) / sum(r["prompt_tokens"] for r in rows)
    print(f"from the second turn on, {share:.1%} of the prompt tokens came from the prefix cache")


def turn_rows(run: Run) -> pa.Table:
    """Read what the pipeline wrote."""
    files = list_files(run.directory.turns, ".parquet")
    return pa.concat_tables(read_parquet(f) for f in files)


def engine_rates(config: RunConfig, dialogues: list[Dialogue], sequential: int) -> list[Rate]:
    """Drive one engine in this process in the three other ways."""
    os.environ["OMP_NUM_THREADS"] = str(os.cpu_count())  # as Ray sets it for the actor
    backend = Recorder(config.model, config.sampling, config.dataset.uri)
    backend.sent = []

    async def measure() -> list[Rate]:
        lockstep = await timed("lock-step", lambda: in_lockstep(backend, dialogues))
        known = list(backend.sent)
        await forget(backend)
        bound = await timed("bound", lambda: all_at_once(backend, known))
        await forget(backend)
        one = await timed("sequential", lambda: one_by_one(backend, dialogues[:sequential]))
        return [bound, lockstep, one]

    rates = asyncio.run(measure())
    backend.close()
    return rates


async def forget(backend: VllmBackend) -> None:
    """Empty every cache, of keys and values, of processed and of decoded images."""
    await backend._engine.reset_prefix_cache()
    await backend._engine.reset_mm_cache()
    backend.images = ImageStore(backend.dataset_uri)


async def timed(name: str, work: Callable[[], Awaitable[int]]) -> Rate:
    """Run some work that gives its number of turns."""
    started = time.perf_counter()
    turns = await work()
    return Rate(name, turns, time.perf_counter() - started)


async def in_lockstep(backend: VllmBackend, dialogues: list[Dialogue]) -> int:
    """Answer turn by turn, a whole batch at a time."""
    turns = 0
    for start in range(0, len(dialogues), BATCH):
        talks = [(begin(d), backend.open(d)) for d in dialogues[start : start + BATCH]]
        while talks:
            asked = [(talk, chat, talk.next_request()) for talk, chat in talks]
            open_ = [(talk, chat, request) for talk, chat, request in asked if request is not None]
            replies = await asyncio.gather(*(chat.ask(request) for _, chat, request in open_))
            for (talk, _, _), reply in zip(open_, replies, strict=True):
                talk.accept(reply.text)
            turns += len(open_)
            talks = [(talk, chat) for talk, chat, _ in open_]
    return turns


async def all_at_once(backend: VllmBackend, known: list[Sent]) -> int:
    """Send every request with its known history, without waiting for any."""
    await asyncio.gather(
        *(VllmBackend.generate(backend, s.ids, s.images, s.request) for s in known)
    )
    return len(known)


async def one_by_one(backend: VllmBackend, dialogues: list[Dialogue]) -> int:
    """Answer one dialogue after the other."""
    turns = 0
    for dialogue in dialogues:
        talk, chat = begin(dialogue), VllmChat(backend, dialogue.dialogue_id)
        while (request := talk.next_request()) is not None:
            talk.accept((await chat.ask(request)).text)
            turns += 1
    return turns


def begin(dialogue: Dialogue) -> Conversation:
    """Start a conversation as the demo does."""
    return Conversation(dialogue, box_dialect="norm1000", seed=0)


def report(rates: list[Rate]) -> None:
    """Print rates, and how the pipeline stands to each."""
    ours = rates[0].per_second
    print(f"{'':12}{'turns':>8}{'seconds':>10}{'turns/s':>10}{'pipeline is':>14}")
    for rate in rates:
        times = f"{ours / rate.per_second:.2f} x"
        print(f"{rate.name:12}{rate.turns:8}{rate.seconds:10.1f}{rate.per_second:10.1f}{times:>14}")


def parse() -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sequential", type=int, default=40, help="dialogues one at a time")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="of conf/demo.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    main()
