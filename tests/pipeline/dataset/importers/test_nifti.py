"""Decoded NIfTI against nibabel's own values, on the files that come with nibabel."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from actors.pixels import PixelFault, Window
from pipeline.dataset.importers.nifti import read_nifti

FILES = Path(nib.__file__).parent / "tests" / "data"
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}


@pytest.mark.parametrize("name", ["anatomical.nii", "example4d.nii.gz", "standard.nii.gz"])
@pytest.mark.parametrize("axis", AXES)
def test_a_slice_has_nibabel_s_values_right_and_front_and_head_first(name, axis):
    canonical = nib.as_closest_canonical(nib.load(FILES / name))
    values = canonical.get_fdata()
    volume = values if values.ndim == 3 else values[..., 0]
    k = AXES[axis]
    plane = np.take(volume, volume.shape[k] // 2, axis=k)
    shown = read_nifti(FILES / name, axis, "middle", None)
    low, high = shown.window.low, shown.window.high
    expected = np.rint(np.clip((plane - low) / (high - low), 0, 1) * 255)
    grey = np.asarray(shown.image)
    assert grey.shape == plane.T.shape
    for a, b in ((0, 0), (-1, -1), (1, 2)):  # voxel (a, b) of the plane, mirrored in both axes
        assert (
            abs(
                int(grey[grey.shape[0] - 1 - b % plane.shape[1], -1 - a % plane.shape[0]])
                - expected[a, b]
            )
            <= 1
        )
    assert shown.spacing == pytest.approx(
        tuple(z for n, z in enumerate(canonical.header.get_zooms()[:3]) if n != k)[::-1]
    )


def test_orientation_of_the_file_does_not_matter(tmp_path):
    """The same head stored in another axis order gives the same picture."""
    one = nib.load(FILES / "anatomical.nii")
    turned = one.as_reoriented(nib.orientations.axcodes2ornt(("P", "S", "L")))
    nib.save(turned, tmp_path / "turned.nii.gz")
    first = read_nifti(FILES / "anatomical.nii", "axial", "middle", None)
    codes = nib.aff2axcodes(nib.load(tmp_path / "turned.nii.gz").affine)
    assert codes != nib.aff2axcodes(one.affine)
    again = read_nifti(tmp_path / "turned.nii.gz", "axial", "middle", None)
    assert np.array_equal(np.asarray(first.image), np.asarray(again.image))


def test_windows_come_from_the_mapping_then_the_file():
    given = Window(low=0, high=500, origin="mapping")
    assert read_nifti(FILES / "example4d.nii.gz", "axial", "3", given).window == given
    assert read_nifti(FILES / "example4d.nii.gz", "axial", "3", None).window.origin == "file"


@pytest.mark.parametrize(
    ("name", "words"),
    [("row_major.dconn.nii", "volume"), ("README.rst", "cannot be decoded")],
)
def test_what_is_no_volume_is_refused(name, words):
    with pytest.raises(PixelFault, match=words):
        read_nifti(FILES / name, "axial", "middle", None)
    with pytest.raises(PixelFault, match="none of number 99"):
        read_nifti(FILES / "example4d.nii.gz", "axial", "99", None)
