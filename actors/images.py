"""Images as an actor needs them: fetched, checked against the dataset's rows, decoded to RGB.

In: ``Image`` rows and the dataset's URI. Out: ``PIL.Image`` in RGB at the stored size.
"""

import hashlib
import io
import posixpath
from collections import OrderedDict

from PIL import Image as PIL

from actors.schema import Image
from actors.storage.files import read_bytes
from conf.errors import EvaluationError, StorageDown

MAX_PIXELS = 64_000_000  # an 8,000 x 8,000 image; above it a file is refused unopened
_CACHE_BYTES = 256 * 2**20


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
        """Return the stored bytes as they are, after the same checks, and their media type.

        Raises:
            ImageFault: as ``load``.
        """
        data = self._read(image)
        decode(data, image)
        with PIL.open(io.BytesIO(data)) as picture:
            return data, PIL.MIME.get(picture.format or "", "application/octet-stream")

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
    """Check bytes against the dataset's row and decode them.

    Raises:
        ImageFault: altered bytes, not an image, another size than stated, or over MAX_PIXELS.
    """
    who = f"image {image.image_id}"
    if image.sha256 and hashlib.sha256(data).hexdigest() != image.sha256:
        raise ImageFault(f"{who}: SHA-256 differs from the dataset's")
    try:
        with PIL.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageFault(
                    f"{who}: {picture.width} x {picture.height} is over {MAX_PIXELS} pixels"
                )
            if picture.size != (image.width, image.height):
                raise ImageFault(
                    f"{who}: is {picture.width} x {picture.height}, "
                    f"the dataset says {image.width} x {image.height}"
                )
            return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, PIL.DecompressionBombError) as error:
        raise ImageFault(f"{who}: cannot be decoded: {error}") from error


def safe_relative(uri: str) -> bool:
    """Return whether a URI stays inside the folder that it is relative to.

    ``::`` would chain filesystems in fsspec, and a backslash is a separator elsewhere.
    """
    if not uri or posixpath.isabs(uri) or any(s in uri for s in ("://", "::", "\\", "\x00")):
        return False
    return not posixpath.normpath(uri).startswith("..")
