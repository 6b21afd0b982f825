"""Decoded DICOM against pydicom's own values, on the files that come with pydicom."""

from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import DATA_ROOT
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_windowing, pixel_array

from actors.pixels import PERCENTILES, PixelFault, Window
from pipeline.dataset.importers.dicom import Pseudonyms, dicom_rows, read_dicom
from tests.pipeline.dataset.importers.cases import needs_real_data, real

FILES = Path(DATA_ROOT) / "test_files"
WINDOWED = [
    "693_J2KI.dcm",  # JPEG 2000
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "examples_overlay.dcm",
]
COLOURED = ["SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_rle.dcm", "SC_rgb_jls_lossy_line.dcm"]


def copy(tmp_path, name, **tags):
    data = pydicom.dcmread(FILES / name)
    for tag, value in tags.items():
        setattr(data, tag, value)
    data.save_as(tmp_path / name)
    return tmp_path / name


def close(image, expected):
    """Whether two grey images differ by rounding alone."""
    return np.abs(np.asarray(image).astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("name", WINDOWED)
def test_a_file_with_a_window_is_shown_as_pydicom_windows_it(name):
    data = pydicom.dcmread(FILES / name)
    values = apply_windowing(apply_modality_lut(pixel_array(data), data), data)
    low, high = range_of_the_bits(data)  # the ends that pydicom maps the window to
    shown = read_dicom(FILES / name, "middle", None)
    assert shown.window is not None
    assert shown.window.origin == "file"
    assert close(shown.image, np.rint((values - low) / (high - low) * 255))


def range_of_the_bits(data):
    """The least and the greatest value that the stored bits can have, after rescaling."""
    bits = data.BitsStored
    ends = (
        (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if data.PixelRepresentation else (0, 2**bits - 1)
    )
    slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
    return tuple(end * slope + intercept for end in ends)


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm"])
def test_without_a_window_the_percentiles_of_the_modality_values_decide(name):
    data = pydicom.dcmread(FILES / name)
    values = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(
        data.get("RescaleIntercept", 0)
    )
    low, high = np.percentile(values, PERCENTILES)
    expected = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    shown = read_dicom(FILES / name, "middle", None)
    assert close(shown.image, expected)
    assert shown.window == Window(low=low, high=high, origin="percentiles")


def test_a_mapping_s_window_is_in_hounsfield_units():
    shown = read_dicom(
        FILES / "CT_small.dcm", "middle", Window(low=-100, high=100, origin="mapping")
    )
    data = pydicom.dcmread(FILES / "CT_small.dcm")
    hounsfield = data.pixel_array + int(data.RescaleIntercept)
    assert np.asarray(shown.image)[hounsfield >= 100].min() == 255
    assert np.asarray(shown.image)[hounsfield <= -100].max() == 0
    assert shown.spacing == (0.661468, 0.661468)


@pytest.mark.parametrize("name", COLOURED)
def test_colours_are_those_that_pydicom_decodes(name):
    data = pydicom.dcmread(FILES / name)
    assert np.array_equal(
        np.asarray(read_dicom(FILES / name, "middle", None).image), pixel_array(data)
    )


def test_a_palette_is_applied():
    data = pydicom.dcmread(FILES / "examples_palette.dcm")
    expected = apply_color_lut(data.pixel_array, data)
    shown = read_dicom(FILES / "examples_palette.dcm", "middle", None)
    assert np.array_equal(np.asarray(shown.image), (expected / 256).astype(np.uint8))


def test_frames_are_taken_from_the_middle_or_by_number():
    data = pydicom.dcmread(FILES / "examples_ybr_color.dcm")
    for frame, index in (("middle", 15), ("0", 0), ("29", 29)):
        shown = read_dicom(FILES / "examples_ybr_color.dcm", frame, None)
        assert np.array_equal(np.asarray(shown.image), pixel_array(data, index=index))
    with pytest.raises(PixelFault, match="30 frames, none of number 30"):
        read_dicom(FILES / "examples_ybr_color.dcm", "30", None)


def test_monochrome1_and_presentation_luts_invert(tmp_path):
    plain = np.asarray(read_dicom(FILES / "CT_small.dcm", "middle", None).image)
    negative = copy(tmp_path, "CT_small.dcm", PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(np.asarray(read_dicom(negative, "middle", None).image), 255 - plain)
    inverse = copy(tmp_path, "CT_small.dcm", PresentationLUTShape="INVERSE")
    assert np.array_equal(np.asarray(read_dicom(inverse, "middle", None).image), 255 - plain)


def test_burnt_in_text_and_overlays_are_noted(tmp_path):
    file = copy(tmp_path, "CT_small.dcm", BurnedInAnnotation="YES")
    assert "may name the patient" in read_dicom(file, "middle", None).notes[0]
    assert read_dicom(FILES / "examples_overlay.dcm", "middle", None).notes == (
        "an overlay is not drawn",
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rtplan.dcm", "no pixels"),
        ("rtdose.dcm", "RTDOSE"),
        ("MR_truncated.dcm", "less than expected"),
        ("JPGExtended.dcm", "12-bit precision"),  # no codec without the GPL reads it
        ("README.txt", "cannot be decoded"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(name, words):
    with pytest.raises(PixelFault, match=words):
        read_dicom(FILES / name, "middle", None)


def test_rows_hold_pseudonyms_and_no_identifier(tmp_path):
    file = copy(
        tmp_path,
        "CT_small.dcm",
        PatientID="4711",
        PatientName="Doe^Jane",
        PatientAge="093Y",
        PatientSex="F",
        StudyDate="20200102",
    )
    names = Pseudonyms(b"key")
    (row,) = dicom_rows(file, names)
    assert row["patient"] == names.of("4711") != Pseudonyms(b"other").of("4711")
    assert (row["modality"], row["sex"], row["age_group"]) == ("ct", "female", "90+")
    assert not [v for v in map(str, row.values()) if "4711" in v or "Doe" in v or "20200102" in v]
    days = [names.day("4711", date(2020, 1, d)) for d in (2, 12)]
    assert days[1] - days[0] == 10
    assert row["day"] == days[0] != date(2020, 1, 2).toordinal()


@needs_real_data
def test_a_film_with_a_presentation_lut_comes_out_as_its_values_say():
    file = real("highdicom") / "dx_image.dcm"
    data = pydicom.dcmread(file)
    expected = 255 - data.pixel_array.astype(float) / 255 * 255
    assert data.PhotometricInterpretation == "MONOCHROME1"
    assert close(read_dicom(file, "middle", None).image, np.rint(np.clip(expected, 0, 255)))
    with pytest.raises(PixelFault, match="SEG"):
        read_dicom(real("highdicom") / "seg_image_ct_binary.dcm", "middle", None)
