"""Qwen2-VL, Qwen2.5-VL, Qwen3-VL: ChatML, images as one token between two marks."""

from functools import partial
from typing import Any

import transformers

from tests.families.family import HEADS, LAYERS, WIDTH, Family, text_part, token_id
from tests.families.tokenizer import make_tokenizer

_SPECIALS = (
    *("<|im_start|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>"),
    *("<|box_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
_PARTS = (
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
)
_PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
_TEMPLATE = (  # with a system message of its own where none is given
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ m.role }}\n" + _PARTS + "{% endfor %}" + _PROMPT
)
_TEMPLATE_3 = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n" + _PARTS + "{% endfor %}" + _PROMPT
)


def _tokenizer() -> Any:
    return make_tokenizer(_SPECIALS, bos=None, eos="<|im_end|>", pad="<|endoftext|>")


def _ids(tokenizer: Any) -> dict[str, int]:
    names = ("image_token", "video_token", "vision_start_token", "vision_end_token")
    tokens = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    return {f"{n}_id": token_id(tokenizer, t) for n, t in zip(names, tokens, strict=True)}


def _text(tokenizer: Any) -> dict[str, Any]:
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}
    return text_part(tokenizer, rope_parameters=rope)


def _config_2(tokenizer: Any) -> Any:
    vision = {"depth": LAYERS, "embed_dim": WIDTH, "hidden_size": WIDTH, "num_heads": HEADS}
    return transformers.Qwen2VLConfig(
        text_config=_text(tokenizer), vision_config=vision | {"mlp_ratio": 2}, **_ids(tokenizer)
    )


def _config_25(tokenizer: Any) -> Any:
    vision = {
        "depth": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": HEADS,
        "out_hidden_size": WIDTH,
        "fullatt_block_indexes": [LAYERS - 1],
        "window_size": 56,
    }
    return transformers.Qwen2_5_VLConfig(
        text_config=_text(tokenizer), vision_config=vision, **_ids(tokenizer)
    )


def _config_3(tokenizer: Any) -> Any:
    vision = {
        "depth": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": HEADS,
        "out_hidden_size": WIDTH,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 64,
    }
    text = _text(tokenizer)
    text["rope_parameters"] |= {"mrope_interleaved": True}
    return transformers.Qwen3VLConfig(text_config=text, vision_config=vision, **_ids(tokenizer))


def _processor(tokenizer: Any, *, name: str, video: str, patch: int) -> Any:
    """Make a processor whose images have 16 to 64 tokens."""
    cell = (2 * patch) ** 2
    size = {"shortest_edge": 4 * cell, "longest_edge": 16 * cell}
    return getattr(transformers, name)(
        image_processor=transformers.Qwen2VLImageProcessor(patch_size=patch, size=size),
        tokenizer=tokenizer,
        video_processor=getattr(transformers, video)(patch_size=patch, size=size),
    )


QWEN2_VL = Family(
    name="qwen2_vl",
    title="Qwen2-VL",
    dialect="qwen",
    tokenizer=_tokenizer,
    config=_config_2,
    processor=partial(_processor, name="Qwen2VLProcessor", video="Qwen2VLVideoProcessor", patch=14),
    template=_TEMPLATE,
    torchvision=True,
)
QWEN2_5_VL = Family(
    name="qwen2_5_vl",
    title="Qwen2.5-VL",
    dialect="qwen25",
    tokenizer=_tokenizer,
    config=_config_25,
    processor=partial(
        _processor, name="Qwen2_5_VLProcessor", video="Qwen2VLVideoProcessor", patch=14
    ),
    template=_TEMPLATE,
    torchvision=True,
)
QWEN3_VL = Family(
    name="qwen3_vl",
    title="Qwen3-VL",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config_3,
    processor=partial(_processor, name="Qwen3VLProcessor", video="Qwen3VLVideoProcessor", patch=16),
    template=_TEMPLATE_3,
    torchvision=True,
)
