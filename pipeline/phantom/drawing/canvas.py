"""Drawing primitives shared by the anatomies: grids, soft masks, smooth noise, blending.

Canvases are float32 arrays [channels, height, width], 0..255, with one channel (grey) or three
(RGB): whole planes, since numpy is several times slower where the innermost axis is three long.
Masks are [height, width]. ``size`` is always (width, height) in pixels, as Pillow has it.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

Array = NDArray[np.floating]
Size = tuple[int, int]
Colour = tuple[int, int, int] | float


@lru_cache(maxsize=16)
def grid(size: Size) -> tuple[Array, Array]:
    """Return pixel centres as shares of width and height: x [1, w] and y [h, 1]."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) + 0.5) / width
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    return x[None, :], y[:, None]


def ellipse(size: Size, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    """Return the signed depth of an ellipse: 1 at its centre, 0 on its border, negative outside."""
    x, y = grid(size)
    return _depth(x, y, centre, radii)


def _depth(x: Array, y: Array, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    across, down = (x - centre[0]) / radii[0], (y - centre[1]) / radii[1]
    return np.asarray(1 - np.sqrt(across * across + down * down), dtype=np.float32)


def stamp(
    canvas: Array,
    centre: tuple[float, float],
    radii: tuple[float, float],
    colour: Colour,
    soft: float = 0.06,
) -> None:
    """Paint a filled ellipse on ``canvas`` in place; only its surroundings are computed."""
    _, height, width = canvas.shape
    x, y = grid((width, height))
    reach = 1 + soft
    left = max(0, int((centre[0] - reach * radii[0]) * width))
    right = max(0, int((centre[0] + reach * radii[0]) * width) + 1)
    top = max(0, int((centre[1] - reach * radii[1]) * height))
    bottom = max(0, int((centre[1] + reach * radii[1]) * height) + 1)
    depth = _depth(x[:, left:right], y[top:bottom], centre, radii)
    blend(canvas[:, top:bottom, left:right], cover(depth, soft), colour)


def cover(depth: Array, soft: float = 0.06) -> Array:
    """Turn a signed depth into coverage 0..1 with a border ``soft`` wide."""
    return np.asarray(np.clip(depth / soft + np.float32(0.5), 0, 1), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, size: Size, cells: int) -> Array:
    """Draw zero-mean noise [h, w] of unit spread whose grains are about 1/cells of the width."""
    width, height = size
    rows = max(2, cells * height // width)
    coarse = rng.standard_normal((rows, cells), dtype=np.float32)
    return np.asarray(Pillow.fromarray(coarse).resize(size, Pillow.Resampling.BICUBIC))


def blend(canvas: Array, alpha: Array, colour: Colour) -> None:
    """Paint ``colour`` over ``canvas`` in place where ``alpha`` [h, w] covers it."""
    canvas += alpha * (_planes(canvas, colour) - canvas)


def add(canvas: Array, amount: Array, colour: Colour = 1.0) -> None:
    """Add ``amount`` [h, w] times ``colour`` to ``canvas`` in place."""
    canvas += amount * _planes(canvas, colour)


def fill(size: Size, colour: Colour) -> Array:
    """Make a canvas of one colour, with one channel if ``colour`` is a number."""
    width, height = size
    channels = 1 if isinstance(colour, (int, float)) else 3
    canvas = np.empty((channels, height, width), dtype=np.float32)
    canvas[:] = _planes(canvas, colour)
    return canvas


def _planes(canvas: Array, colour: Colour) -> Array:
    """Return a colour as planes [c, 1, 1] for a canvas; a grey one takes the first component."""
    planes = np.asarray(colour, dtype=np.float32).reshape(-1)[: canvas.shape[0]]
    return planes[:, None, None]
