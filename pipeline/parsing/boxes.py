"""Regions read back from a response, in the dialect declared for the checkpoint.

In: the text of one answer and the size of the image its turn's region lies on. Out: a ``Box`` in
pixels of the stored image, or None. A point (dialect ``molmo``) is a box without an area; no
other dialect gives one.
"""

import re

from actors.boxes.read import MARKUP, MOLMO, READERS
from actors.boxes.write import Size
from actors.schema import Box

HIT = 0.5  # the least IoU at which a box counts as on its region

_JSON_OBJECT = re.compile(r"\{[^{}]{0,600}\}")
_LABEL = re.compile(r"[\"']label[\"'][ \t\n]{0,4}:[ \t\n]{0,4}[\"']([^\"'{}]{0,200})[\"']")


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
        no region in this dialect, or the first one has no area.

    Raises:
        ValueError: an unknown dialect, or a box in input pixels with ``input_size`` unknown.
    """
    if dialect == "none":
        return None
    if dialect == "molmo":
        return _read_point(text, image_size)
    if dialect not in READERS:
        raise ValueError(f"box dialect {dialect!r} is unknown")
    unit = READERS[dialect](text, image_size, input_size)
    if unit is None:
        return None
    return _clip(unit, image_size)


def strip_boxes(text: str, dialect: str) -> str:
    """Take the region markup of ``dialect`` out, so that its numbers are no answers.

    The words of the model stay, also those that it wrote as the label of a JSON object.

    Raises:
        ValueError: an unknown dialect.
    """
    if dialect == "none":
        return text
    if dialect not in MARKUP:
        raise ValueError(f"box dialect {dialect!r} is unknown")
    if dialect in ("qwen25", "gemini"):
        key = "bbox_2d" if dialect == "qwen25" else "box_2d"
        text = _JSON_OBJECT.sub(lambda m: _label(m.group(0), key), text)
        text = text.replace("```json", " ").replace("```", " ")
    return MARKUP[dialect].sub(" ", text)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes in the same pixels; 0 where either has no area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return min(shared / union, 1.0) if union > 0 else 0.0


def is_point(box: Box) -> bool:
    """Tell a point of the pointing game from a box."""
    return box[0] == box[2] and box[1] == box[3]


def hits(box: Box | None, region: Box) -> bool:
    """Return whether the model found the region: IoU of at least 0.5, or its point lies inside."""
    if box is None:
        return False
    if is_point(box):
        return region[0] <= box[0] <= region[2] and region[1] <= box[1] <= region[3]
    return iou(box, region) >= HIT


def _clip(unit: Box, image_size: Size) -> Box | None:
    w, h = image_size
    x0, y0, x1, y1 = (min(max(v, 0.0), 1.0) for v in unit)
    box = (x0 * w, y0 * h, x1 * w, y1 * h)
    return box if box[2] > box[0] and box[3] > box[1] else None


def _read_point(text: str, image_size: Size) -> Box | None:
    found = MOLMO.search(text)
    if found is None:
        return None
    x = min(float(found[1]) / 100, 1.0) * image_size[0]
    y = min(float(found[2]) / 100, 1.0) * image_size[1]
    return x, y, x, y


def _label(obj: str, key: str) -> str:
    """Reduce a JSON object that holds a region to its label; leave any other object alone."""
    if f'"{key}"' not in obj and f"'{key}'" not in obj:
        return obj
    label = _LABEL.search(obj)
    return f" {label[1]} " if label else " "
