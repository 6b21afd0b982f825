"""Prompts as vLLM would have them, measured by its own renderer and processor without an engine."""

from typing import Any

from PIL import Image as PIL

from actors.backends.chat_template import example
from actors.backends.input_sizes import known_sizes
from actors.backends.prompt_lengths import PromptMeasure
from actors.backends.vllm_template import (
    check_rendering,
    first_reason,
    hf_processor,
    images_expanded,
    renderer_without_engine,
    thinking_arguments,
    vllm_template,
)
from actors.checkpoints import local_folder
from actors.schema import Image
from conf.errors import ConfigError
from conf.schema import RunConfig


def prompt_measure(config: RunConfig) -> PromptMeasure:
    """Check all that an actor checks before its engine starts; return how prompts are measured.

    An image is measured in a prompt of its own.

    Raises:
        ConfigError: the checkpoint, its template or the settings cannot be used.
    """
    source = local_folder(config.model.source, small=True)
    renderer = renderer_without_engine(source, config.model)
    check_rendering(renderer, config.model.chat)
    known_sizes(hf_processor(renderer), config.model)
    thinking_arguments(renderer, config.model, config.sampling)
    template = vllm_template(renderer, config.model.chat)

    def image_tokens(image: Image) -> int:
        ids = template.first(example(1, [image]))
        return _processed(renderer, images_expanded(renderer, ids, [image]), image) - len(ids)

    return PromptMeasure(
        template=template,
        image_tokens=image_tokens,
        most_images=renderer.mm_processor.info.allowed_mm_limits.get("image", 0),
        context=renderer.model_config.max_model_len,
    )


def _processed(renderer: Any, ids: list[int], image: Image) -> int:
    """Return the length of a prompt once the processor has made room for a blank image."""
    from vllm.renderers.inputs.preprocess import parse_model_prompt  # noqa: PLC0415

    blank = PIL.new("RGB", (image.width, image.height))
    prompt = {"prompt_token_ids": ids, "multi_modal_data": {"image": [blank]}}
    try:
        parsed = parse_model_prompt(renderer.model_config, prompt)
        (rendered,) = renderer.render_cmpl([parsed], skip_mm_cache=True)
    except Exception as error:  # of vLLM, or of the checkpoint's processor
        raise ConfigError(
            f"an image of {image.width} x {image.height} pixels is refused: {first_reason(error)}"
        ) from error
    return len(rendered["prompt_token_ids"])
