"""Boxes as data sets write them, to pixels of the stored image; boxes of several readers fused.

In: numbers in a declared form and space, the image's sizes. Out: ``Box`` (x0, y0, x1, y1).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from actors.schema import Box
from pipeline.dataset.importers.mapping import Boxes
from pipeline.dataset.importers.values import RowFault

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
OUTSIDE = 0.02  # of the image's side: a box may stand out by this much, and is then clipped
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """One box on one image. ``votes``: the share of readers who drew it; None: one reader."""

    concept: str
    box: Box
    reader: str = ""
    votes: float | None = None


def box_in_pixels(values: Any, spec: Boxes, original: Size, stored: Size) -> tuple[Box, bool]:
    """Return the box in pixels of the stored image, and whether it had to be clipped.

    Args:
        values: a list of numbers, or text that holds them; of a polygon x and y in turn.
        spec: form, space and the size that pixels refer to.
        original: width and height of the upright image as it was found.
        stored: the same as it is written, after it was reduced.

    Raises:
        RowFault: not four numbers, no area, or farther outside than OUTSIDE.
    """
    x0, y0, x1, y1 = _corners(_numbers(values), spec.form)
    space = {"unit": (1.0, 1.0), "thousand": (1000.0, 1000.0)}.get(spec.space)
    width, height = space or (spec.size or original)
    if not (x0 < x1 and y0 < y1):
        raise RowFault("a box has no area", f"{values!r:.80}")
    sx, sy = stored[0] / width, stored[1] / height
    x0, x1, y0, y1 = x0 * sx, x1 * sx, y0 * sy, y1 * sy
    clipped = (max(x0, 0.0), max(y0, 0.0), min(x1, float(stored[0])), min(y1, float(stored[1])))
    slack = OUTSIDE * max(stored)
    if max(-x0, -y0, x1 - stored[0], y1 - stored[1]) > slack:
        raise RowFault(
            "a box lies outside its image", f"{values!r:.80} on {original[0]} x {original[1]}"
        )
    if not (clipped[0] < clipped[2] and clipped[1] < clipped[3]):
        raise RowFault("a box lies outside its image", f"{values!r:.80}")
    return clipped, clipped != (x0, y0, x1, y1)


def fused(boxes: Sequence[Drawn], spec: Boxes, readers: int) -> list[Drawn]:
    """Join boxes of one concept that different readers drew around one thing.

    A box joins the group whose median it overlaps most, from ``spec.fuse_iou`` on, and which has
    none of its reader; the fused box has the medians of the corners. Groups of fewer than
    ``spec.fuse_votes`` readers are left out.
    """
    groups: list[list[Drawn]] = []
    for drawn in boxes:
        free = [
            g
            for g in groups
            if g[0].concept == drawn.concept and drawn.reader not in {d.reader for d in g}
        ]
        best = max(free, key=lambda g: iou(_median(g), drawn.box), default=None)
        if best is not None and iou(_median(best), drawn.box) >= spec.fuse_iou:
            best.append(drawn)
        else:
            groups.append([drawn])
    return [
        Drawn(concept=g[0].concept, box=_median(g), votes=len(g) / readers)
        for g in groups
        if len(g) >= spec.fuse_votes
    ]


def iou(a: Box, b: Box) -> float:
    """Return intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (area(a) + area(b) - both)


def area(box: Box) -> float:
    """Return the area in square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _median(group: Sequence[Drawn]) -> Box:
    x0, y0, x1, y1 = (median(d.box[k] for d in group) for k in range(4))
    return (x0, y0, x1, y1)


def _numbers(values: Any) -> list[float]:
    """Read numbers out of a list, or out of text; anything else in a list is a fault."""
    if isinstance(values, str):
        return [float(n) for n in _NUMBER.findall(values)]
    flat: list[float] = []
    try:
        for item in values:
            flat += _numbers(item) if isinstance(item, list) else [float(item)]
    except (TypeError, ValueError):
        raise RowFault("a box is not four numbers", f"{values!r:.80}") from None
    return flat


def _corners(n: list[float], form: str) -> Box:
    if not all(math.isfinite(v) for v in n):
        raise RowFault("a box is not four numbers", f"{n!r:.80}")
    if form == "polygon":
        if len(n) < 6 or len(n) % 2:
            raise RowFault("a polygon has fewer than three points", f"{n!r:.80}")
        return (min(n[::2]), min(n[1::2]), max(n[::2]), max(n[1::2]))
    if len(n) != 4:
        raise RowFault("a box is not four numbers", f"{n!r:.80}")
    a, b, c, d = n
    if form == "xywh":
        return (a, b, a + c, b + d)
    if form == "cxcywh":
        return (a - c / 2, b - d / 2, a + c / 2, b + d / 2)
    return (b, a, d, c) if form == "yxyx" else (a, b, c, d)
