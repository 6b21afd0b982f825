"""Pixels from a planned picture: a background of its modality and the lesions on it.

In: a ``Picture``. Out: a uint8 array [height, width] (grey) or [height, width, 3] (RGB).
Without its lesions the same picture gives the same background, pixel for pixel.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from pipeline.phantom.catalogue.types import Look, Modality
from pipeline.phantom.drawing.anatomy_colour import (
    bowel_lumen,
    fundus_photograph,
    skin,
    stained_tissue,
)
from pipeline.phantom.drawing.anatomy_grey import (
    abdominal_slice,
    brain_slice,
    chest_film,
    echo_view,
)
from pipeline.phantom.drawing.canvas import Array, Size, add, blend, cover
from pipeline.phantom.drawing.shapes import Patch, Shape, rasterise

Pixels = NDArray[np.uint8]

_ANATOMY: dict[str, Callable[[np.random.Generator, Size], Array]] = {
    "xray": chest_film,
    "ct": abdominal_slice,
    "mri": brain_slice,
    "fundus": fundus_photograph,
    "dermoscopy": skin,
    "histopathology": stained_tissue,
    "endoscopy": bowel_lumen,
    "ultrasound": echo_view,
}
# The two lowest bits of every channel are noise that no fact rests on; without them the PNG
# files of 8,000 dialogues shrink by about a third.
_KEPT_BITS = 0xFC


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesion:
    """A shape with the look that fills it."""

    shape: Shape
    look: Look


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One image to draw: ``seed`` decides the background alone."""

    modality: Modality
    seed: int
    lesions: tuple[Lesion, ...]


def render(picture: Picture) -> Pixels:
    """Draw a picture."""
    size = picture.modality.size
    canvas = _ANATOMY[picture.modality.name](np.random.default_rng(picture.seed), size)
    for lesion in picture.lesions:
        _paint(canvas, lesion, size)
    pixels = np.clip(canvas, 0, 255).astype(np.uint8) & np.uint8(_KEPT_BITS)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0)) if len(pixels) == 3 else pixels[0]


def png_bytes(pixels: Pixels) -> bytes:
    """Encode pixels as PNG; equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _paint(canvas: Array, lesion: Lesion, size: Size) -> None:
    """Paint one lesion on the canvas in place: fill, spots, wall, septum, highlight."""
    look, patch = lesion.look, rasterise(lesion.shape, size)
    height, width = patch.alpha.shape
    view = canvas[:, patch.y0 : patch.y0 + height, patch.x0 : patch.x0 + width]
    rng = np.random.default_rng(lesion.shape.seed + 1)
    grain = rng.standard_normal((height // 3 + 1, width // 3 + 1), dtype=np.float32)
    noise = np.asarray(Pillow.fromarray(grain).resize((width, height), Pillow.Resampling.BICUBIC))
    fill = np.zeros_like(view)
    add(fill, np.ones_like(patch.alpha), look.colour)
    if look.spots is not None:
        blend(fill, _spots(rng, patch), look.spots)
    if look.rim is not None:
        blend(fill, np.clip((look.wall - patch.depth) * 14 + 0.5, 0, 1), look.rim)
    if look.septum is not None:
        columns, rows = _shares(patch)
        cross = np.minimum(np.abs(rows - 0.5), np.abs(columns - 0.5))
        blend(fill, (cross < 0.05).astype(np.float32), look.septum)
    fill += look.texture * noise
    if look.gloss:
        blend(fill, _highlight(patch), (255, 250, 246))
    view += patch.alpha * np.float32(look.opacity) * (fill - view)


def _shares(patch: Patch) -> tuple[Array, Array]:
    """Return the columns [1, w] and rows [h, 1] of a patch as shares of its sides."""
    height, width = patch.alpha.shape
    columns = np.arange(width, dtype=np.float32)[None, :] / width
    return columns, np.arange(height, dtype=np.float32)[:, None] / height


def _spots(rng: np.random.Generator, patch: Patch) -> Array:
    """Return the coverage of fourteen dark spots within the patch."""
    columns, rows = _shares(patch)
    nearest = np.full(patch.alpha.shape, 9.0, dtype=np.float32)
    for x, y in rng.uniform(0.12, 0.88, (14, 2)):
        nearest = np.minimum(nearest, np.hypot(columns - x, rows - y))
    return cover(0.085 - nearest, 0.033)


def _highlight(patch: Patch) -> Array:
    """Return the coverage of a small reflection above the middle."""
    columns, rows = _shares(patch)
    return cover(0.1 - np.hypot(columns - 0.4, rows - 0.32), 0.033)
