"""Dialogue by dialogue: the plan, the pixels, and an endless stream for training.

Dialogue ``index`` of a seed depends on these two numbers alone, however a build is sharded. Twelve
dialogues in a row belong to nine patients; a patient keeps to one repository and health system.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from actors.schema import Dialogue
from pipeline.phantom.catalogue.modalities import MODALITIES, SOURCES
from pipeline.phantom.catalogue.types import Source
from pipeline.phantom.dialogue.annotation import finding_rows, image_rows, region_rows
from pipeline.phantom.dialogue.script import draw_length, draw_script
from pipeline.phantom.dialogue.turns import write_turns
from pipeline.phantom.drawing.render import Picture, Pixels, png_bytes, render
from pipeline.phantom.scene import draw_scene, pick

RELEASE = "2026Q3"
_BLOCK = 12  # dialogues
_PATIENTS = 9  # per block
_NON_WESTERN = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A dialogue whose images are not drawn yet; ``pictures`` holds them by image id."""

    dialogue: Dialogue
    pictures: Mapping[str, Picture]


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """The patient of a dialogue, with the repository and health system."""

    patient_id: str
    source: Source
    health_system: str


def plan_dialogue(seed: int, index: int) -> Plan:
    """Decide everything about dialogue ``index`` but draw nothing; image hashes stay empty.

    Raises:
        ValueError: a negative seed or index.
    """
    rng = np.random.default_rng([seed, 1, index])
    patient = _patient(seed, index)
    modality = MODALITIES[patient.source.modality]
    turns, lesions = draw_length(rng)
    scene = draw_scene(rng, patient.source, modality, lesions)
    dialogue_id = f"phantom-{seed}-{index:06d}"
    images = image_rows(scene, dialogue_id, index)
    dialogue = Dialogue(
        dialogue_id=dialogue_id,
        patient_id=patient.patient_id,
        specialty=patient.source.specialty,
        modality=modality.name,
        source=patient.source.name,
        health_system=patient.health_system,
        language="en",
        release=RELEASE,
        images=images,
        regions=region_rows(scene, dialogue_id),
        findings=finding_rows(scene, dialogue_id),
        turns=write_turns(rng, scene, draw_script(rng, scene, turns), dialogue_id),
    )
    drawn = (scene.current,) if scene.prior is None else (scene.current, scene.prior)
    return Plan(
        dialogue=dialogue,
        pictures={image.image_id: picture for image, picture in zip(images, drawn, strict=True)},
    )


def draw_dialogue(seed: int, index: int) -> tuple[Dialogue, list[tuple[str, bytes]]]:
    """Draw dialogue ``index`` with its images as (uri, PNG bytes) and their SHA-256 filled in."""
    plan = plan_dialogue(seed, index)
    files = [png_bytes(render(plan.pictures[image.image_id])) for image in plan.dialogue.images]
    images = tuple(
        replace(image, sha256=hashlib.sha256(data).hexdigest())
        for image, data in zip(plan.dialogue.images, files, strict=True)
    )
    uris = [image.uri for image in images]
    return replace(plan.dialogue, images=images), list(zip(uris, files, strict=True))


def stream(seed: int, start: int = 0) -> Iterator[tuple[Dialogue, dict[str, Pixels]]]:
    """Yield dialogues ``start``, ``start + 1``, ... without end, with their pixels by image id.

    For training: nothing is encoded or written, and image hashes stay empty. Use another seed than
    that of the evaluated dataset.
    """
    for index in count(start):
        plan = plan_dialogue(seed, index)
        yield plan.dialogue, {name: render(picture) for name, picture in plan.pictures.items()}


def _patient(seed: int, index: int) -> Patient:
    """Return the patient of a dialogue: nine in each block differ, the others join one."""
    block, place = divmod(index, _BLOCK)
    joins = np.random.default_rng([seed, 2, block]).integers(_PATIENTS, size=_BLOCK - _PATIENTS)
    local = place if place < _PATIENTS else int(joins[place - _PATIENTS])
    number = block * _PATIENTS + local
    rng = np.random.default_rng([seed, 3, number])
    return Patient(
        patient_id=f"phantom-{seed}-p{number:05d}",
        source=pick(rng, SOURCES),
        health_system="non_western" if rng.random() < _NON_WESTERN else "western",
    )
