"""DICOM files: what may be known about them as a row, and their pixels as 8-bit images.

In: a file. Out: a row without patient identifiers, or a ``Slice``. Identifiers leave only as keyed
hashes (``Pseudonyms``), dates only as days that are shifted per patient.

Pixels: decompressed by pydicom (with pylibjpeg-openjpeg and gdcm), then the modality LUT or
rescale, the VOI LUT or window, the presentation LUT or MONOCHROME1, or the palette; colours become
RGB.
"""

import hashlib
import hmac
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image as PIL
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array

from actors.pixels import MAX_PIXELS, PixelFault, Window, grey_from_values
from pipeline.dataset.importers.values import RowFault

_MODALITIES = {
    "CR": "xray",
    "DX": "xray",
    "CT": "ct",
    "MR": "mri",
    "US": "ultrasound",
    "PT": "pet",
    "MG": "mammography",
    "OPT": "oct",
    "OP": "fundus",
    "SM": "histopathology",
    "ES": "endoscopy",
    "XC": "photo",
}
_PLAIN = ("Modality", "BodyPartExamined", "ViewPosition", "Manufacturer", "SOPClassUID")
_NO_PIXELS = "a DICOM file holds no image"
_NO_IMAGES = ("SEG", "RTDOSE")  # pixels that are masks or doses


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One image of a file. ``spacing``: millimetres per row and per column; ``notes``: warnings."""

    image: PIL.Image
    window: Window | None = None
    spacing: tuple[float, float] | None = None
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Pseudonyms:
    """Ids for patients, studies and series that only the key's holder can link to the originals."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, identifier: str) -> str:
        """Return 16 hex digits; the same identifier and key give the same."""
        return hmac.new(self._key, identifier.encode(), hashlib.sha256).hexdigest()[:16]

    def day(self, patient: str, when: date) -> int:
        """Return a day number that is shifted by up to ten years per patient."""
        shift = int(self.of(f"day\x1f{patient}"), 16) % 3650
        return when.toordinal() + shift


def dicom_rows(file: Path, pseudonyms: Pseudonyms) -> Iterator[Any]:
    """Yield one row for a file with pixels: modality, view, sex, age and pseudonymous ids."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(file, stop_before_pixels=True)
            if "Rows" not in data or data.get("Modality") in _NO_IMAGES:
                yield RowFault(_NO_PIXELS, f"{file.name}: {data.get('Modality', 'unknown')}")
                return
            yield _row(data, file, pseudonyms)
    except (InvalidDicomError, OSError, ValueError, AttributeError, KeyError, EOFError) as error:
        yield RowFault("a file is not DICOM", f"{file.name}: {_one_line(error)}")


def _row(data: pydicom.Dataset, file: Path, names: Pseudonyms) -> dict[str, Any]:
    patient = str(data.get("PatientID", "")) or str(data.get("StudyInstanceUID", ""))
    row: dict[str, Any] = {tag: str(data.get(tag, "")) for tag in _PLAIN}
    row |= {
        "path": file.name,
        "modality": _MODALITIES.get(str(data.get("Modality", "")), "unknown"),
        "patient": names.of(patient),
        "study": names.of(str(data.get("StudyInstanceUID", ""))),
        "series": names.of(str(data.get("SeriesInstanceUID", ""))),
        "instance": names.of(str(data.get("SOPInstanceUID", ""))),
        "sex": {"M": "male", "F": "female", "O": "other"}.get(str(data.get("PatientSex", ""))),
        "age_group": _age_group(str(data.get("PatientAge", ""))),
        "day": _day(data, patient, names),
    }
    return row


def read_dicom(file: Path, frame: str, window: Window | None) -> Slice:
    """Decode one frame of a file.

    Args:
        file: a DICOM file.
        frame: ``middle`` or a number from 0, of a file with several.
        window: in modality units (Hounsfield for CT), instead of the file's own.

    Raises:
        PixelFault: no pixels, none of that frame, too many pixels, or a codec that is not there.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _slice(pydicom.dcmread(file), frame, window)
    except PixelFault:
        raise
    except MemoryError as error:
        raise PixelFault("needs more memory than there is") from error
    except Exception as error:  # pydicom and its codecs raise errors of many types
        raise PixelFault(f"cannot be decoded: {_one_line(error)}") from error


