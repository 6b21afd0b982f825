"""The configuration of a sweep: checkpoints x variants of one run, and the gate.

In: a complete YAML file with the sections of a run and ``sweep`` and ``gate`` beside them.
Out: ``SweepConfig``; ``plan`` turns it into one ``RunConfig`` per checkpoint and variant.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from conf.checks import at_least, one_of
from conf.errors import ConfigError
from conf.load import build, check_keys, from_document, overridden, read_document
from conf.schema import METRICS, RunConfig

DEFAULT_VARIANT = "default"
DEFAULT_MARGIN = 0.02
ENGINES = ("per_checkpoint", "reloaded")
_VARIES = ("conversation", "sampling", "model")  # sections that a variant may change


@dataclass(frozen=True, kw_only=True)
class SweepSection:
    """The runs of a sweep.

    Each of ``checkpoints`` overrides the section ``model``: ``name`` and ``source`` at least,
    and what else differs (``box_dialect``, ``engine``). ``glob`` adds every folder that it matches,
    under the folder's name. ``variants`` are ``key=value`` overrides by name. ``parallel`` runs go
    on at once. ``engines``: each run gets an engine of its own, or runs whose checkpoints differ
    in nothing but weights share two, of which one reloads them; they are answered first, group by
    group, and all that is left goes ``parallel`` at a time.
    """

    checkpoints: list[dict[str, Any]]
    glob: str | None
    variants: dict[str, list[str]]
    parallel: int
    engines: str

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.checkpoints and not self.glob:
            raise ConfigError("sweep.checkpoints and sweep.glob are both empty")
        for n, entry in enumerate(self.checkpoints):
            if not isinstance(entry, dict) or not {"name", "source"} <= set(entry):
                raise ConfigError(f"sweep.checkpoints[{n}] is {entry!r}; give name and source")
        if not self.variants:
            raise ConfigError(f"sweep.variants is empty; write {DEFAULT_VARIANT}: []")
        for name, overrides in self.variants.items():
            wrong = [item for item in overrides if str(item).split(".")[0] not in _VARIES]
            if wrong:
                may = ", ".join(_VARIES)
                raise ConfigError(f"sweep.variants.{name} has {wrong[0]!r}; it may change {may}")
        at_least("sweep", self, parallel=1)
        one_of("sweep.engines", self.engines, ENGINES)


@dataclass(frozen=True, kw_only=True)
class GateConfig:
    """How a candidate is compared with a baseline; see docs/statistics.md.

    ``margins``: the tolerated loss (0..1) by metric; its keys are what is compared.
    """

    margins: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(METRICS, DEFAULT_MARGIN)
    )
    alpha: float = 0.05
    resamples: int = 10_000
    seed: int = 0
    strict: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.margins:
            raise ConfigError("gate.margins is empty, so nothing would be compared")
        for metric, margin in self.margins.items():
            if not (math.isfinite(margin) and 0 <= margin <= 1):
                raise ConfigError(f"gate.margins.{metric} is {margin}; it must be in [0, 1]")
        if not 0 < self.alpha < 0.5:
            raise ConfigError(f"gate.alpha is {self.alpha}; it must be in (0, 0.5)")


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """One sweep. ``base`` is a run's document whose model.name and model.source may be open."""

    path: str
    base: dict[str, Any]
    sweep: SweepSection
    gate: GateConfig

    @property
    def output(self) -> str:
        """Return where the runs, the catalogue and the baseline are stored."""
        return str(self.base["output"])


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One run of a sweep."""

    checkpoint: str
    variant: str
    config: RunConfig


def load_sweep(path: str, overrides: Sequence[str] = ()) -> SweepConfig:
    """Read a sweep's preset, apply ``key=value`` overrides, check what does not need checkpoints.

    Raises:
        ConfigError: one sentence that names the key.
    """
    document = read_document(path, overrides, may_be_open=True)
    if not isinstance(document, dict):
        raise ConfigError(f"config {path} is not a mapping")
    check_keys("", document, [*(f.name for f in fields(RunConfig)), "sweep", "gate"])
    runs = build(SweepSection, document.pop("sweep"), "sweep")
    gate = build(GateConfig, document.pop("gate"), "gate")
    return SweepConfig(path=path, base=document, sweep=runs, gate=gate)


def plan(config: SweepConfig, folders: Sequence[str]) -> tuple[Planned, ...]:
    """Apply checkpoints and variants to the base: variant by variant within each checkpoint.

    A run is named after its checkpoint, and for all but the variant ``default`` after both.

    Args:
        config: the sweep.
        folders: those that ``sweep.glob`` matched.

    Raises:
        ConfigError: a resulting run is not valid, two have the same name, or there is none.
    """
    globbed = [{"name": uri.rstrip("/").rsplit("/", 1)[-1], "source": uri} for uri in folders]
    entries = [*config.sweep.checkpoints, *globbed]
    if not entries:
        raise ConfigError(f"sweep.glob {config.sweep.glob} matches no folder")
    planned: dict[str, Planned] = {}
    for entry in entries:
        for variant, overrides in config.sweep.variants.items():
            checkpoint = str(entry["name"])
            name = checkpoint if variant == DEFAULT_VARIANT else f"{checkpoint}.{variant}"
            if name in planned:
                raise ConfigError(f"the sweep has two runs called {name}")
            laid = _over(config.base, {"model": entry})
            laid = overridden(config.path, laid, [*overrides, f"model.name={name}"])
            planned[name] = Planned(
                checkpoint=checkpoint, variant=variant, config=from_document(laid)
            )
    return tuple(planned.values())


def _over(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Merge one nested document into another; lists and scalars are replaced."""
    both = dict(base)
    for key, value in top.items():
        below = both.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _over(below, value)
        both[key] = value
    return both
