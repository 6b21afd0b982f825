"""How a checkpoint writes a region of interest: the instruction it gets, and the exact form.

In: a dialect of ``conf.schema.BOX_DIALECTS`` and a box in pixels of the stored image.
Out: text. ``actors.boxes.read`` reads the same forms back; docs/boxes.md lists their sources.
"""

from math import ceil, floor

from actors.schema import Box

Size = tuple[int, int]  # width, height in pixels

# Coordinates are integers from 0 to the number given here, relative to the image, x before y
# unless the dialect says otherwise. The tokens of paligemma and florence2 number bins instead.
PALIGEMMA_BINS = 1024
FLORENCE2_BINS = 1000
KOSMOS2_SIDE = 32

_AFTER = "After the answer give the region "
_INSTRUCTIONS = {
    "norm1000": _AFTER + "as [x0, y0, x1, y1] with integers from 0 to 1000 relative to the image.",
    "norm1": _AFTER + "as [x0, y0, x1, y1] with decimals from 0 to 1 relative to the image.",
    "pixels": _AFTER + "as [x0, y0, x1, y1] in pixels of the image.",
    "qwen25": _AFTER + 'as JSON: {"bbox_2d": [x0, y0, x1, y1]} in pixels of the image.',
    "qwen": _AFTER + "as <box>(x0,y0),(x1,y1)</box> with integers from 0 to 1000.",
    "internvl": _AFTER + "as <box>[[x0, y0, x1, y1]]</box> with integers from 0 to 1000.",
    "gemini": _AFTER + 'as JSON: {"box_2d": [y0, x0, y1, x1]} with integers from 0 to 1000.',
    "paligemma": _AFTER + "as <locYYYY><locXXXX><locYYYY><locXXXX>: top, left, bottom, right.",
    "florence2": _AFTER + "as <loc_x0><loc_y0><loc_x1><loc_y1> with integers from 0 to 999.",
    "kosmos2": _AFTER + "as its upper left and lower right patch: "
    "<patch_index_0000><patch_index_0000>.",
    "molmo": "After the answer point to the region.",
    "none": "",
}


def instruction(dialect: str) -> str:
    """Tell the model, in one sentence, how to write a region; empty for ``none``.

    Raises:
        ValueError: an unknown dialect.
    """
    if dialect not in _INSTRUCTIONS:
        raise ValueError(_unknown(dialect))
    return _INSTRUCTIONS[dialect]


def format_box(dialect: str, box: Box, image_size: Size, input_size: Size | None = None) -> str:
    """Write ``box`` the way a model of ``dialect`` would; empty for ``none``.

    Args:
        dialect: one of ``conf.schema.BOX_DIALECTS``.
        box: x0, y0, x1, y1 in pixels of the stored image, with an area.
        image_size: width and height of the stored image in pixels.
        input_size: width and height at which the image enters the model; ``qwen25`` needs it.

    Raises:
        ValueError: an unknown dialect, or no input size where the dialect needs one.
    """
    if dialect == "none":
        return ""
    if dialect == "molmo":
        x, y = (box[0] + box[2]) / 2 / image_size[0], (box[1] + box[3]) / 2 / image_size[1]
        return f'<point x="{100 * x:.1f}" y="{100 * y:.1f}" alt="region">region</point>'
    if dialect == "kosmos2":
        return _patches(box, image_size)
    if dialect == "norm1":
        x0, y0, x1, y1 = _grid(box, image_size, (10_000, 10_000))
        return f"[{x0 / 1e4:.4g}, {y0 / 1e4:.4g}, {x1 / 1e4:.4g}, {y1 / 1e4:.4g}]"
    if dialect == "pixels":
        return _list(_grid(box, image_size, image_size))
    if dialect == "qwen25":
        if input_size is None:
            raise ValueError("dialect qwen25 writes pixels of the model's input: give input_size")
        return f'{{"bbox_2d": {_list(_grid(box, image_size, input_size))}}}'
    return _tagged(dialect, box, image_size)


def _tagged(dialect: str, box: Box, image_size: Size) -> str:
    """Write the dialects whose coordinates run over a fixed number of steps."""
    if dialect == "paligemma":
        x0, y0, x1, y1 = _bins(box, image_size, PALIGEMMA_BINS)
        return f"<loc{y0:04d}><loc{x0:04d}><loc{y1:04d}><loc{x1:04d}>"
    if dialect == "florence2":
        return "".join(f"<loc_{v}>" for v in _bins(box, image_size, FLORENCE2_BINS))
    x0, y0, x1, y1 = grid = _grid(box, image_size, (1000, 1000))
    forms = {
        "norm1000": _list(grid),
        "qwen": f"<box>({x0},{y0}),({x1},{y1})</box>",
        "internvl": f"<box>[{_list(grid)}]</box>",
        "gemini": f'{{"box_2d": {_list((y0, x0, y1, x1))}}}',
    }
    if dialect not in forms:
        raise ValueError(_unknown(dialect))
    return forms[dialect]


def _grid(box: Box, image_size: Size, steps: Size) -> tuple[int, int, int, int]:
    """Round to a grid of ``steps`` (across, down); a box keeps at least one step of extent."""
    x0, x1 = _span(box[0] / image_size[0], box[2] / image_size[0], steps[0])
    y0, y1 = _span(box[1] / image_size[1], box[3] / image_size[1], steps[1])
    return x0, y0, x1, y1


def _span(low: float, high: float, steps: int) -> tuple[int, int]:
    start, end = round(low * steps), round(high * steps)
    if end > start:
        return start, end
    start = min(max(floor(low * steps), 0), steps - 1)
    return start, start + 1


def _bins(box: Box, image_size: Size, bins: int) -> tuple[int, int, int, int]:
    """Number the bins that hold the corners: 0 to ``bins`` - 1."""
    x0, y0, x1, y1 = (
        min(max(floor(v / size * bins), 0), bins - 1)
        for v, size in zip(box, image_size * 2, strict=True)
    )
    x0, y0 = min(x0, bins - 2), min(y0, bins - 2)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _patches(box: Box, image_size: Size) -> str:
    """Name the patches that hold the corners, as Kosmos-2's processor does."""
    last = KOSMOS2_SIDE - 1
    (w, h), (x0, y0, x1, y1) = image_size, box
    left = min(floor(x0 / w * KOSMOS2_SIDE), last)
    top = min(floor(y0 / h * KOSMOS2_SIDE), last)
    right = max(ceil(x1 / w * KOSMOS2_SIDE - 1), left)
    bottom = max(ceil(y1 / h * KOSMOS2_SIDE - 1), top)
    first, second = top * KOSMOS2_SIDE + left, bottom * KOSMOS2_SIDE + right
    return f"<object><patch_index_{first:04d}><patch_index_{second:04d}></object>"


def _list(values: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _unknown(dialect: str) -> str:
    return f"box dialect {dialect!r} is unknown"
