import hashlib
import io
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PIL

from actors.images import ImageFault, ImageStore, decode, safe_relative
from tests.actors.dialogues import image


def png(width=200, height=100, mode="RGB"):
    buffer = io.BytesIO()
    PIL.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def described(data, **changes):
    return replace(image("now"), sha256=hashlib.sha256(data).hexdigest(), **changes)


def png_bomb(side=40_000):
    """A valid PNG header of 40,000 x 40,000 pixels, a few bytes long."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def test_an_image_is_decoded_to_rgb_at_its_stored_size():
    data = png(mode="L")
    assert decode(data, described(data)).mode == "RGB"
    assert decode(data, described(data)).size == (200, 100)


@pytest.mark.parametrize(
    ("data", "changes", "word"),
    [
        (png(), {"sha256": "1" * 64}, "SHA-256"),
        (png(10, 10), {}, "10 x 10"),
        (b"not an image", {}, "cannot be decoded"),
        (png()[:60], {}, "cannot be decoded"),
        (png_bomb(), {"width": 40_000, "height": 40_000}, "pixels|decoded"),
    ],
)
def test_a_bad_image_is_named_with_its_reason(data, changes, word):
    with pytest.raises(ImageFault, match=word) as caught:
        decode(
            data,
            described(data, **{k: v for k, v in changes.items() if k != "sha256"})
            if "sha256" not in changes
            else replace(described(data), **changes),
        )
    assert "image now" in str(caught.value)


def test_the_store_reads_below_its_folder_and_keeps_what_it_decoded(tmp_path):
    data = png()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "now.png").write_bytes(data)
    store = ImageStore(str(tmp_path))
    first = store.load(described(data))
    (tmp_path / "images" / "now.png").unlink()
    assert store.load(described(data)) is first


def test_missing_and_escaping_images_are_faults(tmp_path):
    store = ImageStore(str(tmp_path))
    with pytest.raises(ImageFault, match="missing"):
        store.load(image("now"))
    with pytest.raises(ImageFault, match="leaves the dataset folder"):
        store.load(replace(image("now"), uri="../secret.png"))


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("images/a.png", True),
        ("images/../images/a.png", True),
        ("../a.png", False),
        ("images/../../a.png", False),
        ("/etc/passwd", False),
        ("s3://bucket/a.png", False),
        ("file:///etc/passwd", False),
        ("images\\..\\a.png", False),
        ("a\0.png", False),
        ("", False),
    ],
)
def test_paths_that_leave_the_folder_are_told(uri, safe):
    assert safe_relative(uri) is safe


@given(st.lists(st.sampled_from(["..", ".", "a", ""]), max_size=8))
def test_a_safe_path_never_climbs_above_the_folder(parts):
    uri = "/".join(parts)
    if safe_relative(uri):
        depth = 0
        for part in parts:
            depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
            assert depth >= 0 or ".." in parts  # may dip, but must end inside
        assert depth >= 0
