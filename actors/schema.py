"""Rows that cross process borders: dialogues in, turn records out, and their Arrow schemas.

Fields marked ``version=2`` came with version 2 of the dataset format: a version 1 file lacks them.

In: one dataset row per dialogue (a plain dict, as Arrow's ``to_pylist`` returns it).
Out: frozen dataclasses that hold exactly the columns of the dataset and of the turn outputs; the
Arrow schemas are derived from them. Values are not checked here; ``pipeline.dataset`` does that.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Literal, cast, get_args

import pyarrow as pa

Row = Mapping[str, Any]  # the Arrow edge: nested lists and dicts of scalars
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the stored image
InputSize = tuple[str, int, int]  # an image's id, and the width and height at which it was read

SCHEMA_VERSION = 1  # of the datasets that need none of version 2's columns
SCHEMA_VERSIONS = (1, 2)
_2: Mapping[str, int] = {"version": 2}
MAX_TURNS = 15
MODALITIES = (
    *("xray", "ct", "mri", "fundus", "dermoscopy", "histopathology", "endoscopy", "ultrasound"),
    *("photo", "microscopy", "pet", "mammography", "oct", "unknown"),
)
HEALTH_SYSTEMS = ("western", "non_western", "unknown")
IMAGE_ROLES = ("current", "prior")
ANSWER_TYPES = ("boolean", "choice", "number", "concept", "text", "region", "phrase")
STEPS = ("finding", "characterisation", "comparison", "diagnosis")

TurnStatus = Literal["ok", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One stored image. ``uri`` is relative to the dataset folder; sizes are in pixels."""

    image_id: str
    uri: str
    sha256: str
    width: int
    height: int
    role: str
    days_before: int
    view: str | None = field(default=None, metadata=_2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A region of interest on one image; ``box`` is in pixels of the stored image."""

    region_id: str
    image_id: str
    referent_id: str
    site: str | None
    box: Box


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One entry of the closed-world annotation: what was assessed and whether it is present."""

    concept: str
    present: bool
    image_id: str | None = None
    referent_id: str | None = None
    site: str | None = None
    change: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A statement about one concept, affirmed or denied, perhaps with a site or a change."""

    concept: str
    present: bool
    site: str | None = None
    change: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One question with its gold answer; see docs/data.md for each column."""

    turn: int
    question: str
    image_ids: tuple[str, ...] = ()
    referent_id: str | None = None
    region_id: str | None = None
    answer_type: str
    answer: str | None = None
    choices: tuple[str, ...] = ()
    tolerance: float | None = None
    asks: str | None = None
    step: str | None = None
    supports: tuple[int, ...] = ()
    claims: tuple[Claim, ...] = ()
    agreement: float | None = None
    accepted: tuple[str, ...] = field(default=(), metadata=_2)

    @classmethod
    def from_row(cls, row: Row) -> "Turn":
        """Build a turn from its struct; absent and null lists read as empty."""
        return cls(
            turn=row["turn"],
            question=row["question"],
            answer_type=row["answer_type"],
            image_ids=tuple(row.get("image_ids") or ()),
            choices=tuple(row.get("choices") or ()),
            supports=tuple(row.get("supports") or ()),
            accepted=tuple(row.get("accepted") or ()),
            claims=tuple(Claim(**_only(c, _CLAIM)) for c in row.get("claims") or ()),
            **_only(row, _OPTIONAL_TURN),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialogue:
    """One row of the dataset: images, regions, closed-world findings and at most 15 turns."""

    dialogue_id: str
    patient_id: str
    specialty: str
    modality: str
    source: str
    health_system: str
    language: str
    release: str
    adversarial_of: str | None = None
    perturbation: str | None = None
    findings_complete: bool = field(default=True, metadata=_2)
    age_group: str | None = field(default=None, metadata=_2)
    sex: str | None = field(default=None, metadata=_2)
    device: str | None = field(default=None, metadata=_2)
    acquisition_site: str | None = field(default=None, metadata=_2)
    images: tuple[Image, ...]
    regions: tuple[Region, ...]
    findings: tuple[Finding, ...]
    turns: tuple[Turn, ...]

    @classmethod
    def from_row(cls, row: Row) -> "Dialogue":
        """Build a dialogue from its Arrow row.

        Raises:
            KeyError: a required column is missing; opening a dataset reports that beforehand.
        """
        return cls(
            **{name: row[name] for name in _DIALOGUE_STRINGS},
            **_only(row, _OPTIONAL_DIALOGUE),
            findings_complete=row.get("findings_complete") is not False,
            images=tuple(Image(**_only(i, _IMAGE)) for i in row["images"] or ()),
            regions=tuple(
                Region(**{**_only(r, _REGION), "box": tuple(r["box"])})
                for r in row["regions"] or ()
            ),
            findings=tuple(Finding(**_only(f, _FINDING)) for f in row["findings"] or ()),
            turns=tuple(Turn.from_row(t) for t in row["turns"] or ()),
        )

    def to_row(self) -> dict[str, Any]:
        """Return the plain nested dict that ``DIALOGUE_SCHEMA`` holds."""
        return asdict(self)

    def image(self, image_id: str) -> Image:
        """Find an image by its id; raises KeyError if the dialogue has none such."""
        for image in self.images:
            if image.image_id == image_id:
                return image
        raise KeyError(image_id)

    def region(self, region_id: str) -> Region:
        """Find a region by its id; raises KeyError if the dialogue has none such."""
        for region in self.regions:
            if region.region_id == region_id:
                return region
        raise KeyError(region_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What a provider said of an answer beside the answer.

    ``version`` is the model's as the provider names it; ``cache_write_tokens`` are those of the
    prompt that its cache was made to keep; ``left_out`` the parameters that the model refuses;
    ``from_cache``: the answer was kept from an earlier request and cost nothing.
    """

    version: str | None = None
    cache_write_tokens: int | None = None
    left_out: tuple[str, ...] | None = None
    from_cache: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnRecord:
    """One row of the turn outputs: what the model answered at one turn, or why it did not.

    A ``failed`` turn has ``error`` and no response. ``latency_s`` is in seconds, ``started_at`` in
    UTC. ``input_sizes`` is the size in pixels at which each image entered the model, where the
    backend knows it. ``served`` is None for a model that no provider serves.
    """

    run_id: str
    model: str
    dialogue_id: str
    turn: int
    status: TurnStatus
    error: str | None
    question: str
    response: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float | None = None
    attempt: int = 1
    started_at: datetime | None = None
    input_sizes: tuple[InputSize, ...] | None = None
    served: Served | None = None

    def to_row(self) -> dict[str, Any]:
        """Return the plain dict that ``TURN_SCHEMA`` holds."""
        row = asdict(self)
        if self.input_sizes is not None:
            row["input_sizes"] = [
                {"image_id": i, "width": w, "height": h} for i, w, h in self.input_sizes
            ]
        return row


def _only(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    """Keep the known columns: a dataset may carry more than this program knows."""
    return {name: row.get(name) for name in names}


def _names(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


_IMAGE, _REGION, _FINDING, _CLAIM = (_names(cls) for cls in (Image, Region, Finding, Claim))
_OPTIONAL_TURN, _OPTIONAL_DIALOGUE = (
    tuple(f.name for f in fields(cls) if f.default is None) for cls in (Turn, Dialogue)
)
_DIALOGUE_STRINGS = tuple(f.name for f in fields(Dialogue) if f.type is str)

_ARROW: dict[Any, pa.DataType] = {
    str: pa.string(),
    TurnStatus: pa.string(),
    bool: pa.bool_(),
    int: pa.int32(),
    float: pa.float64(),
    datetime: pa.timestamp("ms", tz="UTC"),
    Box: pa.list_(pa.float32()),
    InputSize: pa.struct(
        [
            pa.field("image_id", pa.string(), nullable=False),
            pa.field("width", pa.int32(), nullable=False),
            pa.field("height", pa.int32(), nullable=False),
        ]
    ),
}


def _columns(cls: type, version: int = 2) -> list[pa.Field]:
    """Return the Arrow fields of a dataclass; nullable: may be None, or came with version 2."""
    columns = []
    for f in fields(cls):
        since = f.metadata.get("version", 1)
        if since <= version:
            optional = isinstance(f.type, UnionType)
            kind = _arrow_type(get_args(f.type)[0] if optional else f.type, version)
            columns.append(pa.field(f.name, kind, nullable=optional or since > 1))
    return columns


def _arrow_type(kind: Any, version: int) -> pa.DataType:
    if kind in _ARROW:
        return _ARROW[kind]
    if is_dataclass(kind):
        return pa.struct(_columns(cast(type, kind), version))
    return pa.list_(_arrow_type(get_args(kind)[0], version))


def _dialogue_schema(version: int) -> pa.Schema:
    """Return the columns of a dialogue; its lists may be null, which reads as empty."""
    columns = _columns(Dialogue, version)
    return pa.schema([c.with_nullable(c.nullable or pa.types.is_list(c.type)) for c in columns])


DIALOGUE_SCHEMA = _dialogue_schema(1)
DIALOGUE_SCHEMA_2 = _dialogue_schema(2)
TURN_SCHEMA = pa.schema(_columns(TurnRecord))
