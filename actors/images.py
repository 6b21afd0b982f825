"""Images as an actor needs them: fetched, checked against the dataset's rows, decoded to RGB.

In: ``Image`` rows and the dataset's URI. Out: ``PIL.Image`` in RGB, oriented, at the stored size.
"""

import hashlib
import posixpath
from collections import OrderedDict

from PIL import Image as PIL

from actors.pixels import Picture, PixelFault, decode_picture, png_bytes
from actors.schema import Image
from actors.storage.files import read_bytes
from conf.errors import EvaluationError, StorageDown

_CACHE_BYTES = 256 * 2**20
_SENT_AS_STORED = ("PNG", "JPEG", "WEBP", "GIF")  # what endpoints take


class ImageFault(Exception):
    """An image is missing, altered, broken or too large; the message says which and why."""


class ImageStore:
    """The images of a dataset, keeping the latest decoded ones (by content) in memory."""

    def __init__(self, dataset_uri: str) -> None:
        self._root = dataset_uri.rstrip("/")
        self._decoded: OrderedDict[str, PIL.Image] = OrderedDict()
        self._bytes = 0

    def load(self, image: Image) -> PIL.Image:
        """Return the decoded image.

        Raises:
            ImageFault: the file cannot be read or is not what the dataset says.
            StorageDown: storage cannot be reached: that is not the image's fault.
        """
        cached = self._decoded.get(image.sha256)
        if cached is not None:
            self._decoded.move_to_end(image.sha256)
            return cached
        picture = decode(self._read(image), image)
        self._decoded[image.sha256] = picture
        self._bytes += 3 * picture.width * picture.height
        while self._bytes > _CACHE_BYTES and len(self._decoded) > 1:
            _, old = self._decoded.popitem(last=False)
            self._bytes -= 3 * old.width * old.height
        return picture

    def checked_bytes(self, image: Image) -> tuple[bytes, str]:
        """Return what others decode to the same picture, after the same checks, and its media type.

        The stored bytes where they are 8-bit grey or RGB as they stand; a PNG of what ``load``
        returns where the file needs a rule of ``actors.pixels`` (16 bits, orientation, CMYK ...).

        Raises:
            ImageFault: as ``load``.
        """
        data = self._read(image)
        picture = _decode(data, image)
        if picture.steps or picture.format not in _SENT_AS_STORED:
            return png_bytes(picture.image), "image/png"
        return data, PIL.MIME.get(picture.format, "application/octet-stream")

    def _read(self, image: Image) -> bytes:
        if not safe_relative(image.uri):
            raise ImageFault(f"image {image.image_id}: {image.uri!r} leaves the dataset folder")
        try:
            return read_bytes(f"{self._root}/{image.uri}")
        except FileNotFoundError:
            raise ImageFault(f"image {image.image_id}: {image.uri} is missing") from None
        except StorageDown:
            raise
        except EvaluationError as error:
            raise ImageFault(f"image {image.image_id}: unreadable: {error}") from error


def decode(data: bytes, image: Image) -> PIL.Image:
    """Check bytes against the dataset's row and decode them by the rule of ``actors.pixels``.

    Raises:
        ImageFault: altered bytes, not an image, another size than stated, or over MAX_PIXELS.
    """
    return _decode(data, image).image


def _decode(data: bytes, image: Image) -> Picture:
    who = f"image {image.image_id}"
    if image.sha256 and hashlib.sha256(data).hexdigest() != image.sha256:
        raise ImageFault(f"{who}: SHA-256 differs from the dataset's")
    try:
        picture = decode_picture(data)
    except PixelFault as error:
        raise ImageFault(f"{who}: {error}") from error
    width, height = picture.image.size
    if (width, height) != (image.width, image.height):
        turned = " after its EXIF orientation" if "EXIF orientation" in picture.steps else ""
        raise ImageFault(
            f"{who}: is {width} x {height}{turned}, the dataset says {image.width} x {image.height}"
        )
    return picture


def safe_relative(uri: str) -> bool:
    """Return whether a URI stays inside the folder that it is relative to.

    ``::`` would chain filesystems in fsspec, and a backslash is a separator elsewhere.
    """
    if not uri or posixpath.isabs(uri) or any(s in uri for s in ("://", "::", "\\", "\x00")):
        return False
    return not posixpath.normpath(uri).startswith("..")
