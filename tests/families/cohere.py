"""Command A Vision."""

from typing import Any

import transformers

from tests.families.family import Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_SPECIALS = (
    *("<|START_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>"),
    *("<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_PATCH|>", "<|IMG_LINE_BREAK|>"),
)
_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|START_OF_TURN_TOKEN|>"
    "{% if m.role == 'system' %}<|SYSTEM_TOKEN|>{% elif m.role == 'user' %}<|USER_TOKEN|>"
    "{% else %}<|CHATBOT_TOKEN|>{% endif %}"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<|IMG_PATCH|>"
    "{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}"
    "<|END_OF_TURN_TOKEN|>{% endfor %}"
    "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}"
)


def _tokenizer() -> Any:
    named = {
        "image_token": "<|IMG_PATCH|>",
        "boi_token": "<|START_OF_IMG|>",
        "eoi_token": "<|END_OF_IMG|>",
        "img_line_break_token": "<|IMG_LINE_BREAK|>",
    }
    return make_tokenizer(
        _SPECIALS, bos="<BOS_TOKEN>", eos="<|END_OF_TURN_TOKEN|>", pad="<PAD>", named=named
    )


def _config(tokenizer: Any) -> Any:
    text = text_part(tokenizer, sliding_window=512)
    return transformers.Cohere2VisionConfig(
        text_config=text | {"layer_types": ["sliding_attention", "full_attention"]},
        vision_config=vision_part(_SIDE, _PATCH, vision_use_head=False),
        image_token_id=token_id(tokenizer, "<|IMG_PATCH|>"),
        alignment_intermediate_size=256,
        downsample_factor=2,
    )


def _processor(tokenizer: Any) -> Any:
    images = transformers.Cohere2VisionImageProcessor(
        size={"height": _SIDE, "width": _SIDE},
        max_patches=3,
        patch_size=_SIDE // _PATCH // 2,  # of this processor: tokens along a side of a tile
    )
    return transformers.Cohere2VisionProcessor(image_processor=images, tokenizer=tokenizer)


COHERE2_VISION = Family(
    name="cohere2_vision",
    title="Command A Vision",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
    hub_names={"model.vision_tower.": "model.vision_tower.vision_model."},
)
