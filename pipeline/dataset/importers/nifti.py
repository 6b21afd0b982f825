"""NIfTI volumes: one slice as an 8-bit image.

In: a file. Out: a ``Slice``. The volume is brought to the closest RAS axes first (nibabel's
``as_closest_canonical``); of a fourth dimension the first volume is taken. Slices are shown as
radiologists hang them: axial and coronal with the patient's right at the left edge, coronal and
sagittal with the head up, axial with the front up, sagittal with the front at the left edge.
"""

import gzip
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError

from actors.pixels import MAX_PIXELS, PixelFault, Window, grey_from_values
from pipeline.dataset.importers.dicom import Slice

_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
MAX_VOXELS = 512_000_000  # 2 GB as 32-bit floats


def read_nifti(file: Path, axis: str, frame: str, window: Window | None) -> Slice:
    """Decode one slice.

    Args:
        file: ``.nii`` or ``.nii.gz``.
        axis: axial, coronal or sagittal.
        frame: ``middle`` or a slice number from 0, counted towards superior, anterior or right.
        window: in the file's scaled units, instead of its cal_min and cal_max.

    Raises:
        PixelFault: not NIfTI, too large, colour voxels, or no such slice.
    """
    try:
        opened = nib.load(file)
        shape = opened.shape
        if len(shape) < 3 or np.prod(shape, dtype=np.float64) > MAX_VOXELS:
            raise PixelFault(
                f"has the shape {shape}; a volume of up to {MAX_VOXELS} voxels is read"
            )
        if opened.get_data_dtype().fields is not None:
            raise PixelFault("holds colour voxels, which have no rule")
        volume = nib.as_closest_canonical(opened)
        k = _AXES[axis]
        count = volume.shape[k]
        index = count // 2 if frame == "middle" else int(frame)
        if index >= count:
            raise PixelFault(f"has {count} {axis} slices, none of number {index}")
        place = tuple(index if n == k else slice(None) for n in range(3)) + (0,) * (len(shape) - 3)
        plane = np.asarray(volume.dataobj[place], dtype=np.float64)
        zooms = [float(z) for z in volume.header.get_zooms()[:3]]
        window = window or _own_window(volume.header)
    except PixelFault:
        raise
    except (ImageFileError, OSError, ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PixelFault(f"cannot be decoded: {str(error).splitlines()[0][:200]}") from error
    if plane.size > MAX_PIXELS:
        raise PixelFault(f"{plane.shape} is over {MAX_PIXELS} pixels")
    # Rows run downwards: superior or anterior first. Columns: right (or front) first.
    grey, used = grey_from_values(plane.T[::-1, ::-1], window)
    across, down = (z for n, z in enumerate(zooms) if n != k)
    steps = (f"{axis} slice {index} of {count}", "window")
    return Slice(image=grey, window=used, spacing=(down, across), steps=steps)


def _own_window(header: object) -> Window | None:
    low, high = (float(header[name]) for name in ("cal_min", "cal_max"))  # type: ignore[index] # nibabel is untyped
    return Window(low=low, high=high, origin="file") if high > low else None
