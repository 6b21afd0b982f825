"""The configuration of a run: frozen dataclasses, checked where they are made.

In: values from ``conf.load``. Out: ``RunConfig``. Every field of every section must be in a preset.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from conf.backends import RUN_BACKENDS
from conf.errors import ConfigError
from conf.uris import refuse_credentials

ARTICLE_WEIGHTS = {
    "turn_accuracy": 0.30,
    "visual_consistency": 0.25,
    "reasoning_coherence": 0.25,
    "hallucination_rate": 0.20,
}
METRICS = tuple(ARTICLE_WEIGHTS)
# Optional keys of model.script: injected faults, see actors/backends/fault_injection.py.
FAULT_KEYS = frozenset(
    {
        "chaos_die_on",
        "chaos_hang_on",
        "chaos_error_on",
        "chaos_failed_starts",
        "chaos_times",
        "chaos_count",
        "chaos_folder",
    }
)
_PARALLEL = ("tensor_parallel_size", "pipeline_parallel_size")

# How a checkpoint writes a region of interest: declared per checkpoint, never guessed. Each name
# has its entry in actors/boxes/dialects.py.
BOX_DIALECTS = (
    "norm1000",
    "norm1",
    "pixels",
    "qwen25",
    "qwen",
    "internvl",
    "gemini",
    "paligemma",
    "florence2",
    "kosmos2",
    "molmo",
    "none",
)


@dataclass(frozen=True, kw_only=True)
class DatasetConfig:
    """Which dialogues: a folder or s3:// URI, and how many of them (None: all)."""

    uri: str
    limit: int | None
    drop_faulty: bool

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.uri:
            raise ConfigError("dataset.uri is empty")
        refuse_credentials("dataset.uri", self.uri)
        at_least("dataset", self, limit=1)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which checkpoint and how it is served.

    ``engine`` goes to vLLM as it is; ``script`` is for the scripted backend: ``error_rate`` (share
    of turns answered wrongly), ``delay_s`` (seconds that an answer takes) and, for testing a
    cluster's recovery, the faults of ``actors.backends.fault_injection``.
    """

    name: str
    source: str
    backend: str
    box_dialect: str
    trust_remote_code: bool
    engine: dict[str, Any]
    script: dict[str, float | int | str]

    def __post_init__(self) -> None:
        """Check the values."""
        name_folder("model.name", self.name)
        if not self.source:
            raise ConfigError("model.source is empty")
        refuse_credentials("model.source", self.source)
        one_of("model.backend", self.backend, RUN_BACKENDS)
        one_of("model.box_dialect", self.box_dialect, BOX_DIALECTS)
        if set(self.script) - FAULT_KEYS != {"error_rate", "delay_s"}:
            raise ConfigError(f"model.script names {sorted(self.script)}, not delay_s, error_rate")
        for key in ("error_rate", "delay_s"):
            if isinstance(self.script[key], str):
                raise ConfigError(f"model.script.{key} is {self.script[key]!r}; it must be float")
        for key in _PARALLEL:
            size = self.engine.get(key, 1)
            if not isinstance(size, int) or size < 1:
                raise ConfigError(f"model.engine.{key} is {size!r}; it must be an integer from 1")
        copies = self.engine.get("data_parallel_size", 1)
        if copies != 1:
            raise ConfigError(
                f"model.engine.data_parallel_size is {copies!r}; it must be 1, because an actor is "
                "one engine: set compute.actors to the number of engines"
            )

    @property
    def loads_checkpoint(self) -> bool:
        """Return whether ``source`` is a checkpoint that an engine on this cluster loads."""
        return RUN_BACKENDS[self.backend].loads_checkpoint

    @property
    def gpus_per_engine(self) -> int:
        """Return how many GPUs one engine spreads over, on a cluster with GPUs; 0 without one."""
        if not self.loads_checkpoint:
            return 0
        return math.prod(self.engine.get(key, 1) for key in _PARALLEL)


@dataclass(frozen=True, kw_only=True)
class ConversationConfig:
    """How a dialogue is presented to the model: the version of the prompt."""

    prompt: str

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("conversation.prompt", self.prompt, ("v1",))


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How answers are drawn; ``max_tokens`` bounds one answer."""

    max_tokens: int
    temperature: float
    top_p: float
    seed: int

    def __post_init__(self) -> None:
        """Check the values."""
        at_least("sampling", self, max_tokens=1, temperature=0)
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"sampling.top_p is {self.top_p}; it must be in (0, 1]")


