"""How the numbers of a written region run, per family of dialects.

In: a box in pixels of the stored image. Out: the numbers that a response holds, and back to corners
as shares of the image (0 to 1, unclipped). The order of the numbers is x before y; a dialect that
writes y first swaps them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

from actors.schema import Box

Size = tuple[int, int]  # width, height in pixels
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Coordinates:
    """Two functions that undo each other, up to rounding.

    ``encode(box, image_size, space)`` returns the numbers to write; ``decode(numbers, space)`` the
    corners as shares, or None where the numbers are no place. ``space`` is the size in pixels that
    pixel coordinates refer to: of the stored image, or of the image as it enters the model.
    ``to_image(shares, image_size)`` turns shares of what the model was shown into shares of the
    stored image; None where the two are the same.
    """

    encode: Callable[[Box, Size, Size], Numbers]
    decode: Callable[[Numbers, Size], Box | None]
    to_image: Callable[[Box, Size], Box] | None = None


def steps(top: int) -> Coordinates:
    """Return integers from 0 to ``top``, relative to the image."""
    return Coordinates(
        lambda box, image_size, space: _grid(box, image_size, (top, top)),
        lambda numbers, space: _scaled(numbers, (top, top)),
    )


def bins(count: int, middle: float = 0.0) -> Coordinates:
    """Return bins numbered from 0 to ``count`` - 1; a bin is read as its number + ``middle``."""
    return Coordinates(
        lambda box, image_size, space: _bins(box, image_size, count),
        lambda numbers, space: _scaled(tuple(v + middle for v in numbers), (count, count)),
    )


def patches(side: int) -> Coordinates:
    """Return the first and last patch of a grid of ``side`` x ``side``, as Kosmos-2 has it.

    Two patches within one row or column mean their whole cells, others the middles of the two.
    """

    def decode(numbers: Numbers, space: Size) -> Box | None:
        if max(numbers) >= side**2:
            return None
        (top, left), (bottom, right) = (divmod(v, side) for v in numbers)
        start, end = (0.0, 1.0) if top == bottom or left == right else (0.5, 0.5)
        return _scaled((left + start, top + start, right + end, bottom + end), (side, side))

    return Coordinates(lambda box, image_size, space: _patches(box, image_size, side), decode)


def _scaled(numbers: Numbers, extent: Size) -> Box:
    x0, y0, x1, y1 = numbers
    return x0 / extent[0], y0 / extent[1], x1 / extent[0], y1 / extent[1]


def _decimals(box: Box, image_size: Size, space: Size) -> Numbers:
    return tuple(v / 10_000 for v in _grid(box, image_size, (10_000, 10_000)))


def _padded(box: Box, image_size: Size, space: Size) -> Numbers:
    side, left, top = _square(image_size)
    square = (box[0] + left, box[1] + top, box[2] + left, box[3] + top)
    return _decimals(square, (side, side), space)


def _unpadded(shares: Box, image_size: Size) -> Box:
    side, left, top = _square(image_size)
    x0, y0, x1, y1 = (v * side for v in shares)
    return _scaled((x0 - left, y0 - top, x1 - left, y1 - top), image_size)


def _square(image_size: Size) -> tuple[int, float, float]:
    """Return side, left and top margin in pixels of the square that an image is padded to."""
    side = max(image_size)
    return side, (side - image_size[0]) / 2, (side - image_size[1]) / 2


def _centre(box: Box, image_size: Size, space: Size) -> Numbers:
    x, y = (box[0] + box[2]) / 2 / image_size[0], (box[1] + box[3]) / 2 / image_size[1]
    return 100 * x, 100 * y


def _point(numbers: Numbers, space: Size) -> Box:
    x, y = (v / 100 for v in numbers)
    return x, y, x, y


def _grid(box: Box, image_size: Size, extent: Size) -> tuple[int, int, int, int]:
    """Round to a grid of ``extent`` (across, down); a box keeps at least one step of extent."""
    x0, x1 = _span(box[0] / image_size[0], box[2] / image_size[0], extent[0])
    y0, y1 = _span(box[1] / image_size[1], box[3] / image_size[1], extent[1])
    return x0, y0, x1, y1


def _span(low: float, high: float, extent: int) -> tuple[int, int]:
    start, end = round(low * extent), round(high * extent)
    if end > start:
        return start, end
    start = min(max(floor(low * extent), 0), extent - 1)
    return start, start + 1


def _bins(box: Box, image_size: Size, count: int) -> tuple[int, int, int, int]:
    """Number the bins that hold the corners."""
    x0, y0, x1, y1 = (
        min(max(floor(v / size * count), 0), count - 1)
        for v, size in zip(box, image_size * 2, strict=True)
    )
    x0, y0 = min(x0, count - 2), min(y0, count - 2)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _patches(box: Box, image_size: Size, side: int) -> tuple[int, int]:
    """Number the patches that hold the corners, as Kosmos-2's processor does."""
    (w, h), (x0, y0, x1, y1) = image_size, box
    left = min(floor(x0 / w * side), side - 1)
    top = min(floor(y0 / h * side), side - 1)
    right = max(ceil(x1 / w * side - 1), left)
    bottom = max(ceil(y1 / h * side - 1), top)
    return top * side + left, bottom * side + right


DECIMALS = Coordinates(_decimals, lambda numbers, space: _scaled(numbers, (1, 1)))
PIXELS = Coordinates(_grid, _scaled)  # the grid is that of ``space``
PERCENT_POINT = Coordinates(_centre, _point)
# LLaVA pads the image to a square around its middle, and means the square.
DECIMALS_OF_SQUARE = Coordinates(
    _padded, lambda numbers, space: _scaled(numbers, (1, 1)), to_image=_unpadded
)
