"""Lesion-free backgrounds of the colour modalities: fundus, skin, stained tissue, endoscopy.

Each function takes a generator and a size (width, height) and returns a canvas [3, h, w], 0..255.
"""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from pipeline.phantom.drawing.canvas import (
    Array,
    Size,
    add,
    blend,
    cover,
    ellipse,
    fill,
    grid,
    smooth_noise,
    stamp,
)


def fundus_photograph(rng: np.random.Generator, size: Size) -> Array:
    """Draw a right eye: orange disc, optic disc at the right, vessel arcades, dark macula."""
    radius = (0.47 * min(size) / size[0], 0.49)
    retina = ellipse(size, (0.5, 0.5), (radius[0] * 1.06, radius[1]))
    canvas = fill(size, (196, 92, 40))
    add(canvas, np.clip(retina, 0, 1) - 0.35, (40, 30, 14))
    add(canvas, 5 * smooth_noise(rng, size, 20))
    blend(canvas, 0.5 * cover(ellipse(size, (0.42, 0.5), (0.1, 0.11)), 0.9), (112, 36, 18))
    vessels = _vessels(rng, size)
    blend(canvas, 0.8 * vessels, (124, 22, 18))
    stamp(canvas, (0.81, 0.5), (0.062, 0.078), (252, 214, 128), 0.2)
    stamp(canvas, (0.815, 0.5), (0.026, 0.034), (255, 242, 200), 0.5)
    canvas *= cover(retina, 0.02)
    return canvas


def _vessels(rng: np.random.Generator, size: Size) -> Array:
    """Return the coverage [h, w] of four arcades and their branches, thinner farther out."""
    width, height = size
    sheet = Pillow.new("L", size, 0)
    pen = ImageDraw.Draw(sheet)
    for up in (-1, 1):
        for reach, bow in ((0.68, 0.33), (0.6, 0.2), (-0.11, 0.3)):
            bow = bow * rng.uniform(0.92, 1.08)
            points = []
            for t in np.linspace(0, 1, 18):
                px = 0.81 - reach * t**1.2
                py = 0.5 + up * bow * np.sin(min(1.0, t * 1.15) * 1.9) * (1 - 0.12 * t)
                points.append((px * width, py * height))
            cut = 10
            pen.line(points[: cut + 1], fill=255, width=4, joint="curve")
            pen.line(points[cut:], fill=230, width=2, joint="curve")
    return np.asarray(sheet, dtype=np.float32) / 255


def skin(rng: np.random.Generator, size: Size) -> Array:
    """Draw skin under a dermatoscope: tone, fine texture, a few hairs, dark corners."""
    canvas = fill(size, (226, 178, 152))
    tone = rng.uniform(-10, 10)
    add(canvas, tone + 6 * smooth_noise(rng, size, 10) + 4 * smooth_noise(rng, size, 60))
    hairs = Pillow.new("L", size, 0)
    pen = ImageDraw.Draw(hairs)
    for _ in range(int(rng.integers(3, 7))):
        x, y = rng.uniform(0, 1, 2) * size
        bend = rng.uniform(-60, 60, 4)
        pen.line(
            [(x, y), (x + bend[0], y + bend[1]), (x + bend[0] + bend[2], y + bend[1] + bend[3])],
            fill=255,
            width=1,
        )
    blend(canvas, np.asarray(hairs, np.float32) / 340, (84, 58, 46))
    rim = cover(ellipse(size, (0.5, 0.5), (0.66, 0.66)), 0.08)
    canvas *= 0.12 + 0.88 * rim
    return canvas


def stained_tissue(rng: np.random.Generator, size: Size) -> Array:
    """Draw tissue in haematoxylin and eosin: pink stroma in strands, scattered purple nuclei."""
    x, y = grid(size)
    canvas = fill(size, (238, 190, 214))
    swirl = smooth_noise(rng, size, 6)
    strands = np.cos((x * rng.uniform(4, 8) + y * rng.uniform(4, 8)) * 6.2832 + 2.4 * swirl)
    add(canvas, -np.clip(strands, 0, 1), (8, 30, 16))
    add(canvas, 4 * smooth_noise(rng, size, 40))
    sheet = Pillow.new("L", size, 0)
    pen = ImageDraw.Draw(sheet)
    centres = rng.uniform(0, 1, (170, 2)) * size
    radii = rng.uniform(1.6, 3.2, (170, 2))
    for (cx, cy), (rx, ry) in zip(centres.tolist(), radii.tolist(), strict=True):
        pen.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=215)
    blend(canvas, np.asarray(sheet, np.float32) / 255, (104, 62, 142))
    return canvas


def bowel_lumen(rng: np.random.Generator, size: Size) -> Array:
    """Draw an endoscopic frame: pink mucosa with ring folds around a dark lumen, cut corners."""
    x, y = grid(size)
    cx, cy = 0.5 + rng.uniform(-0.02, 0.02), 0.5 + rng.uniform(-0.02, 0.02)
    rho = np.hypot(x - cx, (y - cy) * size[1] / size[0]) + 0.012 * smooth_noise(rng, size, 7)
    canvas = fill(size, (222, 128, 104))
    fold = np.clip(np.cos(np.sqrt(np.clip(rho, 0, 1)) * 40 + rng.uniform(0, 6.28)), 0, 1)
    add(canvas, -fold, (34, 34, 28))
    add(canvas, 6 * smooth_noise(rng, size, 24))
    blend(canvas, cover(0.115 - rho, 0.11), (52, 10, 10))
    canvas *= 1.08 - 0.5 * rho
    frame = np.minimum(
        np.minimum(np.minimum(x, 1 - x) + 0 * y, np.minimum(y, 1 - y) + 0 * x) - 0.015,
        np.minimum(x, 1 - x) + np.minimum(y, 1 - y) - 0.2,
    )
    canvas *= cover(frame, 0.01)
    return canvas
