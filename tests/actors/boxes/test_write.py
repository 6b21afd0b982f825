"""What a model is told to write, and the exact form of a region in each dialect."""

import pytest

from actors.boxes.dialects import DIALECTS
from actors.boxes.write import format_box, instruction
from conf.model import BOX_DIALECTS

BOX = (100.0, 50.0, 300.0, 150.0)
SIZE = (400, 200)


def test_a_configuration_may_declare_exactly_the_dialects_that_have_an_entry():
    assert tuple(DIALECTS) == BOX_DIALECTS


@pytest.mark.parametrize("dialect", BOX_DIALECTS)
def test_every_dialect_but_none_has_an_instruction(dialect):
    assert bool(instruction(dialect)) == (dialect != "none")


def test_default_dialect_instruction_names_order_and_range():
    assert instruction("norm1000") == (
        "After the answer give the region as [x0, y0, x1, y1] "
        "with integers from 0 to 1000 relative to the image."
    )


@pytest.mark.parametrize(
    ("dialect", "written"),
    [
        ("norm1000", "[250, 250, 750, 750]"),
        ("norm1", "[0.25, 0.25, 0.75, 0.75]"),
        ("pixels", "[100, 50, 300, 150]"),
        ("qwen25", '{"bbox_2d": [200, 100, 600, 300]}'),
        ("qwen", "<box>(250,250),(750,750)</box>"),
        ("internvl", "<box>[[250, 250, 750, 750]]</box>"),
        ("gemini", '{"box_2d": [250, 250, 750, 750]}'),
        ("paligemma", "<loc0256><loc0256><loc0768><loc0768>"),
        ("florence2", "<loc_250><loc_250><loc_750><loc_750>"),
        # left and top patch 8, right and bottom patch ceil(0.75 * 32 - 1) = 23
        ("kosmos2", "<object><patch_index_0264><patch_index_0759></object>"),
        ("molmo", '<point x="50.0" y="50.0" alt="region">region</point>'),
        ("none", ""),
    ],
)
def test_region_is_written_in_the_form_of_the_dialect(dialect, written):
    assert format_box(dialect, BOX, SIZE, (800, 400)) == written


def test_y_comes_first_where_the_dialect_says_so():
    box = (0.0, 50.0, 400.0, 150.0)
    assert format_box("gemini", box, SIZE) == '{"box_2d": [250, 0, 750, 1000]}'
    assert format_box("paligemma", box, SIZE) == "<loc0256><loc0000><loc0768><loc1023>"
    assert format_box("norm1000", box, SIZE) == "[0, 250, 1000, 750]"


def test_tiny_region_keeps_an_extent():
    assert format_box("norm1000", (10.0, 10.0, 10.5, 10.5), (4000, 4000)) == "[2, 2, 3, 3]"


def test_input_pixels_without_the_input_size_are_refused():
    with pytest.raises(ValueError, match="input_size"):
        format_box("qwen25", BOX, SIZE)


def test_unknown_dialect_is_named():
    with pytest.raises(ValueError, match="'yolo'"):
        instruction("yolo")
    with pytest.raises(ValueError, match="'yolo'"):
        format_box("yolo", BOX, SIZE)
