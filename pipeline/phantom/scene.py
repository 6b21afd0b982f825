"""The facts of a dialogue: modality, lesions on the current and on the prior image, diagnosis.

In: a generator, a source and a number of lesions. Out: a ``Scene``, which holds every fact before
any question is written or any pixel drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from actors.schema import Box
from pipeline.phantom.catalogue.types import NORMAL, FindingType, Modality, Rule, Source
from pipeline.phantom.drawing.render import Lesion, Picture
from pipeline.phantom.drawing.shapes import Shape, rasterise

T = TypeVar("T")
CHANGES = ("new", "larger", "stable", "smaller", "resolved")
_CHANGE_SHARES = (0.2, 0.22, 0.2, 0.2, 0.18)
_SHRUNK = (0.58, 0.64)  # the smaller state's radius over the larger one's: plain at 112 pixels


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of several, each as likely."""
    return options[int(rng.integers(len(options)))]


def shuffled(rng: np.random.Generator, options: Sequence[T]) -> list[T]:
    """Return all of them in an order drawn at random."""
    return [options[k] for k in rng.permutation(len(options))]


@dataclass(frozen=True, kw_only=True, slots=True)
class Referent:
    """One physical lesion; ``current`` or ``prior`` is None where it does not show."""

    referent_id: str
    concept: str
    site: str
    attributes: tuple[tuple[str, str], ...]  # (group, value)
    change: str | None
    current: Lesion | None
    prior: Lesion | None

    def box(self, role: str, size: tuple[int, int]) -> Box:
        """Return the tight box on the ``current`` or ``prior`` image, in pixels."""
        lesion = self.current if role == "current" else self.prior
        if lesion is None:
            raise KeyError(f"{self.referent_id} has no lesion on the {role} image")
        return rasterise(lesion.shape, size).box


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Every fact of one dialogue; ``primary`` is the lesion that decides the diagnosis."""

    source: Source
    modality: Modality
    field_mm: int
    referents: tuple[Referent, ...]
    primary: Referent | None
    diagnosis: str
    current: Picture
    prior: Picture | None
    days_before: int

    @property
    def present(self) -> tuple[Referent, ...]:
        """Return the lesions on the current image."""
        return tuple(r for r in self.referents if r.current is not None)

    def absent_concepts(self) -> tuple[str, ...]:
        """Return the modality's lesion types of which the current image shows none."""
        present = {r.concept for r in self.present}
        return tuple(f.concept for f in self.modality.findings if f.concept not in present)


def draw_scene(rng: np.random.Generator, source: Source, modality: Modality, lesions: int) -> Scene:
    """Draw the facts of one dialogue with so many lesions on the current image (0: healthy)."""
    has_prior = bool(rng.random() < 1 / 3)
    referents = _draw_referents(rng, modality, lesions, has_prior)
    primary, diagnosis = decide(modality, referents)
    picture = Picture(
        modality=modality,
        seed=int(rng.integers(2**31)),
        lesions=tuple(r.current for r in referents if r.current is not None),
    )
    before = tuple(r.prior for r in referents if r.prior is not None)
    return Scene(
        source=source,
        modality=modality,
        field_mm=int(rng.choice(modality.field_mm)),
        referents=referents,
        primary=primary,
        diagnosis=diagnosis,
        current=picture,
        prior=replace(picture, seed=picture.seed + 1, lesions=before) if has_prior else None,
        days_before=int(rng.integers(20, 720)) if has_prior else 0,
    )


def decide(modality: Modality, referents: tuple[Referent, ...]) -> tuple[Referent | None, str]:
    """Apply the modality's table: the first rule that a present lesion meets, and that lesion."""
    for rule in modality.rules:
        for referent in referents:
            if referent.current is not None and _meets(rule, referent):
                return referent, rule.diagnosis
    return None, NORMAL


def _meets(rule: Rule, referent: Referent) -> bool:
    values = [value for _, value in referent.attributes]
    return (
        rule.concept == referent.concept
        and (rule.attribute is None or rule.attribute in values)
        and (not rule.changes or referent.change in rule.changes)
    )


def _draw_referents(
    rng: np.random.Generator, modality: Modality, lesions: int, has_prior: bool
) -> tuple[Referent, ...]:
    """Place lesions at different sites; a resolved one is of a type that is not there now."""
    sites = list(rng.permutation(list(modality.sites)))
    referents: list[Referent] = []
    while len(referents) < lesions and sites:
        site = str(sites.pop())
        fits = [f for f in modality.findings if f.sites is None or site in f.sites]
        finding = pick(rng, fits)
        change = str(rng.choice(CHANGES[:4], p=_shares(4))) if has_prior else None
        referents.append(_draw_referent(rng, finding, modality, site, change))
    gone_share = _CHANGE_SHARES[4] if lesions else 1.0
    if has_prior and sites and rng.random() < gone_share * max(1, lesions):
        site = str(sites.pop())
        taken = {r.concept for r in referents}
        fits = [
            f
            for f in modality.findings
            if f.concept not in taken and (f.sites is None or site in f.sites)
        ]
        if fits:
            referents.append(_draw_referent(rng, pick(rng, fits), modality, site, "resolved"))
    return tuple(
        replace(referent, referent_id=f"r{n}")
        for n, referent in enumerate(shuffled(rng, referents), start=1)
    )


def _shares(count: int) -> list[float]:
    total = sum(_CHANGE_SHARES[:count])
    return [share / total for share in _CHANGE_SHARES[:count]]


def _draw_referent(
    rng: np.random.Generator,
    finding: FindingType,
    modality: Modality,
    site: str,
    change: str | None,
) -> Referent:
    """Draw one lesion with its attributes on the image or images that show it."""
    look, attributes = finding.look, []
    for group, values in finding.attributes.items():
        value = pick(rng, list(values))
        attributes.append((group, value))
        look = replace(look, **values[value])  # type: ignore[arg-type]
    cx, cy = (finding.sites or modality.sites)[site]
    full = float(rng.uniform(*finding.radius))
    small = full * float(rng.uniform(*_SHRUNK))
    radius = full if change != "smaller" else small
    before = small if change == "larger" else full
    square = modality.size[0] / modality.size[1]  # equal radii in pixels on oblong images
    shape = Shape(
        outline=look.outline,
        cx=cx + float(rng.uniform(-0.015, 0.015)),
        cy=cy + float(rng.uniform(-0.015, 0.015)),
        rx=radius,
        ry=radius * finding.aspect * square,
        soft=look.soft,
        seed=int(rng.integers(2**31)),
    )
    ratio = before / radius
    earlier = replace(shape, cx=shape.cx + 0.006, rx=shape.rx * ratio, ry=shape.ry * ratio)
    now, then = Lesion(shape=shape, look=look), Lesion(shape=earlier, look=look)
    return Referent(
        referent_id="",
        concept=finding.concept,
        site=site,
        attributes=tuple(attributes),
        change=change,
        current=None if change == "resolved" else now,
        prior=None if change in (None, "new") else then,
    )
