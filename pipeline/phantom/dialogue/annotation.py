"""The closed-world annotation of a scene: image, region and finding rows.

In: a ``Scene`` and the dialogue's id. Out: the tuples that a ``Dialogue`` row holds. The SHA-256 of
an image is empty until it is drawn.
"""

from dataclasses import replace

from actors.schema import Finding, Image, Region
from pipeline.phantom.scene import Referent, Scene

IMAGES_PER_FOLDER = 1000  # dialogues; at most twice as many files


def image_id(dialogue_id: str, role: str) -> str:
    """Name the ``current`` or ``prior`` image of a dialogue."""
    return f"{dialogue_id}-{role}"


def region_id(referent: Referent, role: str) -> str:
    """Name a referent's region on one of the images."""
    return f"{referent.referent_id}-{role}"


def image_rows(scene: Scene, dialogue_id: str, index: int) -> tuple[Image, ...]:
    """Return the current image and, where there is one, the prior."""
    width, height = scene.modality.size
    folder = f"images/{index // IMAGES_PER_FOLDER:04d}"
    roles = ("current",) if scene.prior is None else ("current", "prior")
    return tuple(
        Image(
            image_id=image_id(dialogue_id, role),
            uri=f"{folder}/{image_id(dialogue_id, role)}.png",
            sha256="",
            width=width,
            height=height,
            role=role,
            days_before=scene.days_before if role == "prior" else 0,
        )
        for role in roles
    )


def region_rows(scene: Scene, dialogue_id: str) -> tuple[Region, ...]:
    """Return one region per referent and image that shows it."""
    return tuple(
        Region(
            region_id=region_id(referent, role),
            image_id=image_id(dialogue_id, role),
            referent_id=referent.referent_id,
            site=referent.site,
            box=referent.box(role, scene.modality.size),
        )
        for referent in scene.referents
        for role, lesion in (("current", referent.current), ("prior", referent.prior))
        if lesion is not None
    )


def finding_rows(scene: Scene, dialogue_id: str) -> tuple[Finding, ...]:
    """Return every finding, attribute and diagnosis of the modality, present or absent.

    Rows describe the current image: what only the prior shows is absent, and ``resolved``.
    """
    current = image_id(dialogue_id, "current")
    rows = [row for referent in scene.referents for row in _lesion_rows(referent, current)]
    named = {row.concept for row in rows}
    attributes = {
        value: None
        for finding in scene.modality.findings
        for values in finding.attributes.values()
        for value in values
    }
    concepts = [finding.concept for finding in scene.modality.findings]
    rows += [
        Finding(concept=concept, present=False, image_id=current)
        for concept in (*concepts, *attributes)
        if concept not in named
    ]
    rows += [
        Finding(concept=diagnosis, present=diagnosis == scene.diagnosis)
        for diagnosis in scene.modality.diagnoses
    ]
    return tuple(rows)


def _lesion_rows(referent: Referent, current: str) -> list[Finding]:
    """Return one lesion and, where it shows now, its attributes."""
    present = referent.current is not None
    lesion = Finding(
        concept=referent.concept,
        present=present,
        image_id=current,
        referent_id=referent.referent_id,
        site=referent.site,
        change=referent.change,
    )
    values = [value for _, value in referent.attributes] if present else []
    return [lesion, *(replace(lesion, concept=value, change=None) for value in values)]
