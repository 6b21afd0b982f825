"""LLaVA 1.5, LLaVA-NeXT and LLaVA-OneVision."""

from typing import Any

import transformers
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import (
    LlavaNextImageProcessorPil,
)

from tests.families.family import TOWER_ON_HUB, Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_TEMPLATE = (  # roles in capitals; of each message the images come first
    "{% for m in messages %}{% if m.role != 'system' %}{{ m.role | upper }}: {% endif %}"
    "{% for part in m.content if part.type == 'image' %}<image>\n{% endfor %}"
    "{% for part in m.content if part.type == 'text' %}{{ part.text }} {% endfor %}"
    "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def _tokenizer() -> Any:
    return make_tokenizer(("<image>",), bos="<s>", eos="</s>", pad="<pad>")


def _config(tokenizer: Any) -> Any:
    return transformers.LlavaConfig(
        text_config=text_part(tokenizer),
        vision_config=vision_part(_SIDE, _PATCH, projection_dim=64),
        image_token_index=token_id(tokenizer, "<image>"),
        image_seq_length=(_SIDE // _PATCH) ** 2,
    )


def _processor(tokenizer: Any) -> Any:
    side = {"height": _SIDE, "width": _SIDE}
    return transformers.LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": _SIDE}, crop_size=side),
        tokenizer=tokenizer,
        patch_size=_PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )


LLAVA = Family(
    name="llava",
    title="LLaVA 1.5",
    dialect="norm1",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    vllm_torchvision=True,
    hub_names=TOWER_ON_HUB,
)


_NEXT_TEMPLATE = (  # Mistral's form; a system message stands in the first instruction
    "{{ bos_token }}{% set lead = namespace(text='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set lead.text = m.content[0].text + '\n\n' %}"
    "{% elif m.role == 'user' %}[INST] {{ lead.text }}{% set lead.text = '' %}"
    "{% for part in m.content if part.type == 'image' %}<image>\n{% endfor %}"
    "{% for part in m.content if part.type == 'text' %}{{ part.text }}{% endfor %} [/INST]"
    "{% else %}{% for part in m.content %} {{ part.text }}{% endfor %}{{ eos_token }}"
    "{% endif %}{% endfor %}"
)
_ONEVISION_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }} "
    "{% for part in m.content if part.type == 'image' %}<image>{% endfor %}"
    "{% for part in m.content if part.type == 'text' %}\n{{ part.text }}{% endfor %}"
    "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_PINPOINTS = [[_SIDE, 2 * _SIDE], [2 * _SIDE, _SIDE], [2 * _SIDE, 2 * _SIDE]]


def _next_config(tokenizer: Any) -> Any:
    return transformers.LlavaNextConfig(
        text_config=text_part(tokenizer, model_type="mistral", sliding_window=None),
        vision_config=vision_part(_SIDE, _PATCH, projection_dim=64),
        image_token_index=token_id(tokenizer, "<image>"),
        image_seq_length=(_SIDE // _PATCH) ** 2,
        image_grid_pinpoints=_PINPOINTS,
    )


def _next_processor(tokenizer: Any) -> Any:
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": _SIDE},
        crop_size={"height": _SIDE, "width": _SIDE},
        image_grid_pinpoints=_PINPOINTS,
    )
    return transformers.LlavaNextProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=_PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )


def _onevision_tokenizer() -> Any:
    return make_tokenizer(
        ("<|im_start|>", "<image>", "<video>"), bos=None, eos="<|im_end|>", pad="<|endoftext|>"
    )


def _onevision_config(tokenizer: Any) -> Any:
    return transformers.LlavaOnevisionConfig(
        text_config=text_part(tokenizer, model_type="qwen2"),
        vision_config=vision_part(_SIDE, _PATCH, vision_use_head=False),
        image_token_index=token_id(tokenizer, "<image>"),
        video_token_index=token_id(tokenizer, "<video>"),
        image_grid_pinpoints=_PINPOINTS,
    )


def _onevision_processor(tokenizer: Any) -> Any:
    side = {"height": _SIDE, "width": _SIDE}
    return transformers.LlavaOnevisionProcessor(
        image_processor=transformers.LlavaOnevisionImageProcessor(
            size=side, image_grid_pinpoints=_PINPOINTS
        ),
        tokenizer=tokenizer,
        video_processor=transformers.LlavaOnevisionVideoProcessor(size=side),
        num_image_tokens=(_SIDE // _PATCH) ** 2,
        vision_feature_select_strategy="full",
    )


LLAVA_NEXT = Family(
    name="llava_next",
    title="LLaVA-NeXT",
    dialect="norm1",
    tokenizer=_tokenizer,
    config=_next_config,
    processor=_next_processor,
    template=_NEXT_TEMPLATE,
    vllm_torchvision=True,
    hub_names=TOWER_ON_HUB,
)
LLAVA_ONEVISION = Family(
    name="llava_onevision",
    title="LLaVA-OneVision",
    dialect="norm1",
    tokenizer=_onevision_tokenizer,
    config=_onevision_config,
    processor=_onevision_processor,
    template=_ONEVISION_TEMPLATE,
    torchvision=True,
    hub_names=TOWER_ON_HUB,
)
