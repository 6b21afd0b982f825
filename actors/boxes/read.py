"""The forms of the box dialects as patterns and readers.

In: the text of one answer. Out: corners as shares of the image (0 to 1, unclipped), or None. Every
pattern has bounded repeats, so reading takes linear time. docs/boxes.md lists the sources.
"""

import re
from collections.abc import Callable

from actors.boxes.write import FLORENCE2_BINS, KOSMOS2_SIDE, PALIGEMMA_BINS, Size
from actors.schema import Box

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
MOLMO = re.compile(
    r"<points?[ \t]{1,4}x1?=\"[ \t]{0,4}(\d{1,3}(?:\.\d{0,9})?)[ \t]{0,4}\"[ \t]{1,4}"
    r"y1?=\"[ \t]{0,4}(\d{1,3}(?:\.\d{0,9})?)[ \t]{0,4}\""
)

Reader = Callable[[str, Size, Size | None], Box | None]


def _scaled(pattern: re.Pattern[str], steps: float, y_first: bool = False) -> Reader:
    """Make a reader for four coordinates that run from 0 to ``steps``."""

    def read(text: str, image_size: Size, input_size: Size | None) -> Box | None:
        found = pattern.search(text)
        if found is None:
            return None
        a, b, c, d = (float(v) / steps for v in found.groups())
        return (b, a, d, c) if y_first else (a, b, c, d)

    return read


def _in_pixels(pattern: re.Pattern[str], of_input: bool) -> Reader:
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


READERS: dict[str, Reader] = {
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

# What a region may be written in. Words inside of a tag pair stay: they are text.
MARKUP = {
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
