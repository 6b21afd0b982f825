from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PIL

from pipeline.report.import_page import write_import_page
from tests.pipeline.dataset.importers.cases import imported, picture, write_mapping, write_rows


@pytest.fixture
def page(tmp_path):
    """The page of an import with one box and one lost row."""
    source = tmp_path / "source"
    source.mkdir()
    picture(source, size=(520, 260))
    rows = [{"image": "a.png", "name": "mass", "box": [100, 50, 300, 200]}]
    write_rows(source, [*rows, {"image": "gone.png", "name": "<b>", "box": [1, 1, 2, 2]}])
    mapping = write_mapping(
        source,
        question=None,
        boxes=[{"label": "name", "values": "box"}],
        templates={"use": True},
    )
    imported(mapping, source, tmp_path / "d")
    return Path(write_import_page(str(tmp_path / "d")))


def test_the_page_says_what_was_lost_and_what_can_be_measured(page):
    text = page.read_text()
    for words in ("an image is missing", "gone.png is missing", "turn_accuracy", "1 mass"):
        assert words in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_contact_sheet_shows_boxes_where_they_are(page):
    (file,) = (page.parent / "pictures").iterdir()
    with PIL.open(file) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (130, 260, 3)
    yellow = (pixels[..., 0] - pixels[..., 2]) > 100
    rows, columns = np.where(yellow)
    assert (columns.min(), columns.max()) == pytest.approx((50, 150), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((25, 100), abs=2)
    assert f"pictures/{file.name}" in page.read_text()
