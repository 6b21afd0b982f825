"""Sizes told beforehand are those that the processor itself gives an image."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PIL
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.pixtral.image_processing_pil_pixtral import PixtralImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from actors.backends.input_sizes import InputSizes
from actors.schema import Image

SIDES = st.tuples(st.integers(1, 500), st.integers(1, 500)).filter(
    lambda sides: max(sides) <= 20 * min(sides)  # beyond 200 the processors themselves refuse
)
QWEN = {"min_pixels": 100 * 28 * 28, "max_pixels": 400 * 28 * 28}
GLM = {"size": {"shortest_edge": 16 * 28 * 28, "longest_edge": 200 * 28 * 28}}


def by_grid(processor: Any, pixels: PIL.Image, **overrides: Any) -> tuple[int, int]:
    _, rows, columns = processor([pixels], **overrides)["image_grid_thw"][0]
    return columns * processor.patch_size, rows * processor.patch_size


def by_pixels(processor: Any, pixels: PIL.Image, **overrides: Any) -> tuple[int, int]:
    height, width = np.asarray(processor([pixels], **overrides)["pixel_values"][0]).shape[-2:]
    return width, height


def by_positions(processor: Any, pixels: PIL.Image, **overrides: Any) -> tuple[int, int]:
    """Read Gemma 4's places of patches; those of padding are negative."""
    places = np.asarray(processor([pixels], **overrides)["image_position_ids"][0])
    columns, rows = places.max(axis=0) + 1
    return columns * processor.patch_size, rows * processor.patch_size


def image(width: int, height: int) -> Image:
    return Image(
        image_id="i", uri="x", sha256="", width=width, height=height, role="current", days_before=0
    )


@pytest.mark.parametrize(
    ("processor", "overrides", "read"),
    [
        (Qwen2VLImageProcessorPil(), {}, by_grid),
        (Qwen2VLImageProcessorPil(), QWEN, by_grid),
        (Glm4vImageProcessorPil(), {}, by_grid),
        (Glm4vImageProcessorPil(), GLM, by_grid),
        (PixtralImageProcessorPil(), {}, by_pixels),
        (PixtralImageProcessorPil(), {"size": {"longest_edge": 200}}, by_pixels),
        (Gemma3ImageProcessorPil(), {}, by_pixels),
        (SiglipImageProcessorPil(), {"size": {"height": 96, "width": 64}}, by_pixels),
        (Gemma4ImageProcessorPil(), {}, by_positions),
        (Gemma4ImageProcessorPil(), {"max_soft_tokens": 70}, by_positions),
    ],
)
@settings(max_examples=15, deadline=None)
@given(sides=SIDES)
def test_a_size_is_that_of_the_processed_image(
    processor: Any, overrides: dict[str, Any], read: Callable[..., tuple[int, int]], sides: Any
):
    width, height = sides
    pixels = PIL.fromarray(np.zeros((height, width, 3), dtype=np.uint8))
    told = InputSizes(processor, overrides).of([image(width, height)])
    assert told == (("i", *read(processor, pixels, **overrides)),)


@pytest.mark.parametrize(
    ("processor", "overrides"),
    [
        (Idefics3ImageProcessorPil(), {}),  # tiles
        (CLIPImageProcessorPil(), {}),  # crops
        (Gemma3ImageProcessorPil(), {"do_pan_and_scan": True}),
        (Gemma3ImageProcessorPil(do_pan_and_scan=True), {}),
    ],
)
def test_a_processor_that_crops_or_tiles_has_no_size(processor: Any, overrides: dict[str, Any]):
    sizes = InputSizes(processor, overrides)
    assert not sizes.known
    assert sizes.of([image(10, 10)]) is None
