"""The size at which an image enters a model, where its image processor resizes as Qwen2-VL's does.

In: the checkpoint's image processor, as transformers has it, and what the engine changes of it.
Out: pixels after resizing. Models of these families give boxes in those pixels.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from actors.boxes.dialects import dialect_named
from actors.schema import Image, InputSize
from conf.errors import ConfigError
from conf.model import ModelConfig

_FAMILY = "Qwen2VLImageProcessor"  # also of Qwen2.5-VL and Qwen3-VL; with the suffix Pil or Fast


class InputSizes:
    """Sizes by one processor; ``known`` is False where it resizes in another way."""

    def __init__(self, processor: Any, overrides: Mapping[str, Any]) -> None:
        self.known = type(processor).__name__.startswith(_FAMILY)
        if not self.known:
            return
        self._resize = sys.modules[type(processor).__module__].smart_resize
        self._factor = int(processor.patch_size) * int(processor.merge_size)
        size = dict(processor.size) | dict(overrides.get("size") or {})
        self._least = int(overrides.get("min_pixels") or size["shortest_edge"])
        self._most = int(overrides.get("max_pixels") or size["longest_edge"])

    def of(self, images: Sequence[Image]) -> tuple[InputSize, ...] | None:
        """Return (image_id, width, height) of each image as it enters the model; None if unknown.

        Source: ``smart_resize`` of the processor's own module, with its bounds in pixels.
        """
        if not self.known:
            return None
        sizes = []
        for image in images:
            height, width = self._resize(
                image.height, image.width, self._factor, self._least, self._most
            )
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
