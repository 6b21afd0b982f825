"""Lesion outlines: from a shape's name, place and seed to a mask and its tight box.

In: a ``Shape`` in shares of the image's sides. Out: a ``Patch``, the small array of coverage values
that is painted, and its box in pixels. The same patch serves the plan and the painter, so a
box always bounds what is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from actors.schema import Box
from pipeline.phantom.drawing.canvas import Array, Size

_SIDED = ("meniscus", "crescent")  # drawn for the image's left half, mirrored on the right
_REACH = 1.08  # the patch's half side over the radius: room for soft borders


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """An outline: centre and radii are shares of the image's width (x) and height (y)."""

    outline: str
    cx: float
    cy: float
    rx: float
    ry: float
    soft: float
    seed: int


@dataclass(frozen=True, slots=True)
class Patch:
    """``alpha`` [h, w] is coverage 0..1, ``depth`` 0 at the border to 1 at the centre."""

    x0: int
    y0: int
    alpha: Array
    depth: Array

    @property
    def box(self) -> Box:
        """Return the tight box in pixels around all that is at least half covered."""
        solid = self.alpha >= 0.5
        rows = np.flatnonzero(solid.any(axis=1))
        columns = np.flatnonzero(solid.any(axis=0))
        return (
            float(self.x0 + columns[0]),
            float(self.y0 + rows[0]),
            float(self.x0 + columns[-1] + 1),
            float(self.y0 + rows[-1] + 1),
        )


def rasterise(shape: Shape, size: Size) -> Patch:
    """Draw the mask of ``shape`` for an image of ``size`` (width, height) pixels."""
    width, height = size
    x0 = max(0, int((shape.cx - _REACH * shape.rx) * width))
    y0 = max(0, int((shape.cy - _REACH * shape.ry) * height))
    x1 = min(width, int((shape.cx + _REACH * shape.rx) * width) + 1)
    y1 = min(height, int((shape.cy + _REACH * shape.ry) * height) + 1)
    u = (np.arange(x0, x1, dtype=np.float32) + 0.5 - shape.cx * width) / (shape.rx * width)
    v = (np.arange(y0, y1, dtype=np.float32) + 0.5 - shape.cy * height) / (shape.ry * height)
    rng = np.random.default_rng(shape.seed)
    if shape.outline in _SIDED and shape.cx > 0.5:
        u = -u
    drawn = _OUTLINES[shape.outline](u[None, :], v[:, None], rng)
    depth = np.asarray(drawn, dtype=np.float32)
    alpha = np.clip(depth / shape.soft + 0.5, 0.0, 1.0).astype(np.float32)
    return Patch(x0, y0, alpha, np.clip(depth, 0.0, 1.0).astype(np.float32))


def _polar(u: Array, v: Array) -> tuple[Array, Array]:
    return np.hypot(u, v), np.arctan2(v, u)


def _within(rho: Array, border: Array) -> Array:
    """Return the depth inside a border of unequal radius, the largest of which becomes 1."""
    return np.asarray(1 - rho / (border / border.max()))


def _round(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return 1 - np.hypot(u, v)


def _wavy(u: Array, v: Array, rng: np.random.Generator, amplitude: float) -> Array:
    """Draw a border that low harmonics bend by up to ``amplitude`` of the radius."""
    rho, theta = _polar(u, v)
    border = np.ones_like(theta)
    for k in (2, 3, 5):
        border = border + amplitude / k * 1.6 * np.cos(k * theta + rng.uniform(0, 6.28))
    return _within(rho, border)


def _cloud(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return _wavy(u, v, rng, 0.12)


def _irregular(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw a torn border: deep notches of unequal width and depth."""
    rho, theta = _polar(u, v)
    border = np.full_like(theta, 0.7)
    for k, amplitude in ((2, 0.08), (3, 0.13), (5, 0.16), (8, 0.06)):
        amplitude *= rng.uniform(0.75, 1.25)
        border = border + amplitude * np.cos(k * theta + rng.uniform(0, 6.28))
    border = np.clip(border, 0.3, None)
    return _within(rho, border)


def _spiculated(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw a core with ten to twelve pointed rays of unequal length."""
    rho, theta = _polar(u, v)
    rays, turn = int(rng.integers(10, 13)), rng.uniform(0, 6.28)
    ray = np.abs(np.cos(rays * theta / 2 + turn)) ** 3
    border = 0.5 + 0.42 * ray * (1 + 0.2 * np.cos(3 * theta + turn))
    return _within(rho, border)


def _flame(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw a slanted streak with a torn end."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    along, across = (u + side * v) / 1.3, (v - side * u) / 0.42
    torn = 0.18 * np.sin(9 * across + rng.uniform(0, 6.28)) * (along > 0)
    return 1 - np.hypot(along + torn, across)


def _dots(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw seven dots of unequal size, scattered over the disc up to its border."""
    angles = rng.uniform(0, 6.28) + np.arange(6) * 1.0472 + rng.uniform(-0.22, 0.22, 6)
    reach, radii = rng.uniform(0.55, 0.72, 6), rng.uniform(0.17, 0.27, 6)
    depths = [1 - np.hypot(u, v) / 0.24]
    for angle, far, radius in zip(angles, reach, radii, strict=True):
        x, y = far * np.cos(angle), far * np.sin(angle)
        depths.append(1 - np.hypot(u - x, v - y) / radius)
    return np.asarray(np.max(depths, axis=0) * 0.6)


def _dot_ring(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw ten dots that touch on a circle around an empty centre."""
    angles = rng.uniform(0, 6.28) + np.arange(10) * 0.6283
    depths = [1 - np.hypot(u - 0.78 * np.cos(a), v - 0.78 * np.sin(a)) / 0.22 for a in angles]
    return np.asarray(np.max(depths, axis=0) * 0.6)


def _meniscus(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw fluid on a base that climbs to the outer wall (left side of the patch)."""
    surface = -0.15 - 0.85 * np.clip(-u, 0, 1) ** 2 + 0.25 * np.clip(u, 0, 1)
    below = v - surface
    return np.asarray(np.minimum(np.minimum(below, 1 - v), np.minimum(1 + u, 1 - u)))


def _crescent(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw an upright sickle that bulges to the left: fluid around a chamber."""
    middle = 0.85 * v**2 - 0.4
    return np.asarray((1 - v**2) * 0.6 - np.abs(u - middle))


def _stalk(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Draw a head above a narrow stem."""
    head = 1 - np.hypot(u / 0.72, (v + 0.36) / 0.64)
    stem = np.minimum(0.22 - np.abs(u), np.minimum(1 - v, v)) * 2.2
    return np.asarray(np.maximum(head, stem))


_OUTLINES: dict[str, Callable[[Array, Array, np.random.Generator], Array]] = {
    "round": _round,
    "cloud": _cloud,
    "irregular": _irregular,
    "spiculated": _spiculated,
    "flame": _flame,
    "dots": _dots,
    "dot_ring": _dot_ring,
    "meniscus": _meniscus,
    "crescent": _crescent,
    "stalk": _stalk,
}
