"""A checkpoint's chat template as vLLM's renderer applies it, with or without an engine.

The renderer knows which form of content a template expects, which placeholder stands for an image,
what to take where a checkpoint has no template, and tokenisers that render ids themselves
(mistral-common). In: ``model`` of a run. Out: a ``ChatTemplate``, which needs no GPU::

    renderer = renderer_without_engine(local_folder(model.source), model)
    check_rendering(renderer, model.chat)
    template = vllm_template(renderer, model.chat)
"""

import base64
import io
import os
from collections.abc import Sequence
from typing import Any

from PIL import Image as PIL

from actors.backends.chat_template import (
    ChatTemplate,
    Messages,
    check_template,
    example,
    example_images,
    put_before,
)
from actors.reasoning import TOKEN_MARKS
from actors.schema import Image
from conf.errors import ConfigError
from conf.model import ChatConfig, ModelConfig, SamplingConfig


def engine_arguments(source: str, model: ModelConfig) -> dict[str, Any]:
    """Return vLLM's arguments for a checkpoint that lies at ``source``.

    Where a template takes no images between texts, vLLM would put all of a message's images before
    its text, and no caption would stand beside its image: interleaved they do.
    """
    return {
        "model": source,
        "trust_remote_code": model.trust_remote_code,
        "interleave_mm_strings": True,
        **model.engine,
    }


def thinking_arguments(
    renderer: Any, model: ModelConfig, sampling: SamplingConfig
) -> dict[str, Any]:
    """Return what vLLM needs to end reasoning at a budget: the marks around it, as single tokens.

    Raises:
        ConfigError: a budget is set, the tokeniser has no such marks, and no parser is given.
    """
    if sampling.thinking_tokens is None or "reasoning_parser" in model.engine:
        return {}
    from vllm.config import ReasoningConfig  # noqa: PLC0415

    tokenizer = renderer.get_tokenizer()
    for marks in TOKEN_MARKS:
        if all(len(tokenizer.encode(mark, add_special_tokens=False)) == 1 for mark in marks):
            start, end = marks
            settings = ReasoningConfig(reasoning_start_str=start, reasoning_end_str=end)
            return {"reasoning_config": settings}
    raise ConfigError(
        "sampling.thinking_tokens is set, but the checkpoint's tokeniser has no marks of reasoning "
        "that are known; name vLLM's parser for it in model.engine.reasoning_parser"
    )


def quiet_vllm() -> None:
    """Have vLLM log warnings alone and report no usage; called before it is imported."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


def renderer_without_engine(source: str, model: ModelConfig) -> Any:
    """Make the renderer that an engine would have; imports vLLM, loads no weights, takes no GPU.

    Raises:
        ConfigError: vLLM refuses the checkpoint or an engine argument.
    """
    quiet_vllm()
    from vllm import AsyncEngineArgs  # noqa: PLC0415
    from vllm.config import VllmConfig  # noqa: PLC0415
    from vllm.renderers import renderer_from_config  # noqa: PLC0415

    try:
        config = AsyncEngineArgs(**engine_arguments(source, model)).create_model_config()
        # As vLLM's own server for rendering does: what quantisation asks of a GPU is not asked.
        config.quantization = None
        return renderer_from_config(VllmConfig(model_config=config))
    except Exception as error:  # of vLLM, transformers, pydantic, or the checkpoint's own code
        raise ConfigError(f"vLLM cannot read {model.source}: {first_reason(error)}") from error


def hf_processor(renderer: Any) -> Any:
    """Return the checkpoint's processor as transformers has it; None where it has none."""
    processor = renderer.mm_processor
    return processor.info.get_hf_processor() if processor is not None else None


def first_reason(error: BaseException) -> str:
    """Return an error's message as one line, without pydantic's frame around it."""
    details = getattr(error, "errors", None)
    if callable(details):
        return "; ".join(str(d["msg"]).removeprefix("Value error, ") for d in details())
    return " ".join(str(error).split()) or type(error).__name__


