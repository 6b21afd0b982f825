"""Images for the viewer: decoded, made small enough, encoded anew.

In: images and the dataset's URI. Out: JPEG files named by content below the report. Encoding anew
keeps hostile files out of the page; a picture stays in proportion to its stored size, so boxes in
stored pixels fit it.
"""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from PIL import Image as PIL
from PIL import ImageChops

from actors.images import ImageFault, ImageStore
from actors.schema import Image
from actors.storage.files import join, list_files, write_bytes

FOLDER = "images"
_LONGEST, _QUALITY = 768, 88  # pixels, JPEG quality: about 40 KB for a radiograph
_WRITERS = 8  # waiting for storage, not computing


def write_pictures(images: Sequence[Image], dataset_uri: str, report: str) -> dict[str, str]:
    """Write each image's picture once; those that an earlier report left are kept.

    Returns:
        By ``identity`` of the image, the picture's path below ``report``. An image that is missing
        or broken has none: the page says that it is not available.
    """
    folder = join(report, FOLDER)
    present = frozenset(uri.rsplit("/", 1)[-1] for uri in list_files(folder, ".jpg"))
    distinct = list({identity(image): image for image in images}.values())
    write = partial(_written, dataset_uri=dataset_uri, folder=folder, present=present)
    with ThreadPoolExecutor(_WRITERS) as pool:
        names = list(pool.map(write, distinct))
    return {
        identity(image): f"{FOLDER}/{name}"
        for image, name in zip(distinct, names, strict=True)
        if name is not None
    }


def identity(image: Image) -> str:
    """Return the hash of an image's content or, where that is not stated, its URI."""
    return image.sha256 or image.uri


def _written(image: Image, dataset_uri: str, folder: str, present: frozenset[str]) -> str | None:
    made_of = f"{_LONGEST}/{_QUALITY}/{identity(image)}"
    name = f"{hashlib.sha256(made_of.encode()).hexdigest()[:20]}.jpg"
    if name in present:
        return name
    try:
        # A store of its own: its cache is for one thread, and here no image comes twice.
        picture = ImageStore(dataset_uri).load(image)
    except ImageFault:
        return None
    sink = io.BytesIO()
    _small(picture).save(sink, "JPEG", quality=_QUALITY)
    write_bytes(f"{folder}/{name}", sink.getvalue(), sync=False)
    return name


def _small(picture: PIL.Image) -> PIL.Image:
    """Return a picture scaled down to what a screen shows; grey images become one channel."""
    small = picture.copy()
    small.thumbnail((_LONGEST, _LONGEST), PIL.Resampling.LANCZOS)
    red, green, blue = small.split()
    grey = not ImageChops.difference(red, green).getbbox()
    return red if grey and not ImageChops.difference(green, blue).getbbox() else small
