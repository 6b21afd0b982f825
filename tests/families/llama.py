"""Llama 3.2 Vision (Mllama), which attends to images by cross-attention."""

from typing import Any

import transformers
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

from tests.families.family import HEADS, LAYERS, WIDTH, Family, text_part, token_id
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_SPECIALS = ("<|start_header_id|>", "<|end_header_id|>", "<|image|>", "<|python_tag|>")
_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<|image|>{% elif part.type == 'text' %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def _tokenizer() -> Any:
    return make_tokenizer(
        _SPECIALS, bos="<|begin_of_text|>", eos="<|eot_id|>", pad="<|finetune_right_pad_id|>"
    )


def _config(tokenizer: Any) -> Any:
    text = text_part(tokenizer, cross_attention_layers=[1])
    del text["head_dim"]
    vision = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_global_layers": 1,
        "attention_heads": HEADS,
        "image_size": _SIDE,
        "patch_size": _PATCH,
        "vision_output_dim": 2 * WIDTH,
        "intermediate_layers_indices": [0],
    }
    return transformers.MllamaConfig(
        text_config=text,
        vision_config=vision,
        image_token_index=token_id(tokenizer, "<|image|>"),
    )


def _processor(tokenizer: Any) -> Any:
    images = MllamaImageProcessorPil(size={"height": _SIDE, "width": _SIDE}, max_image_tiles=4)
    return transformers.MllamaProcessor(image_processor=images, tokenizer=tokenizer)


MLLAMA = Family(
    name="mllama",
    title="Llama 3.2 Vision (Mllama)",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
)
