"""Regions read back from text, in every dialect."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.boxes.dialects import DIALECTS
from actors.boxes.write import format_box
from conf.model import BOX_DIALECTS
from pipeline.parsing.boxes import hits, iou, is_point, read_box, strip_boxes

SIZE = (400, 200)
INPUT = (800, 400)
WITH_BOX = [name for name, dialect in DIALECTS.items() if dialect.has_boxes]


@pytest.mark.parametrize(
    ("dialect", "text", "box"),
    [
        ("norm1000", "Left lung [250, 250, 750, 750].", (100, 50, 300, 150)),
        ("norm1000", "[[250,250,750,750]]", (100, 50, 300, 150)),
        ("norm1", "at [0.25, 0.25, .75, .75] [0.1,0.2,0.5,1]", (100, 50, 300, 150)),
        ("pixels", "[100, 50, 300, 150]", (100, 50, 300, 150)),
        ("qwen25", '```json\n[{"bbox_2d": [200, 100, 600, 300]}]\n```', (100, 50, 300, 150)),
        ("qwen", "<ref>it</ref><box>(250,250),(750,750)</box>", (100, 50, 300, 150)),
        (
            "qwen",
            "<|object_ref_start|>it<|object_ref_end|><|box_start|>(250,250),(750,750)<|box_end|>",
            (100, 50, 300, 150),
        ),
        ("internvl", "<ref>it</ref><box>[[250, 250, 750, 750]]</box>", (100, 50, 300, 150)),
        ("gemini", '[{"box_2d": [0, 250, 500, 750], "label": "x"}]', (100, 0, 300, 100)),
        ("paligemma", "<loc0000><loc0256><loc0512><loc0768> nodule", (100, 0, 300, 100)),
        # the middle of bin 249 is 0.2495, of bin 749 0.7495
        ("florence2", "<loc_249><loc_249><loc_749><loc_749>", (99.8, 49.9, 299.8, 149.9)),
        # patches (8, 8) and (24, 24): their middles, 8.5 / 32 and 24.5 / 32
        ("kosmos2", "<patch_index_0264><patch_index_0792>", (106.25, 53.125, 306.25, 153.125)),
        # one patch: the whole cell
        ("kosmos2", "<patch_index_0000><patch_index_0000>", (0, 0, 12.5, 6.25)),
        ("molmo", 'It is <point x="50.0" y="25" alt="it">here</point>', (200, 50, 200, 50)),
        (
            "molmo",
            '<points x1="50.0" y1="25.0" x2="1.0" y2="1.0" alt="a">a</points>',
            (200, 50, 200, 50),
        ),
    ],
)
def test_region_is_read_in_pixels_of_the_stored_image(dialect, text, box):
    assert read_box(text, dialect, SIZE, INPUT) == pytest.approx(box)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[500, 100, 500, 900]", "no width"),
        ("[900, 100, 500, 300]", "corners swapped"),
        ("[1200, 0, 1500, 900]", "outside"),
        ("[10, 20, 30]", "three numbers"),
        ("(100,100),(300,300)", "another dialect"),
        ("[-50, 500, 900, 1000]", "further out than rounding"),
        ("[0, 500, 1021, 1000]", "further out than rounding"),
        ("", "nothing"),
        ("[500, 100, 500, 900] or [1, 1, 900, 900]", "the first one has no width"),
    ],
)
def test_what_is_no_box_is_none(text, why):
    assert read_box(text, "norm1000", SIZE) is None, why


def test_only_the_declared_dialect_is_read():
    written = {d: format_box(d, (100, 50, 300, 150), SIZE, INPUT) for d in WITH_BOX}
    lists = {d for d, text in written.items() if read_box(text, "norm1000", SIZE) is not None}
    for own, text in written.items():
        for other in WITH_BOX:
            if own != other and not {own, other} <= lists:
                assert read_box(text, other, SIZE, INPUT) is None, (own, other)


def test_coordinates_slightly_out_of_range_are_clipped():
    assert read_box("[-20, 500, 1020, 1001]", "norm1000", SIZE) == (0, 100, 400, 200)


@pytest.mark.parametrize("text", ["(1, 2, 3, 4)", "<1, 2, 3, 4>", "[[1, 2, 3, 4]]", "[1,2,3,4]"])
def test_bracket_styles_of_glm_mean_the_same_place(text):
    assert read_box(text, "norm1000", (1000, 1000)) == (1, 2, 3, 4)
    assert strip_boxes(text, "norm1000").strip(" []") == ""


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (
            "norm1000",
            '{\n    "bbox_2d": [\n        250,\n        250,\n        750,\n        750\n    ]\n}',
        ),
        (
            "qwen25",
            '[\r\n\t{\r\n"bbox_2d": [\r\n\t200,\r\n\t100,\r\n\t600,\r\n\t300\r\n]}]',
        ),
        (
            "gemini",
            '[\n  {\n    "box_2d": [\n      250,\n      250,\n      750,\n      750\n    ]\n  }\n]',
        ),
        ("gemini", "The nodule is at [250, 250, 750, 750]."),
        ("qwen25", "[200, 100, 600, 300]"),
        ("internvl", "nodule[[250, 250, 750, 750]]"),
        ("internvl", "<ref>it</ref> [ [250, 250, 750, 750] ]"),
        ("qwen", "nodule(250,250),(750,750)"),
    ],
)
def test_layout_and_dropped_tags_do_not_hide_a_box(dialect, text):
    assert read_box(text, dialect, SIZE, INPUT) == pytest.approx((100, 50, 300, 150))


def test_a_list_under_another_key_is_not_of_the_dialect():
    assert read_box('{"bbox_2d": [1, 2, 300, 400]}', "gemini", SIZE) is None


def test_a_padded_square_is_cut_back_to_its_image():
    wide, tall = (640, 480), (200, 400)
    assert read_box("[0.5, 0.25, 1.0, 0.5]", "llava", wide) == pytest.approx((320, 80, 640, 240))
    assert read_box("[0.25, 0, 0.5, 0.5]", "llava", tall) == pytest.approx((0, 0, 100, 200))
    assert read_box("[0.1, 0.0, 0.9, 0.3]", "llava", wide) == pytest.approx((64, 0, 576, 112))
    assert read_box("[0.1, 0.0, 0.9, 0.1]", "llava", wide) is None  # in the margin alone
    assert read_box("[0.1, 0.2, 0.9, 1.1]", "llava", wide) is None


def test_first_box_counts():
    text = "[0, 0, 500, 500] then [500, 500, 1000, 1000]"
    assert read_box(text, "norm1000", SIZE) == (0, 0, 200, 100)


def test_input_pixels_without_the_input_size_are_refused_only_where_there_is_a_box():
    assert read_box("no box", "qwen25", SIZE) is None
    with pytest.raises(ValueError, match="input_size"):
        read_box('{"bbox_2d": [1, 2, 3, 4]}', "qwen25", SIZE)


@st.composite
def regions(draw):
    x0, x1 = sorted(draw(st.tuples(st.floats(0, 0.75), st.floats(0, 0.75))))
    y0, y1 = sorted(draw(st.tuples(st.floats(0, 0.75), st.floats(0, 0.75))))
    return (x0 * 640, y0 * 480, (x1 + 0.25) * 640, (y1 + 0.25) * 480)


@pytest.mark.parametrize("dialect", WITH_BOX)
@settings(max_examples=60, deadline=None)
@given(box=regions())
def test_writing_and_reading_gives_the_region_back(dialect, box):
    text = "It is here: " + format_box(dialect, box, (640, 480), (448, 336))
    read = read_box(text, dialect, (640, 480), (448, 336))
    # a Kosmos-2 patch is 1/32 of the side, and corners mean the middles of their patches
    least = 0.7 if dialect == "kosmos2" else 0.97
    assert read is not None
    assert iou(read, box) >= least


@given(box=regions())
def test_written_point_lies_inside_its_region(box):
    point = read_box(format_box("molmo", box, (640, 480)), "molmo", (640, 480))
    assert point is not None
    assert is_point(point)
    assert hits(point, box)


PIECES = [
    *("[", "]", "(", ")", "{", "}", ",", ".", "-", " ", "\n", "0", "1", "999999", "1e9", '"'),
    *("<box>", "</box>", "<loc", "<loc_1>", "<loc0001>", "<patch_index_0001>", "bbox_2d", "box_2d"),
    *('<point x="', 'y="', '"bbox_2d": [', '"box_2d": [', "[1, 2, 3, 4]", "(1,2),(3,4)", "٣", "½"),
]


@pytest.mark.parametrize("dialect", BOX_DIALECTS)
@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_gives_a_box_inside_the_image_or_none(dialect, text):
    box = read_box(text, dialect, SIZE, INPUT)
    assert isinstance(strip_boxes(text, dialect), str)
    if box is not None:
        assert 0 <= box[0] <= box[2] <= SIZE[0]
        assert 0 <= box[1] <= box[3] <= SIZE[1]
        assert DIALECTS[dialect].point or (box[0] < box[2] and box[1] < box[3])


@pytest.mark.parametrize("dialect", WITH_BOX)
def test_stripping_leaves_no_number_of_the_region_behind(dialect):
    text = strip_boxes(
        "12 mm " + format_box(dialect, (100, 50, 300, 150), SIZE, INPUT) + " left", dialect
    )
    assert "".join(c for c in text if c.isdigit()) == "12"
    assert text.split()[-1] == "left"
    assert read_box(text, dialect, SIZE, INPUT) is None


def test_stripping_keeps_what_the_model_said_about_the_region():
    assert strip_boxes('[{"box_2d": [1, 2, 3, 4], "label": "nodule"}]', "gemini").split() == [
        *("[", "nodule", "]")
    ]
    assert strip_boxes("<ref>the nodule</ref><box>(1,2),(3,4)</box>", "qwen").split() == [
        *("the", "nodule")
    ]
    assert strip_boxes('{"size": 5}', "gemini") == '{"size": 5}'
    pretty = '{\n  "bbox_2d": [\n    1,\n    2,\n    3,\n    4\n  ],\n  "label": "nodule"\n}'
    for dialect in ("norm1000", "qwen25"):
        assert strip_boxes(pretty, dialect).split() == ["nodule"]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 50 / 150),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (2, 2, 4, 4), 4 / 100),
        ((5, 5, 5, 5), (0, 0, 10, 10), 0.0),
    ],
)
def test_iou_by_hand(a, b, expected):
    assert iou(a, b) == pytest.approx(expected)
    assert iou(b, a) == pytest.approx(expected)


def test_whole_image_box_misses_a_small_region():
    assert not hits((0, 0, 400, 200), (100, 50, 300, 149))
    assert hits((0, 0, 400, 200), (0, 0, 400, 100))  # exactly one half
