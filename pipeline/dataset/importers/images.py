"""The images of an import: found, decoded by rule, written once under their hash.

In: references from rows (a path below the source, or bytes that stood in the row). Out: ``Stored``
rows, files ``images/<hash>.png`` (or the file as it is, where nothing had to be done to it), and
``provenance/*.parquet``: from where each image came, its spacing, its window, what was done.
"""

import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image as PIL

from actors.pixels import PixelFault, Window, decode_picture, png_bytes
from actors.storage.files import join, write_bytes, write_parquet
from pipeline.dataset.importers.dicom import Slice, read_dicom
from pipeline.dataset.importers.mapping import Images
from pipeline.dataset.importers.nifti import read_nifti
from pipeline.dataset.importers.source import Source
from pipeline.dataset.importers.staging import Staging
from pipeline.dataset.importers.values import RowFault, column, text

Ref = tuple[str, str]  # ("path", below the source) or ("blob", SHA-256 of bytes from a row)
_KEPT = {"PNG": "png", "JPEG": "jpg"}  # formats that are copied where nothing has to be done
_CACHED = 10_000  # references whose outcome stays in memory
_PART = 20_000  # rows of one provenance file
_SHORT = 40  # characters below which base64 text can be another row's index
_VOLUMES = (".nii", ".nii.gz")
_PROVENANCE = pa.schema(
    [
        *((name, pa.string()) for name in ("sha256", "uri", "origin", "steps", "window_origin")),
        *((name, pa.float64()) for name in ("row_spacing_mm", "column_spacing_mm")),
        *((name, pa.float64()) for name in ("window_low", "window_high")),
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An image of the dataset. ``original``: its upright size before it was reduced, in pixels."""

    uri: str
    sha256: str
    size: tuple[int, int]
    original: tuple[int, int]
    notes: tuple[str, ...] = ()


class ImageWriter:
    """Decodes and writes; ``output`` None decodes alone."""

    def __init__(self, source: Source, staging: Staging, spec: Images, output: str | None) -> None:
        self._source, self._staging, self._spec, self._output = source, staging, spec, output
        self._stored: OrderedDict[Ref, Stored | RowFault] = OrderedDict()
        self._hashes: OrderedDict[Ref, str] = OrderedDict()
        self._by_index: dict[str, Ref] = {}
        self._provenance: dict[str, dict[str, Any]] = {}
        self._parts = 0

    def references(self, row: dict[str, Any], found: Any, index: Any) -> list[Ref]:
        """Return the references of a row's images; bytes are kept aside.

        Args:
            row: the row, whose bytes are removed.
            found: the value of ``images.source``.
            index: the value of ``images.index``.

        Raises:
            RowFault: nothing there, or text that is not base64.
        """
        items = found if isinstance(found, list) else [found]
        return [self._reference(item, text(index)) for item in items if item not in (None, "")]

    def _reference(self, item: Any, index: str) -> Ref:
        if self._spec.kind == "path":
            return ("path", text(item))
        if self._spec.kind == "bytes":
            if not isinstance(item, bytes):
                raise RowFault("an image is not bytes", f"{type(item).__name__}")
            return ("blob", self._staging.keep_blob(item))
        value = text(item)
        if len(value) < _SHORT and self._spec.index is not None:
            ref = self._by_index.get(value)
            if ref is None:
                raise RowFault("an image is missing", f"no earlier row {value!r} has one")
            return ref
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RowFault("an image is not base64", str(error)) from None
        ref = ("blob", self._staging.keep_blob(data))
        if index:
            self._by_index[index] = ref
        return ref

    def hash(self, ref: Ref) -> str:
        """Return the SHA-256 of an image as it was found; raises RowFault if it is missing."""
        if ref[0] == "blob":
            return ref[1]
        known = self._hashes.get(ref)
        if known is None:
            known = hashlib.sha256(self._source.file(ref[1]).read_bytes()).hexdigest()
            _remember(self._hashes, ref, known)
        return known

    def prepare(self, refs: Iterable[Ref]) -> None:
        """Decode and write images at once, in threads: codecs and PNG run outside Python's lock."""
        missing = [ref for ref in dict.fromkeys(refs) if ref not in self._stored]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for ref, outcome in zip(missing, pool.map(self._convert, missing), strict=True):
                self._keep(ref, outcome)

    def store(self, ref: Ref) -> Stored:
        """Decode and write an image once.

        Raises:
            RowFault: it is missing, or cannot be shown.
        """
        if ref not in self._stored:
            self._keep(ref, self._convert(ref))
        known = self._stored[ref]
        if isinstance(known, RowFault):
            raise known
        return known

    def close(self) -> None:
        """Write what is left of the provenance."""
        if self._output is not None and self._provenance:
            table = pa.Table.from_pylist(list(self._provenance.values()), schema=_PROVENANCE)
            write_parquet(join(self._output, f"provenance/part-{self._parts:05d}.parquet"), table)
        self._parts += 1
        self._provenance.clear()

    def _keep(self, ref: Ref, outcome: "Converted | RowFault") -> None:
        """Remember an image or its fault, and its provenance the first time that it is written."""
        if isinstance(outcome, RowFault):
            _remember(self._stored, ref, outcome)
            return
        _remember(self._stored, ref, outcome.stored)
        self._provenance.setdefault(outcome.stored.sha256, outcome.provenance)
        if len(self._provenance) >= _PART:
            self.close()

    def _convert(self, ref: Ref) -> "Converted | RowFault":
        try:
            return self._written(ref, self._shown(ref))
        except RowFault as fault:
            return fault

    def _shown(self, ref: Ref) -> "_Shown":
        """Decode a file; its bytes come along where it is of a format that may be copied."""
        file = self._source.file(ref[1]) if ref[0] == "path" else self._staging.blob(ref[1])
        spec = self._spec
        window = None
        if spec.window is not None:
            window = Window(low=spec.window[0], high=spec.window[1], origin="mapping")
        try:
            if ref[1].endswith(_VOLUMES):
                return _Shown(read_nifti(file, spec.axis, spec.frame, window), origin=ref[1])
            if _is_dicom(file):
                # a DICOM file's name may name the patient
                origin = hashlib.sha256(file.read_bytes()).hexdigest()
                return _Shown(read_dicom(file, spec.frame, window), origin=origin)
            data = file.read_bytes()
            picture = decode_picture(data, window)
        except PixelFault as error:
            raise RowFault("an image cannot be used", f"{ref[1]}: {error}") from None
        shown = Slice(image=picture.image, window=picture.window, steps=picture.steps)
        return _Shown(shown, origin=ref[1], data=data, kind=_KEPT.get(picture.format, ""))

    def _written(self, ref: Ref, found: "_Shown") -> "Converted":
        """Write the image: the file as it is if nothing was done to it, else a PNG."""
        image, steps = found.shown.image, found.shown.steps
        original = image.size
        longest = self._spec.longest_side
        if longest is not None and max(original) > longest:
            image = image.copy()
            image.thumbnail((longest, longest), PIL.Resampling.LANCZOS)
            steps = (*steps, f"reduced from {original[0]} x {original[1]}")
        data, kind = found.data, found.kind
        if steps or not kind:
            data, kind = png_bytes(image), "png"
        digest = hashlib.sha256(data).hexdigest()
        uri = f"images/{digest[:2]}/{digest}.{kind}"
        if self._output is not None:
            write_bytes(join(self._output, uri), data, sync=False)
        stored = Stored(
            uri=uri, sha256=digest, size=image.size, original=original, notes=found.shown.notes
        )
        return Converted(stored, _record(stored, found, steps))


@dataclass(frozen=True, slots=True)
class Converted:
    """An image that was written, and the row that records where it came from."""

    stored: Stored
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A decoded image, and the file that it was where that may be copied."""

    shown: Slice
    origin: str
    data: bytes = b""
    kind: str = ""


def _record(stored: Stored, found: _Shown, steps: tuple[str, ...]) -> dict[str, Any]:
    rows, columns = found.shown.spacing or (None, None)
    window = {} if found.shown.window is None else asdict(found.shown.window)
    return {
        "sha256": stored.sha256,
        "uri": stored.uri,
        "origin": found.origin,
        "steps": ", ".join(steps),
        "row_spacing_mm": rows,
        "column_spacing_mm": columns,
        **{f"window_{name}": value for name, value in window.items()},
    }


def without_bytes(row: dict[str, Any], path: Any) -> dict[str, Any]:
    """Return a row without the column that holds an image's bytes, if the mapping names one."""
    if not isinstance(path, str):
        return row
    top = path if path in row else path.split(".")[0]
    return {k: v for k, v in row.items() if k != top} if column(row, path) is not None else row


def _is_dicom(file: Path) -> bool:
    if file.suffix.lower() == ".dcm":
        return True
    with file.open("rb") as opened:
        return opened.read(132)[128:] == b"DICM"


def _remember(cache: OrderedDict[Ref, Any], ref: Ref, value: Any) -> None:
    cache[ref] = value
    if len(cache) > _CACHED:
        cache.popitem(last=False)
