"""The dialogue that every family is asked: three turns, two images, the second at the second turn.

In: a folder. Out: two PNG files there, and the dialogue about them.
"""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image as PIL

from actors.schema import Dialogue, Image, Region, Turn

_QUESTIONS = ("Is there a nodule?", "Is it larger than before?", "Where is it?")
BOX = (40.0, 30.0, 120.0, 90.0)


def write_dialogue(folder: Path) -> Dialogue:
    """Draw the images and return the dialogue."""
    current = _image(folder, "now", size=(160, 120), days_before=0)
    prior = _image(folder, "then", size=(150, 170), days_before=90)
    shown = ((current.image_id,), (prior.image_id,), ())
    turns = tuple(
        Turn(turn=n, question=q, answer_type="boolean", answer="yes", image_ids=ids)
        for n, (q, ids) in enumerate(zip(_QUESTIONS, shown, strict=True), start=1)
    )
    region = Region(
        region_id="r1", image_id="now", referent_id="n1", site="left_upper_zone", box=BOX
    )
    return Dialogue(
        dialogue_id="d1",
        patient_id="p1",
        specialty="radiology",
        modality="xray",
        source="phantom/families",
        health_system="western",
        language="en",
        release="2026Q3",
        images=(current, prior),
        regions=(region,),
        findings=(),
        turns=turns,
    )


def _image(folder: Path, name: str, *, size: tuple[int, int], days_before: int) -> Image:
    width, height = size
    noise = np.random.default_rng(days_before).integers(0, 256, (height, width, 3))
    path = folder / f"{name}.png"
    PIL.fromarray(noise.astype(np.uint8)).save(path)
    return Image(
        image_id=name,
        uri=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        width=width,
        height=height,
        role="prior" if days_before else "current",
        days_before=days_before,
    )
