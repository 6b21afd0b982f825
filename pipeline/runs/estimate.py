"""How long an evaluation will take and how many GPU hours: a model of the run, not a measurement.

In: turns per dialogue, a measured rate, GPUs, checkpoints. Out: ``Estimate``. The model: an engine
that works on ``in_flight`` dialogues at once answers ``rate`` turns a second, so a turn takes
in_flight / rate seconds (Little's law). Tasks go to free slots, longest dialogues first, as
generation sends them; what the last slots still do while others are idle is the tail.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from conf.errors import BadInput
from conf.schema import RunConfig
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import read_manifest
from pipeline.runs.turn_log import read_turn_log

ENGINE_START_S = 180.0  # unless measured: weights from local disk, CUDA graphs, a 7 to 8 B model


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured: turns a second per GPU of a full engine, and seconds until it is up."""

    turns_per_gpu_s: float
    engine_start_s: float = ENGINE_START_S

    def __post_init__(self) -> None:
        """Check the values."""
        if not (self.turns_per_gpu_s > 0 and math.isfinite(self.turns_per_gpu_s)):
            raise BadInput(
                f"the rate is {self.turns_per_gpu_s}; it must be above 0 turns/s per GPU"
            )
        if not (self.engine_start_s >= 0 and math.isfinite(self.engine_start_s)):
            raise BadInput(f"the engine start is {self.engine_start_s} s; it must be 0 or more")


@dataclass(frozen=True, kw_only=True)
class Engines:
    """One kind of engine: its GPUs and its slots, as the configuration has them."""

    gpus: float
    dialogues_per_task: int
    tasks_per_actor: int

    @property
    def in_flight(self) -> int:
        """How many dialogues one engine works on at once."""
        return self.dialogues_per_task * self.tasks_per_actor


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an evaluation of ``checkpoints`` checkpoints takes; times in seconds of wall clock.

    ``actors`` engines serve each checkpoint, ``at_once`` checkpoints run side by side in ``waves``.
    ``full_s`` is one checkpoint's time if every slot were busy to the end, ``tail_s`` what it takes
    beyond that, ``gpu_hours`` what is held, idle tails and engine starts included.
    """

    dialogues: int
    turns: int
    longest: int
    checkpoints: int
    gpus_per_actor: float
    actors: int
    at_once: int
    waves: int
    engine_start_s: float
    full_s: float
    tail_s: float
    seconds: float
    gpu_hours: float


def estimate(
    turns: Sequence[int], engines: Engines, speed: Speed, *, gpus: int, checkpoints: int = 1
) -> Estimate:
    """Estimate an evaluation.

    Many checkpoints share the GPUs before one checkpoint gets several engines: engine starts then
    happen side by side, and no tail is longer than it must be.

    Args:
        turns: the number of turns of each dialogue.
        engines: the configuration's engine.
        speed: rate and start of a full engine.
        gpus: GPUs there are.
        checkpoints: how many are evaluated on the same dialogues.

    Raises:
        BadInput: fewer GPUs than one engine needs, or nothing to do.
    """
    if not turns or checkpoints < 1:
        raise BadInput("there is nothing to plan: no dialogue or no checkpoint")
    fit = math.floor(gpus / engines.gpus + 1e-9)
    if fit < 1:
        raise BadInput(f"an engine needs {engines.gpus:g} GPUs, there are {gpus}")
    tasks = _tasks(turns, engines.dialogues_per_task)
    at_once = min(checkpoints, fit)
    actors = min(fit // at_once, len(tasks))
    waves = math.ceil(checkpoints / at_once)
    rate = speed.turns_per_gpu_s * engines.gpus
    # An engine that is not full answers fewer turns a second, each in the same time.
    turn_s = engines.in_flight / rate
    makespan = _makespan(tasks, actors * engines.tasks_per_actor) * turn_s
    full_s = sum(turns) / (rate * actors)
    each = speed.engine_start_s + makespan
    return Estimate(
        dialogues=len(turns),
        turns=sum(turns),
        longest=max(turns),
        checkpoints=checkpoints,
        gpus_per_actor=engines.gpus,
        actors=actors,
        at_once=at_once,
        waves=waves,
        engine_start_s=speed.engine_start_s,
        full_s=full_s,
        tail_s=makespan - full_s,
        seconds=waves * each,
        gpu_hours=checkpoints * each * actors * engines.gpus / 3600,
    )


def engines_of(config: RunConfig) -> Engines:
    """Read the engine's size from a configuration; the scripted backend is planned as one GPU."""
    compute = config.compute
    return Engines(
        gpus=compute.gpus_per_actor or float(max(1, config.model.gpus_per_engine)),
        dialogues_per_task=compute.dialogues_per_task,
        tasks_per_actor=compute.tasks_per_actor,
    )


def speed_of(run: RunDirectory) -> Speed:
    """Measure a finished run: its steady rate per GPU, and how long its engine took to start.

    Raises:
        BadInput: no manifest, too few turns with times, or engines without a GPU.
    """
    passes = read_manifest(run).passes
    if not passes:
        raise BadInput(f"{run.manifest} notes no engines; give --rate")
    last = passes[-1]
    gpus = last.engines.gpus * last.engines.actors
    if gpus <= 0:
        raise BadInput(f"{run.root} ran without a GPU; its rate says nothing about one")
    log = read_turn_log(run.turns)
    rate = log.steady_rate()
    if rate is None:
        raise BadInput(f"{run.turns} holds too few turns with times to measure a rate")
    begun = datetime.fromisoformat(last.finished).timestamp() - last.seconds
    first = log.first_start(after=begun)
    start = ENGINE_START_S if first is None else first - begun
    return Speed(turns_per_gpu_s=rate / gpus, engine_start_s=start)


def _tasks(turns: Sequence[int], size: int) -> list[int]:
    """Cut into tasks as generation does, longest first; a task lasts as its longest dialogue."""
    ordered = sorted(turns, reverse=True)
    return [ordered[n] for n in range(0, len(ordered), size)]


def _makespan(tasks: Sequence[int], slots: int) -> int:
    """Return the turns until all tasks are done, each given to the slot that is free first."""
    free = [0] * min(slots, len(tasks))
    for task in tasks:
        heapq.heapreplace(free, free[0] + task)
    return max(free)
