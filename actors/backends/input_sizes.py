"""The size at which an image enters a model, where its image processor resizes it as a whole.

In: the checkpoint's image processor, as transformers has it, and what the engine changes of it.
Out: pixels after resizing. Families that give boxes in pixels mean those. A processor that crops,
or cuts an image into tiles, has no such size.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actors.boxes.dialects import dialect_named
from actors.schema import Image, InputSize
from conf.errors import ConfigError
from conf.model import ModelConfig

Resize = Callable[[int, int], tuple[int, int]]  # height and width, before and after


class InputSizes:
    """Sizes by one processor; ``known`` is False where it resizes in another way."""

    def __init__(self, processor: Any, overrides: Mapping[str, Any]) -> None:
        name = type(processor).__name__
        make = next((m for family, m in _FAMILIES.items() if name.startswith(family)), None)
        self._resize = make(processor, overrides) if make is not None else None
        self.known = self._resize is not None

    def of(self, images: Sequence[Image]) -> tuple[InputSize, ...] | None:
        """Return (image_id, width, height) of each image as it enters the model; None if unknown.

        Source: the function by which the processor's own module resizes.
        """
        if self._resize is None:
            return None
        sizes = []
        for image in images:
            height, width = self._resize(image.height, image.width)
            sizes.append((image.image_id, width, height))
        return tuple(sizes)


def known_sizes(processor: Any, model: ModelConfig) -> InputSizes:
    """Return the sizes as a checkpoint's processor gives them; None: it has none.

    Raises:
        ConfigError: the model's box dialect needs them, and they are not known.
    """
    processor = getattr(processor, "image_processor", processor)
    sizes = InputSizes(processor, model.engine.get("mm_processor_kwargs") or {})
    if dialect_named(model.box_dialect).input_pixels and not sizes.known:
        raise ConfigError(
            f"model.box_dialect {model.box_dialect} gives pixels of the image as it enters the "
            f"model, and how {type(processor).__name__} resizes is not known; declare the dialect "
            "that this checkpoint was trained on"
        )
    return sizes


def _module(processor: Any) -> Any:
    return sys.modules[type(processor).__module__]


def _size(processor: Any, overrides: Mapping[str, Any]) -> dict[str, int]:
    return dict(processor.size) | dict(overrides.get("size") or {})


def _bounds(processor: Any, overrides: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return a side's factor, and the least and most pixels of an image."""
    size = _size(processor, overrides)
    return (
        int(processor.patch_size) * int(processor.merge_size),
        int(overrides.get("min_pixels") or size["shortest_edge"]),
        int(overrides.get("max_pixels") or size["longest_edge"]),
    )


def _qwen2_vl(processor: Any, overrides: Mapping[str, Any]) -> Resize:
    smart_resize = _module(processor).smart_resize
    factor, least, most = _bounds(processor, overrides)
    return lambda height, width: smart_resize(height, width, factor, least, most)


def _glm4v(processor: Any, overrides: Mapping[str, Any]) -> Resize:
    """An image is a film of ``frames`` equal pictures, and so are the bounds in pixels."""
    smart_resize = _module(processor).smart_resize
    factor, least, most = _bounds(processor, {"size": overrides.get("size")})
    frames = int(processor.temporal_patch_size)
    return lambda height, width: smart_resize(frames, height, width, frames, factor, least, most)


def _pixtral(processor: Any, overrides: Mapping[str, Any]) -> Resize | None:
    size = _size(processor, overrides)
    if size.get("longest_edge") is None:
        return None
    most = int(size["longest_edge"])
    patch = int(processor.patch_size["height"]), int(processor.patch_size["width"])

    def resize(height: int, width: int) -> tuple[int, int]:
        ratio = max(height / most, width / most, 1)
        rows, columns = (
            (int(side / ratio) - 1) // step + 1
            for side, step in zip((height, width), patch, strict=True)
        )
        return rows * patch[0], columns * patch[1]

    return resize


def _gemma4(processor: Any, overrides: Mapping[str, Any]) -> Resize:
    preserving = _module(processor).get_aspect_ratio_preserving_size
    patch, kernel = int(processor.patch_size), int(processor.pooling_kernel_size)
    tokens = int(overrides.get("max_soft_tokens") or processor.max_soft_tokens)
    return lambda height, width: preserving(height, width, patch, tokens * kernel**2, kernel)


def _square(processor: Any, overrides: Mapping[str, Any]) -> Resize | None:
    crops = overrides.get("do_pan_and_scan", getattr(processor, "do_pan_and_scan", False))
    size = _size(processor, overrides)
    if crops or size.get("height") is None or size.get("width") is None:
        return None
    side = int(size["height"]), int(size["width"])
    return lambda height, width: side


# By the beginning of the image processor's name; it may end in Pil or Fast.
_FAMILIES: dict[str, Callable[[Any, Mapping[str, Any]], Resize | None]] = {
    "Qwen2VLImageProcessor": _qwen2_vl,  # also of Qwen2.5-VL and Qwen3-VL
    "Glm4vImageProcessor": _glm4v,
    "Glm46VImageProcessor": _glm4v,
    "PixtralImageProcessor": _pixtral,  # also of Mistral Small 3
    "Gemma3ImageProcessor": _square,
    "Gemma4ImageProcessor": _gemma4,
    "SiglipImageProcessor": _square,  # of PaliGemma
}