@dataclass(frozen=True, kw_only=True)
class ComputeConfig:
    """How the work is spread over the cluster.

    ``dialogues_per_task`` x ``tasks_per_actor`` dialogues are in flight per actor: about the
    engine's max_num_seqs. ``actors`` engines run at once; with ``min_actors`` the pool starts with
    those that fit, grows up to ``actors`` and shrinks as work runs out. ``gpus_per_actor`` and
    ``cpus_per_actor`` None mean: the engine's GPUs where the cluster has any, else an equal
    share of the CPUs.

    A dialogue whose actor dies is tried again, ``max_attempts`` times in all, the last time with
    no other in flight; then it is quarantined. An actor that answers no turn for
    ``stall_timeout_s`` seconds (None: no limit) is replaced. An actor that cannot start
    ``max_start_failures`` + 1 times in a row ends the run. So do ``max_unanswered_engines`` engines
    that die before any turn was answered, and the first ``stop_after_failures`` turns (None: no
    limit) if all of them fail for the same reason.

    A run of whose turns a larger share than ``max_failed_share`` failed is not complete.
    """

    actors: int
    min_actors: int | None
    gpus_per_actor: float | None
    cpus_per_actor: float | None
    dialogues_per_task: int
    tasks_per_actor: int
    max_attempts: int = 3
    stall_timeout_s: float | None = 600.0
    max_start_failures: int = 3
    max_unanswered_engines: int = 2
    stop_after_failures: int | None = 32
    max_failed_share: float = 0.05

    def __post_init__(self) -> None:
        """Check the values."""
        at_least(
            "compute",
            self,
            actors=1,
            gpus_per_actor=0,
            cpus_per_actor=0,
            dialogues_per_task=1,
            tasks_per_actor=1,
            # With one attempt, a dialogue that kills its actor looks like those beside it.
            max_attempts=2,
            max_start_failures=0,
            max_unanswered_engines=1,
            stop_after_failures=1,
        )
        if self.min_actors is not None and not 1 <= self.min_actors <= self.actors:
            raise ConfigError(
                f"compute.min_actors is {self.min_actors}; it must be 1 to compute.actors, "
                f"which is {self.actors}"
            )
        if not 0 <= self.max_failed_share <= 1:
            raise ConfigError(
                f"compute.max_failed_share is {self.max_failed_share}; it must be in [0, 1]"
            )
        if self.stall_timeout_s is not None and self.stall_timeout_s <= 0:
            raise ConfigError(
                f"compute.stall_timeout_s is {self.stall_timeout_s}; it must be above 0, or null"
            )


@dataclass(frozen=True, kw_only=True)
class ScoringConfig:
    """Weights of the overall score and the bootstrap behind the intervals."""

    weights: dict[str, float] = field(default_factory=lambda: dict(ARTICLE_WEIGHTS))
    resamples: int = 2000
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check the values."""
        if set(self.weights) != set(METRICS):
            raise ConfigError(
                f"scoring.weights names {sorted(self.weights)}; it must name {sorted(METRICS)}"
            )
        total = math.fsum(self.weights.values())
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ConfigError(f"scoring.weights sum to {total:g}; they must sum to 1")
        if min(self.weights.values()) < 0:
            raise ConfigError("scoring.weights has a negative weight")
        at_least("scoring", self, resamples=0)
        if not 0 < self.confidence < 1:
            raise ConfigError(f"scoring.confidence is {self.confidence}; it must be in (0, 1)")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One evaluation: one model on one dataset, written below ``output``."""

    dataset: DatasetConfig
    model: ModelConfig
    conversation: ConversationConfig
    sampling: SamplingConfig
    compute: ComputeConfig
    scoring: ScoringConfig
    output: str

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.output:
            raise ConfigError("output is empty")
        refuse_credentials("output", self.output)
        context = self.model.engine.get("max_model_len")
        if isinstance(context, int) and 0 < context <= self.sampling.max_tokens:
            raise ConfigError(
                f"model.engine.max_model_len is {context}: an answer of sampling.max_tokens="
                f"{self.sampling.max_tokens} leaves no room for a prompt"
            )
        given, needed = self.compute.gpus_per_actor, self.model.gpus_per_engine
        # 0 is an engine on CPUs, a fraction a GPU that engines of one GPU share.
        if given and needed > 1 and given < needed:
            raise ConfigError(
                f"compute.gpus_per_actor is {given:g}, but the engine spreads over {needed} GPUs "
                "(model.engine.tensor_parallel_size x pipeline_parallel_size)"
            )


_NAME_CHARACTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def name_folder(key: str, name: str) -> None:
    """Raise ConfigError for a name that cannot be part of a path or of a metric's name."""
    if not name or set(name) - _NAME_CHARACTERS or name.startswith("."):
        raise ConfigError(f"{key} is {name!r}; it names a folder: letters, digits and ._- only")


def at_least(section: str, config: object, **least: float) -> None:
    """Raise ConfigError for a field that is below its least value; None is not below."""
    for key, bound in least.items():
        value = getattr(config, key)
        if value is not None and value < bound:
            raise ConfigError(f"{section}.{key} is {value}; it must be at least {bound}")


def one_of(key: str, value: str, allowed: Collection[str]) -> None:
    """Raise ConfigError for a value that is not one of those allowed."""
    if value not in allowed:
        raise ConfigError(f"{key} is {value!r}; choose one of {', '.join(allowed)}")
