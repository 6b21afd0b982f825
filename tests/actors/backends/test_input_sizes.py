"""Sizes told beforehand are those that the processor itself gives an image."""

import numpy as np
import pytest
from PIL import Image as PIL
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from actors.backends.input_sizes import InputSizes
from actors.schema import Image

SIZES = [(640, 480), (37, 900), (28, 28), (3000, 2500), (1001, 999), (224, 256)]
BOUNDS = [{}, {"min_pixels": 100 * 28 * 28, "max_pixels": 400 * 28 * 28}]


def image(width: int, height: int) -> Image:
    return Image(
        image_id=f"{width}x{height}", uri="x", sha256="", width=width, height=height,
        role="current", days_before=0,
    )  # fmt: skip


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_size_is_that_of_the_processed_grid(width, height, bounds):
    processor = Qwen2VLImageProcessorPil()
    pixels = PIL.fromarray(np.zeros((height, width, 3), dtype=np.uint8))
    _, rows, columns = processor([pixels], **bounds)["image_grid_thw"][0]
    expected = (f"{width}x{height}", columns * processor.patch_size, rows * processor.patch_size)
    assert InputSizes(processor, bounds).of([image(width, height)]) == (expected,)


def test_a_processor_that_resizes_in_another_way_is_not_known():
    sizes = InputSizes(Idefics3ImageProcessorPil(), {})
    assert not sizes.known
    assert sizes.of([image(10, 10)]) is None
