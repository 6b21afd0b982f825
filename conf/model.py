"""The sections ``model`` and ``sampling`` of a run: which checkpoint, how served, how asked."""

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from conf.backends import RUN_BACKENDS
from conf.checks import at_least, name_folder, one_of
from conf.endpoint import EndpointConfig
from conf.errors import ConfigError
from conf.uris import refuse_credentials

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
    "llava",
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
class ChatConfig:
    """How messages become the checkpoint's prompt.

    ``template``: Jinja, or the path or URI of a file that holds it, which a run reads when it is
    prepared; None takes the checkpoint's own. ``kwargs`` go to the template as they are
    (``enable_thinking``, ``reasoning_effort``). ``system`` says where the instructions stand: in a
    system message (``role``), before the first question (``first_user``), for templates that know
    no system message, or nowhere (``omit``). ``thinking``: what an answer keeps of its reasoning as
    history, all of it, as it was generated (``keep``), or nothing (``strip``); then each turn is
    rendered anew, and the engine's prefix cache ends at the first answer with reasoning.
    """

    template: str | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)
    system: str = "role"
    thinking: str = "keep"

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("model.chat.system", self.system, ("role", "first_user", "omit"))
        one_of("model.chat.thinking", self.thinking, ("keep", "strip"))
        taken = {"chat_template", "tokenize", "add_generation_prompt"} & set(self.kwargs)
        if taken:
            raise ConfigError(f"model.chat.kwargs names {sorted(taken)}, which are set elsewhere")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which checkpoint and how it is served.

    ``adapter`` is a LoRA adapter on top of the checkpoint, a folder or URI in PEFT's form.
    ``engine`` goes to vLLM as it is; the backend ``transformers`` has keys of its own
    (``actors.backends.transformers_settings``). ``script`` is for the scripted backend:
    ``error_rate`` (share of turns answered wrongly), ``delay_s`` (seconds that an answer takes)
    and, for testing a cluster's recovery, the faults of ``actors.backends.fault_injection``.
    ``endpoint`` is how a served model is reached, whose id there ``source`` is.
    """

    name: str
    source: str
    backend: str
    box_dialect: str
    trust_remote_code: bool
    engine: dict[str, Any]
    script: dict[str, float | int | str]
    endpoint: EndpointConfig = field(default_factory=EndpointConfig)
    chat: ChatConfig = field(default_factory=ChatConfig)
    adapter: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        name_folder("model.name", self.name)
        if not self.source:
            raise ConfigError("model.source is empty")
        refuse_credentials("model.source", self.source)
        one_of("model.backend", self.backend, RUN_BACKENDS)
        if self.adapter is not None:
            refuse_credentials("model.adapter", self.adapter)
            if not RUN_BACKENDS[self.backend].takes_adapters:
                raise ConfigError(f"model.adapter is given, but {self.backend} takes no adapter")
        one_of("model.box_dialect", self.box_dialect, BOX_DIALECTS)
        if set(self.script) - FAULT_KEYS != {"error_rate", "delay_s"}:
            raise ConfigError(f"model.script names {sorted(self.script)}, not delay_s, error_rate")
        for key in ("error_rate", "delay_s"):
            if isinstance(self.script[key], str):
                raise ConfigError(f"model.script.{key} is {self.script[key]!r}; it must be float")
        keys = RUN_BACKENDS[self.backend].engine_keys
        for key in self.engine:
            if keys is not None and key not in keys:
                raise ConfigError(
                    f"model.engine.{key} is no setting of model.backend {self.backend}; "
                    f"it has {', '.join(keys)}"
                )
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
    def is_served(self) -> bool:
        """Return whether a provider serves the model."""
        return RUN_BACKENDS[self.backend].is_endpoint

    @property
    def gpus_per_engine(self) -> int:
        """Return how many GPUs one engine spreads over, on a cluster with GPUs; 0 without one."""
        if not self.loads_checkpoint:
            return 0
        return math.prod(self.engine.get(key, 1) for key in _PARALLEL)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How answers are drawn; ``max_tokens`` bounds one answer, its reasoning included.

    ``source`` says whose values count: those here (``config``), or, wherever it states one, those
    of the checkpoint's generation_config.json (``checkpoint``); ``max_tokens`` and ``seed`` are
    always those here. ``top_k`` 0 draws from all tokens. ``thinking_tokens`` bounds the reasoning
    before an answer, where the engine can end it; None leaves it to ``max_tokens``.
    """

    max_tokens: int
    temperature: float
    top_p: float
    seed: int
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    thinking_tokens: int | None = None
    source: str = "config"

    def __post_init__(self) -> None:
        """Check the values."""
        at_least("sampling", self, max_tokens=1, temperature=0, top_k=0, thinking_tokens=0)
        one_of("sampling.source", self.source, ("config", "checkpoint"))
        if not 0 <= self.min_p <= 1:
            raise ConfigError(f"sampling.min_p is {self.min_p}; it must be in [0, 1]")
        if not 0 < self.repetition_penalty <= 2:
            raise ConfigError(
                f"sampling.repetition_penalty is {self.repetition_penalty}; it must be in (0, 2]"
            )
        if not -2 <= self.presence_penalty <= 2:
            raise ConfigError(
                f"sampling.presence_penalty is {self.presence_penalty}; it must be in [-2, 2]"
            )
        if self.thinking_tokens is not None and self.thinking_tokens >= self.max_tokens:
            raise ConfigError(
                f"sampling.thinking_tokens is {self.thinking_tokens}, so sampling.max_tokens="
                f"{self.max_tokens} leaves no token for the answer"
            )
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"sampling.top_p is {self.top_p}; it must be in (0, 1]")

    def used(self) -> dict[str, Any]:
        """Return the values by name, without those that came later and are at their defaults."""
        values = asdict(self)
        return {f.name: values[f.name] for f in fields(self) if values[f.name] != f.default}