def _slice(data: pydicom.Dataset, frame: str, window: Window | None) -> Slice:
    if "PixelData" not in data and "FloatPixelData" not in data:
        raise PixelFault("holds no pixels")
    if data.get("Modality") in _NO_IMAGES:
        raise PixelFault(f"is of modality {data.Modality}: its pixels are no image")
    if int(data.Rows) * int(data.Columns) > MAX_PIXELS:
        raise PixelFault(f"{data.Columns} x {data.Rows} is over {MAX_PIXELS} pixels")
    frames = int(data.get("NumberOfFrames", 1) or 1)
    index = frames // 2 if frame == "middle" else int(frame)
    if index >= frames:
        raise PixelFault(f"has {frames} frames, none of number {index}")
    pixels = pixel_array(data, index=index)  # YCbCr comes as RGB
    steps = (f"frame {index} of {frames}",) if frames > 1 else ()
    notes = _notes(data)
    found = str(data.PhotometricInterpretation)
    if found == "PALETTE COLOR":
        colours = apply_color_lut(pixels, data)
        eight = (colours / 256 if colours.dtype.itemsize > 1 else colours).astype(np.uint8)
        return Slice(image=PIL.fromarray(eight), steps=(*steps, "palette"), notes=notes)
    if pixels.ndim == 3:
        if pixels.dtype != np.uint8:
            pixels = (pixels >> (int(data.BitsStored) - 8)).astype(np.uint8)
            steps = (*steps, "colours to 8 bits")
        return Slice(image=PIL.fromarray(pixels), steps=(*steps, found), notes=notes)
    values = apply_modality_lut(pixels, _functional(data, index))
    inverted = found == "MONOCHROME1"
    if data.get("PresentationLUTShape") in ("IDENTITY", "INVERSE"):
        inverted = data.PresentationLUTShape == "INVERSE"
    values, own = _voi(values, _functional(data, index))
    grey, used = grey_from_values(values, window or own, inverted=inverted)
    steps = (*steps, "inverted") if inverted else steps
    return Slice(
        image=grey,
        window=used,
        spacing=_spacing(_functional(data, index)),
        steps=(*steps, "window"),
        notes=notes,
    )


def _functional(data: pydicom.Dataset, index: int) -> pydicom.Dataset:
    """Return a data set in which a multi-frame file's shared and own values stand at the top."""
    flat = pydicom.Dataset()
    flat.update({e.tag: e for e in data if e.tag.group != 0x7FE0})
    groups = [data.get("SharedFunctionalGroupsSequence"), None]
    per_frame = data.get("PerFrameFunctionalGroupsSequence")
    if per_frame and index < len(per_frame):
        groups[1] = [per_frame[index]]
    wanted = ("PixelValueTransformationSequence", "FrameVOILUTSequence", "PixelMeasuresSequence")
    for group in groups:
        for name in wanted:
            if group and group[0].get(name):
                flat.update({e.tag: e for e in group[0][name].value[0]})
    return flat


def _voi(values: Any, data: pydicom.Dataset) -> tuple[Any, Window | None]:
    """Return values and the file's window; a VOI LUT or a sigmoid is applied to the values."""
    centre, width = _first(data.get("WindowCenter")), _first(data.get("WindowWidth"))
    function = str(data.get("VOILUTFunction", "LINEAR") or "LINEAR")
    if data.get("VOILUTSequence") or (function == "SIGMOID" and width):
        mapped = apply_voi_lut(values, data)
        low, high = float(mapped.min()), float(mapped.max())
        if data.get("VOILUTSequence"):
            low, high = 0.0, float(2 ** int(data.VOILUTSequence[0].LUTDescriptor[2]) - 1)
        return mapped, Window(low=low, high=high, origin="file")
    if centre is None or not width or width <= 0:
        return values, None
    if function == "LINEAR_EXACT":
        return values, Window(low=centre - width / 2, high=centre + width / 2, origin="file")
    # PS3.3 C.11.2.1.2: linear over (centre - 0.5) plus and minus (width - 1) / 2
    half = max(width - 1, 0) / 2
    return values, Window(low=centre - 0.5 - half, high=centre - 0.5 + half, origin="file")


def _notes(data: pydicom.Dataset) -> tuple[str, ...]:
    notes = []
    if str(data.get("BurnedInAnnotation", "")) == "YES":
        notes.append("text is burnt into the pixels (BurnedInAnnotation): it may name the patient")
    if any(0x6000 <= e.tag.group <= 0x60FF for e in data):
        notes.append("an overlay is not drawn")
    return tuple(notes)


def _spacing(data: pydicom.Dataset) -> tuple[float, float] | None:
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        value = data.get(name)
        if value:
            return float(value[0]), float(value[1])
    return None


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)


def _age_group(age: str) -> str | None:
    """Return the decade of an age such as 057Y; 90 and above are one group (HIPAA Safe Harbor)."""
    if not (len(age) == 4 and age[:3].isdigit() and age[3] in "YMWD"):
        return None
    years = int(age[:3]) if age[3] == "Y" else 0
    return "90+" if years >= 90 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def _day(data: pydicom.Dataset, patient: str, names: Pseudonyms) -> int | None:
    try:
        when = datetime.strptime(str(data.get("StudyDate", "")), "%Y%m%d")
    except ValueError:
        return None
    return names.day(patient, when.date())


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines()]
    return "; ".join(lines)[:300] or type(error).__name__
