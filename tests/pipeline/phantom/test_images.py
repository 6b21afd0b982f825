from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.contact_sheet import contact_sheet
from pipeline.phantom.catalogue.modalities import MODALITIES
from pipeline.phantom.drawing.render import render
from pipeline.phantom.drawing.shapes import rasterise
from pipeline.phantom.generate import draw_dialogue, plan_dialogue, stream

PLANS = [plan_dialogue(2, index) for index in range(160)]


def test_boxes_lie_inside_their_image(dialogues):
    for dialogue in dialogues:
        for region in dialogue.regions:
            image = dialogue.image(region.image_id)
            x0, y0, x1, y1 = region.box
            assert 0 <= x0 < x1 <= image.width
            assert 0 <= y0 < y1 <= image.height


def test_most_boxes_measure_a_seventh_of_the_image_side(dialogues):
    sides = [
        min((r.box[2] - r.box[0]) / image.width, (r.box[3] - r.box[1]) / image.height)
        for d in dialogues
        for r in d.regions
        for image in [d.image(r.image_id)]
    ]
    assert np.mean(np.array(sides) >= 0.14) > 0.75
    assert min(sides) > 0.06


def test_boxes_of_two_lesions_hardly_overlap(dialogues):
    for dialogue in dialogues:
        boxes = [np.array(r.box) for r in dialogue.regions if r.region_id.endswith("current")]
        for n, one in enumerate(boxes):
            for other in boxes[:n]:
                corner = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
                shared = float(np.prod(np.clip(corner, 0, None)))
                areas = [float(np.prod(box[2:] - box[:2])) for box in (one, other)]
                assert shared < 0.1 * min(areas)


def test_every_lesion_differs_from_the_image_without_it():
    seen = set()
    for plan in PLANS:
        for picture in plan.pictures.values():
            bare = render(replace(picture, lesions=())).astype(int)
            drawn = render(picture).astype(int)
            for lesion in picture.lesions:
                patch = rasterise(lesion.shape, picture.modality.size)
                x0, y0, x1, y1 = (int(v) for v in patch.box)
                inside = np.abs(drawn - bare)[y0:y1, x0:x1]
                if inside.ndim == 3:
                    inside = inside.max(axis=2)
                solid = patch.alpha[y0 - patch.y0 : y1 - patch.y0, x0 - patch.x0 : x1 - patch.x0]
                assert inside[solid >= 0.5].mean() > 18, lesion
                seen.add((picture.modality.name, lesion.look.outline))
    assert {name for name, _ in seen} == set(MODALITIES)


def test_nothing_but_the_lesions_changes_outside_their_patches():
    for plan in PLANS[:40]:
        for picture in plan.pictures.values():
            changed = render(picture) != render(replace(picture, lesions=()))
            if changed.ndim == 3:
                changed = changed.any(axis=2)
            for lesion in picture.lesions:
                patch = rasterise(lesion.shape, picture.modality.size)
                height, width = patch.alpha.shape
                changed[patch.y0 : patch.y0 + height, patch.x0 : patch.x0 + width] = False
            assert not changed.any()


def test_boxes_bound_the_drawn_lesion_tightly():
    for plan in PLANS:
        for picture in plan.pictures.values():
            for lesion in picture.lesions:
                patch = rasterise(lesion.shape, picture.modality.size)
                x0, y0, x1, y1 = (int(v) for v in patch.box)
                solid = patch.alpha >= 0.5
                inner = solid[y0 - patch.y0 : y1 - patch.y0, x0 - patch.x0 : x1 - patch.x0]
                assert inner.sum() == solid.sum()
                assert all(edge.any() for edge in (inner[0], inner[-1], inner[:, 0], inner[:, -1]))


def test_a_dialogue_is_the_same_bytes_every_time():
    assert draw_dialogue(7, 13) == draw_dialogue(7, 13)
    assert draw_dialogue(7, 13) != draw_dialogue(8, 13)


def test_png_files_match_their_row_and_the_streamed_pixels():
    dialogue, files = next(
        drawn for drawn in (draw_dialogue(3, n) for n in range(20)) if len(drawn[1]) == 2
    )
    index = int(dialogue.dialogue_id.rsplit("-", 1)[1])
    streamed, pixels = next(stream(3, index))
    assert streamed.turns == dialogue.turns
    for image, (uri, data) in zip(dialogue.images, files, strict=True):
        opened = Pillow.open(BytesIO(data))
        assert uri == image.uri
        assert opened.size == (image.width, image.height)
        assert np.array_equal(np.asarray(opened), pixels[image.image_id])


def test_stream_goes_on_from_where_it_is_told_to_start():
    dialogues = stream(4, 10)
    names = [next(dialogues)[0].dialogue_id for _ in range(3)]
    assert names == ["phantom-4-000010", "phantom-4-000011", "phantom-4-000012"]


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError, match="negative"):
        plan_dialogue(-1, 0)


def test_contact_sheet_has_a_row_per_modality():
    sheet = contact_sheet(0, 64)
    assert sheet.size == (5 * 64, len(MODALITIES) * 64)
    rows = np.asarray(sheet).reshape(len(MODALITIES), 64, -1)
    assert rows.std(axis=(1, 2)).min() > 10
