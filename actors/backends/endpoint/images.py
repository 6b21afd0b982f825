"""Images as a provider takes them: the stored bytes, or encoded anew by one rule where they exceed.

In: the dataset's images and an endpoint's limits. Out: bytes, media type and the size sent.
The rule (``conf.endpoint.IMAGE_RULE`` names it in the fingerprint): what is within the limits and
in a format that every provider reads goes as it is. Else the image is decoded to RGB and scaled
down (Lanczos) to the largest size within the limits of pixels and side, and encoded as PNG; over
the limit of bytes, as JPEG of quality 95, 85, 75; still over it, both sides are scaled by 0.8 and
it begins again.
"""

import base64
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image as PIL

from actors.images import ImageStore
from actors.schema import Image, InputSize
from conf.endpoint import EndpointConfig

_TAKEN = frozenset({"image/png", "image/jpeg", "image/webp"})
_ENCODINGS = (("image/png", "PNG", 100), *(("image/jpeg", "JPEG", q) for q in (95, 85, 75)))
_SHRINK = 0.8
_KEPT_BYTES = 256 * 2**20  # of encoded images, which each later turn of their dialogues sends again


@dataclass(frozen=True, kw_only=True, slots=True)
class SentImage:
    """An image as it is sent; ``data`` is base64, sizes are in pixels."""

    data: str
    media_type: str
    input_size: InputSize


class SentImages:
    """The images of a dataset under an endpoint's limits; used from any thread."""

    def __init__(self, dataset_uri: str, endpoint: EndpointConfig) -> None:
        self._store = ImageStore(dataset_uri)
        self._endpoint = endpoint
        self._kept: OrderedDict[tuple[str, str], SentImage] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, image: Image) -> SentImage:
        """Return an image as it is sent; raises ImageFault and StorageDown as ``ImageStore``."""
        key = (image.sha256 or image.uri, image.image_id)
        sent = self._kept.get(key)
        if sent is None:
            data, media_type = self._store.checked_bytes(image)
            data, media_type, width, height = fitted(data, media_type, image, self._endpoint)
            sent = SentImage(
                data=base64.b64encode(data).decode(),
                media_type=media_type,
                input_size=(image.image_id, width, height),
            )
            self._keep(key, sent)
        return sent

    def _keep(self, key: tuple[str, str], sent: SentImage) -> None:
        with self._lock:
            if key not in self._kept:
                self._bytes += len(sent.data)
            self._kept[key] = sent
            while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._bytes -= len(old.data)


def fitted(
    data: bytes, media_type: str, image: Image, limits: EndpointConfig
) -> tuple[bytes, str, int, int]:
    """Return bytes, media type, width and height within the limits, by the rule above."""
    size, most = (image.width, image.height), limits.max_image_bytes
    fits = limits.scaled(*size) == size and (most is None or len(data) <= most)
    if fits and media_type in _TAKEN:
        return data, media_type, *size
    with PIL.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    factor = 1.0
    while True:
        width, height = limits.scaled(*size, factor)
        scaled = picture
        if (width, height) != size:
            scaled = picture.resize((width, height), PIL.Resampling.LANCZOS)
        for media_type, file_format, quality in _ENCODINGS:
            buffer = io.BytesIO()
            scaled.save(buffer, file_format, quality=quality)  # PNG knows no quality
            if most is None or buffer.tell() <= most or (width, height) == (1, 1):
                return buffer.getvalue(), media_type, width, height
        factor *= _SHRINK