def vllm_template(renderer: Any, chat: ChatConfig) -> ChatTemplate:
    """Make the template of a renderer's checkpoint, an image being the placeholder that it writes.

    Raises:
        ConfigError: a template or its settings are given, and the tokeniser takes none.
    """
    from vllm.renderers.params import ChatParams  # noqa: PLC0415

    tokenizer = renderer.get_tokenizer()
    by_itself = renders_ids(renderer)
    if by_itself and chat.template is not None:
        raise ConfigError("model.chat.template is given, but a mistral-common tokeniser takes none")
    settings = dict(chat.kwargs)
    if not by_itself:
        settings |= {"add_generation_prompt": True, "tokenize": False}
    params = ChatParams(chat_template=chat.template, chat_template_kwargs=settings)
    image = _blank() if by_itself else {"type": "image_pil", "image_pil": None, "uuid": "image"}

    def render(messages: Messages) -> str | list[int]:
        _, prompt = renderer.render_messages(_with_images(messages, image), params)
        rendered: str | list[int] = prompt.get("prompt") or prompt["prompt_token_ids"]
        return rendered

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    return ChatTemplate(render, encode, chat, [] if by_itself else put_before(tokenizer))


def check_rendering(renderer: Any, chat: ChatConfig, *, needs_images: bool = True) -> None:
    """Render the canonical dialogue as an engine would get it: two turns, an image at each.

    A checkpoint that takes fewer images is shown as many as it takes. Where vLLM cannot make a
    checkpoint's processor it goes on without images, and only warns.

    Raises:
        ConfigError: the template cannot render it, the processor finds no place for an image, or
            images are needed and none can be shown.
    """
    from vllm.renderers.inputs.preprocess import parse_model_prompt  # noqa: PLC0415

    template = vllm_template(renderer, chat)
    processor = renderer.mm_processor
    limit = processor.info.allowed_mm_limits.get("image", 0) if processor is not None else 0
    if needs_images and limit < 1:
        raise ConfigError(
            "vLLM takes no images with this checkpoint here: it has no vision, its processor needs "
            "a package that is not installed (torchvision for many), or "
            "model.engine.limit_mm_per_prompt forbids them"
        )
    images = example_images(min(2, limit))
    check_template(template, images)
    if not images:
        return
    before, after = template.around(example(2, images))
    ids = images_expanded(renderer, before + after, images)
    pictures = [PIL.new("RGB", (image.width, image.height)) for image in images]
    prompt = {"prompt_token_ids": ids, "multi_modal_data": {"image": pictures}}
    try:
        parsed = parse_model_prompt(renderer.model_config, prompt)
        renderer.render_cmpl([parsed], skip_mm_cache=True)
    except Exception as error:  # of vLLM, or of the checkpoint's processor
        raise ConfigError(
            f"the checkpoint's processor refuses a dialogue of {len(images)} images as the chat "
            f"template writes it: {first_reason(error)}"
        ) from error


def images_expanded(renderer: Any, ids: list[int], images: Sequence[Image]) -> list[int]:
    """Return ids in which images are as the renderer's processor takes them.

    It expands a template's placeholders itself; only mistral-common has its tokeniser write the
    rows of an image.
    """
    if not renders_ids(renderer) or not images:
        return ids
    return with_image_rows(renderer.mm_processor.info.get_hf_processor(), ids, images)


def with_image_rows(processor: Any, ids: list[int], images: Sequence[Image]) -> list[int]:
    """Replace the smallest images, which a template was rendered with, by the rows of others.

    ``processor`` is vLLM's around mistral-common's tokeniser.
    """
    mark, row_end, end = processor.image_token_id, processor.image_break_id, processor.image_end_id
    waiting = iter(images)
    expanded: list[int] = []
    for token in ids:
        expanded.append(token)
        if expanded[-2:] == [mark, end]:
            image = next(waiting)
            _, rows, columns = processor.image_processor.get_number_of_image_patches(
                image.height, image.width
            )
            expanded[-2:] = [*(([mark] * columns + [row_end]) * rows)[:-1], end]
    return expanded


def renders_ids(renderer: Any) -> bool:
    """Return whether the tokeniser is mistral-common's, which has no template of text."""
    return bool(getattr(renderer.get_tokenizer(), "IS_MISTRAL_TOKENIZER", False))


def _with_images(messages: Messages, image: dict[str, Any]) -> Messages:
    """Return messages as vLLM takes them; what an image shows is given later."""
    return [
        message | {"content": [image if p["type"] == "image" else p for p in message["content"]]}
        for message in messages
    ]


def _blank() -> dict[str, Any]:
    """Return the smallest image as mistral-common takes one: it has no part without pixels."""
    buffer = io.BytesIO()
    PIL.new("RGB", (1, 1)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
