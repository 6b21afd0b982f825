"""Rows that cross process borders: dialogues in, turn records out, and their Arrow schemas.

In: one dataset row per dialogue (a plain dict, as Arrow's ``to_pylist`` gives it).
Out: frozen dataclasses that hold exactly the columns of the dataset and of the turn outputs.
Nothing here judges the values; ``pipeline.dataset.open`` does.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

Row = Mapping[str, Any]  # the Arrow edge: nested lists and dicts of scalars
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the stored image

SCHEMA_VERSION = 1
MAX_TURNS = 15
MODALITIES = (
    "xray",
    "ct",
    "mri",
    "fundus",
    "dermoscopy",
    "histopathology",
    "endoscopy",
    "ultrasound",
)
HEALTH_SYSTEMS = ("western", "non_western")
IMAGE_ROLES = ("current", "prior")
ANSWER_TYPES = ("boolean", "choice", "number", "concept", "text", "region")
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
    """One entry of the closed-world annotation: what was assessed and whether it is there."""

    concept: str
    present: bool
    image_id: str | None = None
    referent_id: str | None = None
    site: str | None = None
    change: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A statement about one concept: affirmed (``present``) or denied, perhaps sited and dated."""

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

    @classmethod
    def from_row(cls, row: Row) -> "Turn":
        """Build a turn from its struct; absent and null lists read as empty."""
        known = {name: row.get(name) for name in _OPTIONAL_TURN if row.get(name) is not None}
        return cls(
            turn=row["turn"],
            question=row["question"],
            answer_type=row["answer_type"],
            image_ids=tuple(row.get("image_ids") or ()),
            choices=tuple(row.get("choices") or ()),
            supports=tuple(row.get("supports") or ()),
            claims=tuple(Claim(**_only(c, _CLAIM)) for c in row.get("claims") or ()),
            **known,
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
            adversarial_of=row.get("adversarial_of"),
            perturbation=row.get("perturbation"),
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
class TurnRecord:
    """One row of the turn outputs: what the model answered at one turn, or why it did not.

    A ``failed`` turn has ``error`` and no response. ``latency_s`` is in seconds, ``started_at`` in
    UTC. ``input_sizes`` is the size in pixels at which each image entered the model, where the
    backend knows it.
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
    input_sizes: tuple[tuple[str, int, int], ...] | None = None  # image_id, width, height

    def to_row(self) -> dict[str, Any]:
        """Return the plain dict that ``TURN_SCHEMA`` holds."""
        row = asdict(self)
        if self.input_sizes is not None:
            row["input_sizes"] = [
                {"image_id": i, "width": w, "height": h} for i, w, h in self.input_sizes
            ]
        return row


def _only(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    """Keep the known columns: a dataset may carry more than version 1 names."""
    return {name: row.get(name) for name in names}


_IMAGE = ("image_id", "uri", "sha256", "width", "height", "role", "days_before")
_REGION = ("region_id", "image_id", "referent_id", "site", "box")
_FINDING = ("concept", "present", "image_id", "referent_id", "site", "change")
_CLAIM = ("concept", "present", "site", "change")
_OPTIONAL_TURN = (
    "referent_id",
    "region_id",
    "answer",
    "tolerance",
    "asks",
    "step",
    "agreement",
)
_DIALOGUE_STRINGS = (
    "dialogue_id",
    "patient_id",
    "specialty",
    "modality",
    "source",
    "health_system",
    "language",
    "release",
)


def _struct(**fields: pa.DataType) -> pa.DataType:
    """Make a struct type; a name that ends in ``_`` is nullable."""
    return pa.struct(
        [pa.field(n.rstrip("_"), t, nullable=n.endswith("_")) for n, t in fields.items()]
    )


_s, _i, _f = pa.string(), pa.int32(), pa.float64()

CLAIM_TYPE = _struct(concept=_s, present=pa.bool_(), site_=_s, change_=_s)
DIALOGUE_SCHEMA = pa.schema(
    [pa.field(name, _s, nullable=False) for name in _DIALOGUE_STRINGS]
    + [pa.field("adversarial_of", _s), pa.field("perturbation", _s)]
    + [
        pa.field("images", pa.list_(_struct(
            image_id=_s, uri=_s, sha256=_s, width=_i, height=_i, role=_s, days_before=_i,
        ))),
        pa.field("regions", pa.list_(_struct(
            region_id=_s, image_id=_s, referent_id=_s, site_=_s, box=pa.list_(pa.float32()),
        ))),
        pa.field("findings", pa.list_(_struct(
            concept=_s, present=pa.bool_(), image_id_=_s, referent_id_=_s, site_=_s, change_=_s,
        ))),
        pa.field("turns", pa.list_(_struct(
            turn=_i, question=_s, image_ids=pa.list_(_s), referent_id_=_s, region_id_=_s,
            answer_type=_s, answer_=_s, choices=pa.list_(_s), tolerance_=_f, asks_=_s, step_=_s,
            supports=pa.list_(_i), claims=pa.list_(CLAIM_TYPE), agreement_=_f,
        ))),
    ]
)  # fmt: skip

TURN_SCHEMA = pa.schema(
    [
        pa.field("run_id", _s, nullable=False),
        pa.field("model", _s, nullable=False),
        pa.field("dialogue_id", _s, nullable=False),
        pa.field("turn", _i, nullable=False),
        pa.field("status", _s, nullable=False),
        pa.field("error", _s),
        pa.field("question", _s, nullable=False),
        pa.field("response", _s),
        pa.field("finish_reason", _s),
        pa.field("prompt_tokens", _i),
        pa.field("cached_tokens", _i),
        pa.field("completion_tokens", _i),
        pa.field("latency_s", _f),
        pa.field("attempt", _i, nullable=False),
        pa.field("started_at", pa.timestamp("ms", tz="UTC")),
        pa.field("input_sizes", pa.list_(_struct(image_id=_s, width=_i, height=_i))),
    ]
)
