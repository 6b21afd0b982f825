"""One rule from the bytes of an image file to the 8-bit RGB that a model sees.

In: bytes, perhaps a window. Out: ``Picture``, or ``PixelFault`` with the reason.

8-bit grey and RGB stay as they are; 1-bit, palette, alpha (over black), CMYK and YCbCr are
converted; EXIF orientation is applied, so sizes and annotations are those of the oriented image;
values of 16 bits or more and floats are mapped by a linear window; anything else is refused.
"""

import io
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, ImageOps, UnidentifiedImageError
from PIL import Image as PIL

MAX_PIXELS = 64_000_000  # an 8,000 x 8,000 image; above it a file is refused unopened
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
PERCENTILES = (0.5, 99.5)  # of the finite values, where neither file nor mapping has a window
_PHONE = "MPO"  # a JPEG with previews or a gain map behind it, as phones write: its first is shown
_PLAIN = ("L", "RGB")
_CONVERTED = ("1", "P", "CMYK", "YCbCr")
_ALPHA = ("LA", "PA", "RGBA", "La", "RGBa")
_VALUES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0  # the TIFF tag and its value


class PixelFault(ValueError):
    """Bytes cannot be shown as an image; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Values at ``low`` and below become black, those at ``high`` and above white."""

    low: float
    high: float
    origin: Literal["file", "mapping", "percentiles"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A decoded image in RGB. ``steps`` names what was done; none: the stored pixels as they are.

    ``window`` is set where values had to be mapped to 8 bits.
    """

    image: PIL.Image
    format: str
    steps: tuple[str, ...] = ()
    window: Window | None = None


def decode_picture(data: bytes, window: Window | None = None) -> Picture:
    """Decode one image file.

    Args:
        data: the file's bytes.
        window: for 16-bit and float values; None takes the percentiles.

    Raises:
        PixelFault: not an image of FORMATS, broken, over MAX_PIXELS, several frames, or a pixel
            format without a rule.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.DecompressionBombWarning)  # MAX_PIXELS decides
            opened = PIL.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise PixelFault(f"cannot be decoded: it is none of {', '.join(FORMATS)}") from None
    except (OSError, ValueError, SyntaxError, PIL.DecompressionBombError) as error:
        raise PixelFault(f"cannot be decoded: {error}") from error
    with opened as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise PixelFault(f"{picture.width} x {picture.height} is over {MAX_PIXELS} pixels")
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and picture.format != _PHONE:
            raise PixelFault(f"holds {frames} frames; one is expected")
        try:
            return _shown(picture, window)
        except PixelFault:
            raise
        except (OSError, ValueError, SyntaxError, MemoryError) as error:
            raise PixelFault(f"cannot be decoded: {error}") from error


def grey_from_values(
    values: npt.NDArray[np.generic], window: Window | None = None, *, inverted: bool = False
) -> tuple[PIL.Image, Window]:
    """Map values to 8-bit grey by a window, the percentiles of the finite values by default.

    ``inverted``: low values are white. Values that are not finite become black (white if inverted).

    Raises:
        PixelFault: complex values, or no finite one.
    """
    if np.iscomplexobj(values):
        raise PixelFault("holds complex values, which have no rule")
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        raise PixelFault("holds no finite value")
    if window is None:
        low, high = np.percentile(numbers[finite], PERCENTILES)
        if high <= low:  # more than 99 % of the values are equal
            low, high = numbers[finite].min(), numbers[finite].max()
        window = Window(low=float(low), high=float(high), origin="percentiles")
    span = window.high - window.low
    scaled = (np.where(finite, numbers, window.low) - window.low) / (span if span > 0 else 1.0)
    grey = np.rint(np.clip(scaled, 0.0, 1.0) * 255.0).astype(np.uint8)
    return PIL.fromarray(255 - grey if inverted else grey), window


def png_bytes(image: PIL.Image) -> bytes:
    """Return an image as PNG, the same bytes for the same pixels."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _shown(picture: PIL.Image, window: Window | None) -> Picture:
    """Apply the rule to an opened image."""
    steps: list[str] = []
    mode, used = picture.mode, None
    if picture.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        steps.append("EXIF orientation")
    oriented = ImageOps.exif_transpose(picture)
    if mode in _VALUES:
        inverted = picture.format == "TIFF" and _white_is_zero(picture)
        oriented, used = grey_from_values(np.asarray(oriented), window, inverted=inverted)
        steps.append("window")
    elif mode in _ALPHA or (mode in ("P", "L", "RGB") and "transparency" in picture.info):
        with_alpha = oriented.convert("RGBA")
        black = PIL.new("RGBA", with_alpha.size, (0, 0, 0, 255))
        oriented = PIL.alpha_composite(black, with_alpha)
        steps.append("alpha over black")
    elif mode in _CONVERTED:
        steps.append(f"{mode} to RGB")
    elif mode not in _PLAIN:
        raise PixelFault(f"has the pixel format {mode}, which has no rule")
    image = oriented.convert("RGB")
    return Picture(image=image, format=picture.format or "", steps=tuple(steps), window=used)


def _white_is_zero(picture: PIL.Image) -> bool:
    tags = getattr(picture, "tag_v2", {})
    return tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
