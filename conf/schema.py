"""The configuration of a run: frozen dataclasses, checked where they are made.

In: values from ``conf.load``. Out: ``RunConfig``. Every field of every section must be in a preset.
"""

import math
from dataclasses import MISSING, dataclass, field, fields

from conf.checks import at_least, one_of
from conf.endpoint import ServedModel
from conf.errors import ConfigError
from conf.model import ModelConfig, SamplingConfig
from conf.uris import refuse_credentials

ARTICLE_WEIGHTS = {
    "turn_accuracy": 0.30,
    "visual_consistency": 0.25,
    "reasoning_coherence": 0.25,
    "hallucination_rate": 0.20,
}
METRICS = tuple(ARTICLE_WEIGHTS)


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
class ConversationConfig:
    """How a dialogue is presented to the model: the version of the prompt."""

    prompt: str

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("conversation.prompt", self.prompt, ("v1",))


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

    A run of whose turns a larger share than ``max_failed_share`` failed is not complete. A run
    whose answers have cost ``max_cost`` (in the price file's currency; None: no limit) stops.
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
    max_cost: float | None = None

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
            max_cost=0,
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

        if self.model.is_served:
            _check_sent(self.model, self.sampling)

    def served_model(self) -> ServedModel:
        """Return the model behind the endpoint."""
        return ServedModel(
            model=self.model.source,
            max_tokens=self.sampling.max_tokens,
            temperature=self.sampling.temperature,
            top_p=self.sampling.top_p,
            endpoint=self.model.endpoint,
        )


def _check_sent(model: ModelConfig, sampling: SamplingConfig) -> None:
    """Raise ConfigError for a setting that no request to a provider would hold."""
    for section, config in (("sampling", sampling), ("model.chat", model.chat)):
        for field_ in fields(config):
            value = getattr(config, field_.name)
            default = field_.default if field_.default_factory is MISSING else {}
            if default is not MISSING and value != default:
                raise ConfigError(
                    f"{section}.{field_.name} is {value!r}, which model.backend {model.backend} "
                    "does not send: give it by model.endpoint.extra, as the provider names it"
                )
