"""Types of the phantom's catalogue: what a modality shows, where, and what follows from it.

The entries themselves are in ``radiology.py``, ``photographs.py`` and ``tissue.py``;
``modalities.py`` joins them. Positions and radii are shares of the image's width and height (x
right, y down).
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """How a lesion is painted.

    ``outline`` names a shape of ``drawing/shapes.py``; ``wall`` is the share of the radius that
    ``rim`` covers; ``opacity`` and ``texture`` (grey levels) are how solid and how rough it is.
    """

    outline: str
    colour: Colour
    _: KW_ONLY
    rim: Colour | None = None
    wall: float = 0.0
    opacity: float = 1.0
    texture: float = 6.0
    soft: float = 0.12
    gloss: bool = False
    septum: Colour | None = None
    spots: Colour | None = None


@dataclass(frozen=True)
class FindingType:
    """A kind of lesion: its look, its attributes and its usual size.

    ``attributes`` maps an exclusion group to its values, and each value to the fields of the look
    that it changes. ``radius`` is the range of its larger state; ``aspect`` is height over width.
    ``sites`` overrides where it lies, for lesions that belong to a border and not to a centre.
    """

    concept: str
    look: Look
    _: KW_ONLY
    attributes: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    radius: tuple[float, float] = (0.09, 0.11)
    aspect: float = 1.0
    sites: Mapping[str, Point] | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of a diagnosis table: the first rule that a present lesion meets decides."""

    concept: str
    diagnosis: str
    attribute: str | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Modality:
    """All that can be on one modality's images; ``field_mm``: the widths an image may have."""

    name: str
    image_noun: str
    size: tuple[int, int]  # width, height in pixels
    field_mm: tuple[int, ...]
    sites: Mapping[str, Point]
    findings: tuple[FindingType, ...]
    rules: tuple[Rule, ...]

    def finding(self, concept: str) -> FindingType:
        """Return a lesion type by its concept; raises KeyError for one of another modality."""
        for candidate in self.findings:
            if candidate.concept == concept:
                return candidate
        raise KeyError(concept)

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """Return every diagnosis of the table, in its order, and the one without lesions."""
        return (*dict.fromkeys(rule.diagnosis for rule in self.rules), NORMAL)


@dataclass(frozen=True, kw_only=True)
class Source:
    """An emulated repository, tied to one specialty and one modality."""

    name: str
    specialty: str
    modality: str


NORMAL = "normal_study"
