"""What an import does, as a mapping says: typed, every key known, read from YAML.

In: a file, or the name of a preset beside this module. Out: ``Mapping``. Fields of type ``Any``
hold values (``values.py``): where in a row something stands.
"""

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from conf.errors import ConfigError
from conf.load import build, read_document

READERS = ("json", "jsonl", "csv", "tsv", "parquet", "chat", "coco", "voc", "dicom", "files")
ACCESS = ("open", "credentialed")
PATIENT_UNITS = ("patient", "study", "image")
IMAGE_KINDS = ("path", "bytes", "base64")
BOX_FORMS = ("xyxy", "xywh", "cxcywh", "yxyx", "polygon")
BOX_SPACES = ("pixels", "unit", "thousand")
_PRESETS = "presets"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Files to read rows from.

    ``path``: a pattern below the source. ``at``: where in a JSON document the rows are.
    ``explode``: a list inside a row (``annotations.contours``) of which each item is a row.
    """

    read: str
    path: str
    at: str = ""
    explode: str = ""
    encoding: str = "utf-8"


@dataclass(frozen=True, kw_only=True)
class Join:
    """Rows whose ``key`` equals the main row's ``to``; their columns stand below ``name``."""

    name: str
    rows: Rows
    key: Any
    to: Any
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Keep rows whose value is one of ``among`` and none of ``without``."""

    value: Any
    among: list[Any] = field(default_factory=list)
    without: list[Any] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DialogueFields:
    """What a dialogue is and which groups it belongs to.

    ``group`` null: the image's hash. ``pseudonyms``: group and patient become keyed hashes.
    """

    group: Any = None
    patient: Any = None
    patient_unit: str = "image"
    specialty: Any = field(default_factory=lambda: {"constant": "unknown"})
    modality: Any = field(default_factory=lambda: {"constant": "unknown"})
    health_system: Any = field(default_factory=lambda: {"constant": "unknown"})
    language: Any = field(default_factory=lambda: {"constant": "en"})
    age_group: Any = None
    sex: Any = None
    device: Any = None
    acquisition_site: Any = None
    pseudonyms: bool = False
    independent: bool = False
    findings_complete: bool = False


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images of a row: a path, several, or their bytes.

    ``index``: with base64, a short number in place of an image names the row that has it.
    ``days`` orders a group's images in time. ``window``: low and high of 16-bit, float and DICOM
    values. ``frame``: of several, ``middle`` or a number from 0. ``axis``: of volumes.
    ``longest_side``: larger images are reduced to it, in pixels.
    """

    source: Any = None
    kind: str = "path"
    index: Any = None
    required: bool = True
    view: Any = None
    days: Any = None
    window: list[float] | None = None
    frame: str = "middle"
    axis: str = "axial"
    longest_side: int | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """A turn that a row asks. ``type`` null: by choices and answer (docs/import.md)."""

    question: Any = None
    answer: Any = None
    type: Any = None
    choices: Any = None
    tolerance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Statements that name concepts.

    ``names``: a value that lists what is present, ``split`` at a separator; ``normal`` are the
    names for nothing found; of ``assessed``, what is not named is absent. ``flags``: by name, a
    value that is the state: present, absent, uncertain or not_assessed (or 1, 0, -1, blank).
    """

    names: Any = None
    split: str = ""
    normal: list[str] = field(default_factory=list)
    assessed: list[str] = field(default_factory=list)
    flags: dict[str, Any] = field(default_factory=dict)
    kind: str = "finding"


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """Boxes with a label each. ``values``: one value that lists the numbers, or four values.

    ``size``: width and height of the image that the pixels refer to, where it is not the stored
    one. ``reader`` names the annotator; boxes of several are fused at ``fuse_iou``, and one that
    fewer than ``fuse_votes`` drew is left out. ``complete``: all things of a label are boxed.
    """

    label: Any
    values: Any
    form: str = "xyxy"
    space: str = "pixels"
    size: list[int] | None = None
    reader: Any = None
    fuse_iou: float = 0.5
    fuse_votes: int = 1
    complete: bool = False
    kind: str = "finding"


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Dialogues made from annotations: which questions at most, and the seed of the choice."""

    use: bool = False
    seed: int = 0
    presence: int = 3
    locate: bool = True
    count: bool = True
    compare: bool = True
    diagnosis: bool = True


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A whole import. ``concepts`` gives label names the lexicon's ids."""

    name: str
    release: str
    licence: str
    source: str
    rows: Rows
    access: str = "open"
    measures: str = ""
    columns_from: str = ""
    joins: tuple[Join, ...] = ()
    where: tuple[Condition, ...] = ()
    dialogue: DialogueFields = field(default_factory=DialogueFields)
    images: Images = field(default_factory=Images)
    question: Question = field(default_factory=Question)
    labels: tuple[Labels, ...] = ()
    boxes: tuple[Boxes, ...] = ()
    concepts: dict[str, str] = field(default_factory=dict)
    templates: Templates = field(default_factory=Templates)


