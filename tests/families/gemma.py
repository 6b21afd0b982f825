"""Gemma 3 (also MedGemma) and PaliGemma."""

from typing import Any

import transformers
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from tests.families.family import (
    HEADS,
    TOWER_ON_HUB,
    WIDTH,
    Family,
    text_part,
    token_id,
    vision_part,
)
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_TEMPLATE_3 = (  # a system message becomes the head of the first user message
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{% set s = messages[0].content %}"
    "{% set head = (s if s is string else s[0].text) + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set head = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate: user, assistant') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ head if loop.first else '' }}"
    "{% if m.content is string %}{{ m.content | trim }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<start_of_image>"
    "{% elif part.type == 'text' %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def _tokenizer_3() -> Any:
    named = {
        "image_token": "<image_soft_token>",
        "boi_token": "<start_of_image>",
        "eoi_token": "<end_of_image>",
    }
    return make_tokenizer(
        ("<start_of_turn>", "<end_of_turn>"),
        bos="<bos>",
        eos="<end_of_turn>",
        pad="<pad>",
        named=named,
        words=["\n" * n for n in range(1, 5)],  # vLLM looks these up to join them
    )


def _config_3(tokenizer: Any) -> Any:
    text = text_part(tokenizer, query_pre_attn_scalar=32, sliding_window=512)
    return transformers.Gemma3Config(
        text_config=text | {"layer_types": ["sliding_attention", "full_attention"]},
        vision_config=vision_part(_SIDE, _PATCH, vision_use_head=False),
        mm_tokens_per_image=16,
        image_token_index=token_id(tokenizer, "<image_soft_token>"),
        boi_token_index=token_id(tokenizer, "<start_of_image>"),
        eoi_token_index=token_id(tokenizer, "<end_of_image>"),
    )


def _processor_3(tokenizer: Any) -> Any:
    images = Gemma3ImageProcessorPil(size={"height": _SIDE, "width": _SIDE})
    return transformers.Gemma3Processor(
        image_processor=images, tokenizer=tokenizer, image_seq_length=16
    )


GEMMA3 = Family(
    name="gemma3",
    title="Gemma 3, MedGemma",
    dialect="gemini",
    tokenizer=_tokenizer_3,
    config=_config_3,
    processor=_processor_3,
    template=_TEMPLATE_3,
    hub_names=TOWER_ON_HUB,
    vllm_torchvision=True,
)


_TEMPLATE_4 = (
    "{{ bos_token }}{% for m in messages %}"
    "<|turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{% if m.content is string %}{{ m.content | trim }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}\n\n<|image|>\n\n"
    "{% elif part.type == 'text' %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}"
    "<turn|>\n{% endfor %}{% if add_generation_prompt %}<|turn>model\n{% endif %}"
)
_TEMPLATE_PALI = (  # its checkpoints have none: images, then the text of every message
    "{% for m in messages %}{% for part in m.content if part.type == 'image' %}<image>{% endfor %}"
    "{% endfor %}{{ bos_token }}{% for m in messages %}"
    "{% for part in m.content if part.type == 'text' %}{{ part.text }}\n{% endfor %}{% endfor %}"
)


def _tokenizer_4() -> Any:
    named = {
        "image_token": "<|image|>",
        "boi_token": "<|image>",
        "eoi_token": "<image|>",
        "audio_token": "<|audio|>",
        "boa_token": "<|audio>",
        "eoa_token": "<audio|>",
        "video_token": "<|video|>",
    }
    return make_tokenizer(
        ("<|turn>", "<turn|>"), bos="<bos>", eos="<turn|>", pad="<pad>", named=named
    )


def _config_4(tokenizer: Any) -> Any:
    text = text_part(tokenizer, sliding_window=512, num_key_value_heads=HEADS, global_head_dim=32)
    text |= {"layer_types": ["sliding_attention", "full_attention"]}
    text |= {"hidden_size_per_layer_input": 32, "vocab_size_per_layer_input": len(tokenizer)}
    vision = vision_part(_SIDE, 16, num_key_value_heads=HEADS, head_dim=32)
    return transformers.Gemma4Config(
        text_config=text,
        vision_config=vision
        | {"position_embedding_size": 128, "pooling_kernel_size": 3, "default_output_length": 70},
        image_token_id=token_id(tokenizer, "<|image|>"),
        boi_token_id=token_id(tokenizer, "<|image>"),
        eoi_token_id=token_id(tokenizer, "<image|>"),
        video_token_id=token_id(tokenizer, "<|video|>"),
        audio_token_id=token_id(tokenizer, "<|audio|>"),
        boa_token_id=token_id(tokenizer, "<|audio>"),
        eoa_token_index=token_id(tokenizer, "<audio|>"),
    )


def _processor_4(tokenizer: Any) -> Any:
    return transformers.Gemma4Processor(
        feature_extractor=transformers.Gemma4AudioFeatureExtractor(),
        image_processor=transformers.Gemma4ImageProcessor(max_soft_tokens=70),
        tokenizer=tokenizer,
        video_processor=transformers.Gemma4VideoProcessor(),
        image_seq_length=70,
    )


def _tokenizer_pali() -> Any:
    places = tuple(f"<loc{n:04d}>" for n in range(1024))
    return make_tokenizer(
        places,
        bos="<bos>",
        eos="<eos>",
        pad="<pad>",
        named={"image_token": "<image>"},
        words=["\n"],
    )


def _config_pali(tokenizer: Any) -> Any:
    return transformers.PaliGemmaConfig(
        text_config=text_part(tokenizer, model_type="gemma"),
        vision_config=vision_part(_SIDE, _PATCH, vision_use_head=False),
        image_token_index=token_id(tokenizer, "<image>"),
        projection_dim=WIDTH,
        hidden_size=WIDTH,
        vocab_size=len(tokenizer),
    )


def _processor_pali(tokenizer: Any) -> Any:
    images = SiglipImageProcessorPil(size={"height": _SIDE, "width": _SIDE})
    images.image_seq_length = (_SIDE // _PATCH) ** 2
    return transformers.PaliGemmaProcessor(image_processor=images, tokenizer=tokenizer)


GEMMA4 = Family(
    name="gemma4",
    title="Gemma 4",
    dialect="gemini",
    tokenizer=_tokenizer_4,
    config=_config_4,
    processor=_processor_4,
    template=_TEMPLATE_4,
    torchvision=True,
)
PALIGEMMA = Family(
    name="paligemma",
    title="PaliGemma",
    dialect="paligemma",
    tokenizer=_tokenizer_pali,
    config=_config_pali,
    processor=_processor_pali,
    template=_TEMPLATE_PALI,
    hub_names=TOWER_ON_HUB,
)
