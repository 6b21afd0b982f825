"""Regions read back from a response, in the dialect declared for the checkpoint.

In: the text of one answer and the size of the image its turn's region lies on. Out: a ``Box`` in
pixels of the stored image, or None. A point (dialect ``molmo``) is a box without an area; no
other dialect gives one. Every pattern has bounded repeats, so reading takes linear time.
"""

import re
from collections.abc import Callable

from actors.dialects import FLORENCE2_BINS, KOSMOS2_SIDE, PALIGEMMA_BINS, Size
from actors.schema import Box

HIT = 0.5  # the least IoU at which a box counts as on its region

_N = r"[ \t\n]{0,4}([-+]?\d{1,7}(?:\.\d{0,9})?)[ \t\n]{0,4}"
_LIST = rf"\[{_N},{_N},{_N},{_N}\]"
_PAIRS = rf"\({_N},{_N}\)[ \t]{{0,4}},?[ \t]{{0,4}}\({_N},{_N}\)"

_BRACKETS = re.compile(_LIST)
_BBOX_2D = re.compile(rf"[\"']bbox_2d[\"'][ \t\n]{{0,4}}:[ \t\n]{{0,4}}{_LIST}")
_BOX_2D = re.compile(rf"[\"']box_2d[\"'][ \t\n]{{0,4}}:[ \t\n]{{0,4}}{_LIST}")
_QWEN = re.compile(rf"(?:<box>[ \t]{{0,4}}|<\|box_start\|>[ \t]{{0,4}}){_PAIRS}")
_INTERNVL = re.compile(rf"<box>[ \t]{{0,4}}\[[ \t]{{0,4}}{_LIST}")
_PALIGEMMA = re.compile(r"<loc(\d{4})>" + r"[ \t]{0,4}<loc(\d{4})>" * 3)
_FLORENCE2 = re.compile(r"<loc_(\d{1,4})>" + r"[ \t]{0,4}<loc_(\d{1,4})>" * 3)
_KOSMOS2 = re.compile(r"<patch_index_(\d{1,6})>[ \t]{0,4}<patch_index_(\d{1,6})>")
_MOLMO = re.compile(
    r"<points?[ \t]{1,4}x1?=\"[ \t]{0,4}(\d{1,3}(?:\.\d{0,9})?)[ \t]{0,4}\"[ \t]{1,4}"
    r"y1?=\"[ \t]{0,4}(\d{1,3}(?:\.\d{0,9})?)[ \t]{0,4}\""
)

# What a region may be written in, for strip_boxes. Words inside a tag pair stay: they are text.
_JSON_OBJECT = re.compile(r"\{[^{}]{0,600}\}")
_LABEL = re.compile(r"[\"']label[\"'][ \t\n]{0,4}:[ \t\n]{0,4}[\"']([^\"'{}]{0,200})[\"']")
_MARKUP = {
    "norm1000": _BRACKETS,
    "norm1": _BRACKETS,
    "pixels": _BRACKETS,
    "qwen25": _BBOX_2D,
    "qwen": re.compile(
        rf"{_PAIRS}|</?(?:box|ref)>|<\|(?:box|object_ref)_(?:start|end)\|>", re.IGNORECASE
    ),
    "internvl": re.compile(rf"\[[ \t]{{0,4}}{_LIST}[ \t]{{0,4}}\]|</?(?:box|ref)>", re.IGNORECASE),
    "gemini": _BOX_2D,
    "paligemma": re.compile(r"<loc\d{4}>|<seg\d{3}>"),
    "florence2": re.compile(r"<loc_\d{1,4}>"),
    "kosmos2": re.compile(
        r"<patch_index_\d{1,6}>|</?(?:object|phrase|grounding)>|</delimiter_of_multi_objects/>"
    ),
    "molmo": re.compile(r"<points?[ \t][^<>]{0,400}>|</points?>"),
}


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
    if dialect not in _READERS:
        raise ValueError(f"box dialect {dialect!r} is unknown")
    unit = _READERS[dialect](text, image_size, input_size)
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
    if dialect not in _MARKUP:
        raise ValueError(f"box dialect {dialect!r} is unknown")
    if dialect in ("qwen25", "gemini"):
        key = "bbox_2d" if dialect == "qwen25" else "box_2d"
        text = _JSON_OBJECT.sub(lambda m: _label(m.group(0), key), text)
        text = text.replace("```json", " ").replace("```", " ")
    return _MARKUP[dialect].sub(" ", text)


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
    """Tell whether the model found the region: IoU of at least 0.5, or its point lies inside."""
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
    found = _MOLMO.search(text)
    if found is None:
        return None
    x = min(float(found[1]) / 100, 1.0) * image_size[0]
    y = min(float(found[2]) / 100, 1.0) * image_size[1]
    return x, y, x, y