def load_mapping(path: str, overrides: tuple[str, ...] = ()) -> Mapping:
    """Read a mapping file, or a preset by name, and check it.

    Raises:
        ConfigError: one sentence that names the key.
    """
    file = Path(path)
    if not file.is_file():
        if path not in presets():
            raise ConfigError(f"mapping {path} is no file, nor one of: {', '.join(presets())}")
        file = Path(str(files("pipeline.dataset.importers").joinpath(_PRESETS, f"{path}.yaml")))
    document = read_document(str(file), overrides)
    _check_keys(document, "")
    mapping = build(Mapping, document, earlier=True)
    _check(mapping)
    return mapping


def presets() -> list[str]:
    """Return the names of the mappings that come with the package."""
    folder = files("pipeline.dataset.importers").joinpath(_PRESETS)
    names = (entry.name for entry in folder.iterdir())
    return sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml"))


def _check_keys(document: Any, at: str) -> None:
    """Refuse keys that YAML did not read as text."""
    if isinstance(document, list):
        for n, item in enumerate(document):
            _check_keys(item, f"{at}.{n}")
    if isinstance(document, dict):
        for key, value in document.items():
            name = f"{at}.{key}".lstrip(".")
            if not isinstance(key, str):
                raise ConfigError(
                    f"key {name} is read as {key!r}, not as text (YAML reads on, off, yes, no and "
                    "numbers so); write it in quotes"
                )
            _check_keys(value, name)


def _check(m: Mapping) -> None:
    """Raise ConfigError for the first value that is none of those allowed, or a part missing."""
    for n, rows in enumerate([m.rows, *(join.rows for join in m.joins)]):
        at = f"joins.{n - 1}.rows.read" if n else "rows.read"
        _one_of(at, rows.read, READERS)
    _one_of("access", m.access, ACCESS)
    _one_of("dialogue.patient_unit", m.dialogue.patient_unit, PATIENT_UNITS)
    for n, labels in enumerate(m.labels):
        _one_of(f"labels.{n}.kind", labels.kind, ("finding", "diagnosis"))
    _one_of("images.kind", m.images.kind, IMAGE_KINDS)
    for n, boxes in enumerate(m.boxes):
        _one_of(f"boxes.{n}.form", boxes.form, BOX_FORMS)
        _one_of(f"boxes.{n}.space", boxes.space, BOX_SPACES)
        if boxes.size is not None and (len(boxes.size) != 2 or min(boxes.size) < 1):
            raise ConfigError(f"boxes.{n}.size is {boxes.size}; it must be a width and a height")
        if not 0 < boxes.fuse_iou <= 1:
            raise ConfigError(f"boxes.{n}.fuse_iou is {boxes.fuse_iou}; it must be in (0, 1]")
    window = m.images.window
    if window is not None and (len(window) != 2 or window[0] >= window[1]):
        raise ConfigError(f"images.window is {window}; it must be a low and a higher value")
    if m.images.frame != "middle" and not m.images.frame.isdigit():
        raise ConfigError(f"images.frame is {m.images.frame!r}; it must be middle or a number")
    _one_of("images.axis", m.images.axis, ("axial", "coronal", "sagittal"))
    if m.question.question is None and not m.templates.use:
        raise ConfigError("the mapping asks nothing: give question.question, or templates.use=true")
    if m.question.question is not None and m.question.answer is None:
        raise ConfigError("key question.answer is missing: a question needs one")
    if m.templates.use and not (m.labels or m.boxes):
        raise ConfigError("templates.use is true; labels or boxes must be given to ask about")


def _one_of(at: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{at} is {value!r}; it must be one of {', '.join(allowed)}")
