import io

import numpy as np
import pytest
from PIL import Image as PIL

from actors.images import ImageStore
from actors.pixels import PixelFault, Window, decode_picture, grey_from_values
from tests.actors.dialogues import image
from tests.actors.test_images import described

RAMP = np.linspace(0, 4095, 64 * 48).reshape(48, 64)  # a 12-bit film


def encoded(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def rotated_jpeg():
    """Stored 40 x 20, its right half white; seen upright it is 20 x 40."""
    picture = PIL.new("L", (40, 20))
    picture.paste(255, (20, 0, 40, 20))
    exif = PIL.Exif()
    exif[0x0112] = 6
    return encoded(picture, "JPEG", exif=exif.tobytes())


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_16_bit_film_spans_black_to_white(kind):
    data = encoded(PIL.fromarray(RAMP.astype(np.uint16)), kind)
    shown = decode_picture(data)
    grey = np.asarray(shown.image.convert("L"))
    assert (grey > 250).mean() < 0.05
    assert (grey < 5).mean() < 0.05
    assert 120 < grey.mean() < 135
    assert shown.window is not None
    assert shown.window.origin == "percentiles"


def test_a_float_tiff_is_not_black():
    shown = decode_picture(encoded(PIL.fromarray((RAMP / 4095).astype(np.float32)), "TIFF"))
    assert 120 < np.asarray(shown.image).mean() < 135


def test_a_given_window_decides():
    window = Window(low=1000, high=2000, origin="mapping")
    data = encoded(PIL.fromarray(np.array([[500, 1000, 1500, 2000, 4000]], np.uint16)))
    shown = decode_picture(data, window)
    assert np.asarray(shown.image)[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    assert shown.window == window


def test_white_is_zero_in_a_16_bit_tiff():
    data = encoded(PIL.fromarray(RAMP.astype(np.uint16)), "TIFF", tiffinfo={262: 0})
    grey = np.asarray(decode_picture(data).image)
    assert grey[0, 0, 0] > 250
    assert grey[-1, -1, 0] < 5


def test_orientation_is_applied():
    shown = decode_picture(rotated_jpeg())
    assert shown.image.size == (20, 40)
    assert np.asarray(shown.image)[35, 10, 0] > 250
    assert shown.steps == ("EXIF orientation",)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_8_bit_grey_and_rgb_stay_as_they_are(mode):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = PIL.fromarray(pixels).convert(mode)
    shown = decode_picture(encoded(picture))
    assert shown.steps == ()
    assert np.array_equal(np.asarray(shown.image), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize(
    ("picture", "kind", "colour"),
    [
        (PIL.new("CMYK", (4, 4), (0, 0, 0, 0)), "TIFF", (255, 255, 255)),
        (PIL.new("RGB", (4, 4), (10, 200, 30)).quantize(4), "PNG", (10, 200, 30)),
        (PIL.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG", (0, 0, 0)),
        (PIL.new("LA", (4, 4), (200, 255)), "PNG", (200, 200, 200)),
        (PIL.new("1", (4, 4), 1), "PNG", (255, 255, 255)),
    ],
)
def test_other_8_bit_formats_are_converted(picture, kind, colour):
    shown = decode_picture(encoded(picture, kind))
    assert shown.image.getpixel((1, 1)) == colour
    assert shown.steps


def test_what_has_no_rule_is_refused_by_name():
    with pytest.raises(PixelFault, match="LAB"):
        decode_picture(encoded(PIL.new("LAB", (4, 4)), "TIFF"))
    two = [PIL.new("L", (4, 4)), PIL.new("L", (4, 4), 9)]
    with pytest.raises(PixelFault, match="2 frames"):
        decode_picture(encoded(two[0], "TIFF", save_all=True, append_images=two[1:]))
    with pytest.raises(PixelFault, match="none of PNG"):
        decode_picture(encoded(PIL.new("L", (4, 4)), "PPM"))
    with pytest.raises(PixelFault, match="no finite value"):
        grey_from_values(np.full((2, 2), np.nan))


def test_a_phone_s_jpeg_is_its_first_picture():
    first, preview = PIL.new("RGB", (32, 16), (200, 0, 0)), PIL.new("RGB", (8, 4))
    data = encoded(first, "MPO", save_all=True, append_images=[preview])
    shown = decode_picture(data)
    assert shown.image.size == (32, 16)
    assert shown.image.getpixel((5, 5))[0] > 190


def test_equal_values_give_one_grey_not_an_error():
    grey, window = grey_from_values(np.full((2, 2), 7.0))
    assert np.asarray(grey).tolist() == [[0, 0], [0, 0]]
    assert window.low == window.high == 7


def test_an_endpoint_gets_what_the_model_would_see(tmp_path):
    """Stored bytes only where every decoder shows them alike."""
    (tmp_path / "images").mkdir()
    file = tmp_path / "images" / "now.png"
    for data, kind in (
        (encoded(PIL.fromarray(RAMP.astype(np.uint16))), "image/png"),
        (rotated_jpeg(), "image/png"),
        (encoded(PIL.new("L", (9, 9)), "JPEG"), "image/jpeg"),
    ):
        file.write_bytes(data)
        width, height = decode_picture(data).image.size
        row = described(data, width=width, height=height)
        store = ImageStore(str(tmp_path))
        sent, media_type = store.checked_bytes(row)
        assert media_type == kind
        with PIL.open(io.BytesIO(sent)) as seen:
            assert np.array_equal(np.asarray(seen.convert("RGB")), np.asarray(store.load(row)))
    assert image("now").uri == "images/now.png"
