"""Drawing primitives shared by the anatomies: grids, soft masks, smooth noise, blending.

Canvases are float32 arrays [height, width] (grey) or [height, width, 3] (RGB), 0..255.
``size`` is always (width, height) in pixels, as Pillow has it.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

Array = NDArray[np.floating]
Size = tuple[int, int]


@lru_cache(maxsize=16)
def grid(size: Size) -> tuple[Array, Array]:
    """Pixel centres as shares of width and height: x [1, w] and y [h, 1]."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) + 0.5) / width
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    return x[None, :], y[:, None]


def ellipse(size: Size, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    """Signed depth of an ellipse: 1 at its centre, 0 on its border, negative outside."""
    x, y = grid(size)
    rho = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    return np.asarray(1 - rho, dtype=np.float32)


def cover(depth: Array, soft: float = 0.06) -> Array:
    """Turn a signed depth into coverage 0..1 with a border ``soft`` wide."""
    return np.asarray(np.clip(depth / soft + np.float32(0.5), 0, 1), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, size: Size, cells: int) -> Array:
    """Zero-mean noise [h, w] of unit spread whose grains are about 1/cells of the width."""
    width, height = size
    rows = max(2, cells * height // width)
    coarse = rng.standard_normal((rows, cells), dtype=np.float32)
    return np.asarray(Pillow.fromarray(coarse).resize(size, Pillow.Resampling.BICUBIC))


def blend(canvas: Array, alpha: Array, colour: tuple[int, int, int] | float) -> None:
    """Lay ``colour`` over ``canvas`` in place where ``alpha`` [h, w] covers it."""
    if canvas.ndim == 2:
        grey = colour if isinstance(colour, (int, float)) else colour[0]
        canvas += alpha * (np.float32(grey) - canvas)
    else:
        canvas += alpha[..., None] * (np.asarray(colour, dtype=np.float32) - canvas)


def fill(size: Size, colour: tuple[int, int, int] | float) -> Array:
    """Make a canvas of one colour, grey if ``colour`` is a number."""
    width, height = size
    if isinstance(colour, (int, float)):
        return np.full((height, width), colour, dtype=np.float32)
    canvas = np.empty((height, width, 3), dtype=np.float32)
    canvas[:] = colour
    return canvas
