"""Regions read back from a response, in the dialect declared for the checkpoint.

In: the text of one answer and the size of the image its turn's region lies on. Out: a ``Box`` in
pixels of the stored image, or None. A point (dialect ``molmo``) is a box without an area; no
other dialect gives one.
"""

import re

from actors.boxes.coordinates import Size
from actors.boxes.dialects import dialect_named
from actors.schema import Box

HIT = 0.5  # the least IoU at which a box counts as on its region
_OVERSHOOT = 0.02  # of the declared space: rounding beyond the border, not another scale

_JSON_OBJECT = re.compile(r"\{[^{}]{0,900}\}")
_HOLDS_REGION = re.compile(r"[\"'](?:bbox|box)(?:_2d)?[\"']\s{0,40}:\s{0,40}\[")
_LABEL = re.compile(r"[\"']label[\"']\s{0,40}:\s{0,40}[\"']([^\"'{}]{0,200})[\"']")


def read_box(
    text: str, dialect: str, image_size: Size, input_size: Size | None = None
) -> Box | None:
    """Read the first region of a response, in pixels of the stored image.

    Args:
        text: the response.
        dialect: one of ``conf.schema.BOX_DIALECTS``, as declared for the checkpoint.
        image_size: width and height of the stored image in pixels.
        input_size: width and height at which the image entered the model; ``qwen25`` needs it.

    Returns:
        The box, clipped to the image; for ``molmo`` a point as (x, y, x, y); None where there is
        no region in this dialect, or the first one has no area or lies out of the declared space.

    Raises:
        ValueError: an unknown dialect, or a box in input pixels with ``input_size`` unknown.
    """
    entry = dialect_named(dialect)
    match = entry.pattern.search(text) if entry.pattern else None
    if match is None:
        return None
    space = input_size if entry.input_pixels else image_size
    if space is None:
        raise ValueError("a box in pixels of the model's input cannot be read without input_size")
    numbers = entry.ordered(tuple(map(float, match.groups())))
    corners = entry.coordinates.decode(numbers, space)
    if corners is None or any(not -_OVERSHOOT <= v <= 1 + _OVERSHOOT for v in corners):
        return None
    if entry.coordinates.to_image is not None:
        corners = entry.coordinates.to_image(corners, image_size)
    box = _clip(corners, image_size)
    return box if entry.point or (box[2] > box[0] and box[3] > box[1]) else None


def strip_boxes(text: str, dialect: str) -> str:
    """Remove the region markup of ``dialect``, so that its numbers are no answers.

    The words of the model stay, also those that it wrote as the label of a JSON object.

    Raises:
        ValueError: an unknown dialect.
    """
    entry = dialect_named(dialect)
    if entry.pattern is None:
        return text
    if "{" in text:
        text = _JSON_OBJECT.sub(_label, text)
        text = text.replace("```json", " ").replace("```", " ")
    return (entry.markup or entry.pattern).sub(" ", text)


def iou(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes in the same pixels; 0 without an area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return min(shared / union, 1.0) if union > 0 else 0.0


def is_point(box: Box) -> bool:
    """Return whether a box is a point of the pointing game."""
    return box[0] == box[2] and box[1] == box[3]


def hits(box: Box | None, region: Box) -> bool:
    """Return whether the model found the region: IoU of at least 0.5, or its point lies inside."""
    if box is None:
        return False
    if is_point(box):
        return region[0] <= box[0] <= region[2] and region[1] <= box[1] <= region[3]
    return iou(box, region) >= HIT


def _clip(corners: Box, image_size: Size) -> Box:
    """Turn shares of the image into pixels that lie on it."""
    w, h = image_size
    x0, y0, x1, y1 = (min(max(v, 0.0), 1.0) for v in corners)
    return x0 * w, y0 * h, x1 * w, y1 * h


def _label(match: re.Match[str]) -> str:
    """Reduce a JSON object that holds a region to its label; leave any other object alone."""
    obj = match[0]
    if not _HOLDS_REGION.search(obj):
        return obj
    label = _LABEL.search(obj)
    return f" {label[1]} " if label else " "