_Reader = Callable[[str, Size, Size | None], Box | None]


def _scaled(pattern: re.Pattern[str], steps: float, y_first: bool = False) -> _Reader:
    """Make a reader for four coordinates that run from 0 to ``steps``."""

    def read(text: str, image_size: Size, input_size: Size | None) -> Box | None:
        found = pattern.search(text)
        if found is None:
            return None
        a, b, c, d = (float(v) / steps for v in found.groups())
        return (b, a, d, c) if y_first else (a, b, c, d)

    return read


def _in_pixels(pattern: re.Pattern[str], of_input: bool) -> _Reader:
    """Make a reader for pixels: of the stored image, or of the model's resized input."""

    def read(text: str, image_size: Size, input_size: Size | None) -> Box | None:
        found = pattern.search(text)
        if found is None:
            return None
        if of_input and input_size is None:
            raise ValueError(
                "a box in pixels of the model's input cannot be read without input_size"
            )
        w, h = input_size if of_input and input_size is not None else image_size
        x0, y0, x1, y1 = map(float, found.groups())
        return x0 / w, y0 / h, x1 / w, y1 / h

    return read


def _read_florence2(text: str, image_size: Size, input_size: Size | None) -> Box | None:
    """A token names a bin, and its middle is the coordinate (as in Florence-2's processor)."""
    found = _FLORENCE2.search(text)
    if found is None:
        return None
    x0, y0, x1, y1 = ((int(v) + 0.5) / FLORENCE2_BINS for v in found.groups())
    return x0, y0, x1, y1


def _read_kosmos2(text: str, image_size: Size, input_size: Size | None) -> Box | None:
    """Two patches of a 32 x 32 grid: whole cells within one row or column, else their middles."""
    found = _KOSMOS2.search(text)
    if found is None or max(int(found[1]), int(found[2])) >= KOSMOS2_SIDE**2:
        return None
    top, left = divmod(int(found[1]), KOSMOS2_SIDE)
    bottom, right = divmod(int(found[2]), KOSMOS2_SIDE)
    start, end = (0.0, 1.0) if top == bottom or left == right else (0.5, 0.5)
    x0, y0, x1, y1 = left + start, top + start, right + end, bottom + end
    return x0 / KOSMOS2_SIDE, y0 / KOSMOS2_SIDE, x1 / KOSMOS2_SIDE, y1 / KOSMOS2_SIDE


def _label(obj: str, key: str) -> str:
    """Reduce a JSON object that holds a region to its label; leave any other object alone."""
    if f'"{key}"' not in obj and f"'{key}'" not in obj:
        return obj
    label = _LABEL.search(obj)
    return f" {label[1]} " if label else " "


_READERS: dict[str, _Reader] = {
    "norm1000": _scaled(_BRACKETS, 1000),
    "norm1": _scaled(_BRACKETS, 1),
    "pixels": _in_pixels(_BRACKETS, of_input=False),
    "qwen25": _in_pixels(_BBOX_2D, of_input=True),
    "qwen": _scaled(_QWEN, 1000),
    "internvl": _scaled(_INTERNVL, 1000),
    "gemini": _scaled(_BOX_2D, 1000, y_first=True),
    "paligemma": _scaled(_PALIGEMMA, PALIGEMMA_BINS, y_first=True),
    "florence2": _read_florence2,
    "kosmos2": _read_kosmos2,
}
