"""MiniCPM-V 4.6: an image and its slices, each with a budget of tokens; a hybrid language part."""

from typing import Any

import transformers

from tests.families.family import HEADS, Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_NAMED = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "image_start_token": "<image>",
    "image_end_token": "</image>",
    "slice_start_token": "<slice>",
    "slice_end_token": "</slice>",
    "image_id_start_token": "<image_id>",
    "image_id_end_token": "</image_id>",
}
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<|image_pad|>\n"
    "{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _tokenizer() -> Any:
    return make_tokenizer(
        ("<|im_start|>", "<ref>", "</ref>", "<box>", "</box>"),
        bos=None,
        eos="<|im_end|>",
        pad="<|endoftext|>",
        named=_NAMED,
    )


def _config(tokenizer: Any) -> Any:
    rope = {
        "rope_type": "default",
        "rope_theta": 1e6,
        "mrope_section": [2, 1, 1],
        "mrope_interleaved": True,
        "partial_rotary_factor": 0.25,
    }
    text = text_part(tokenizer, model_type="qwen3_5_text", rope_parameters=rope)
    text |= {"layer_types": ["linear_attention", "full_attention"]}
    text |= {"linear_num_key_heads": HEADS, "linear_num_value_heads": HEADS}
    text |= {"linear_key_head_dim": 32, "linear_value_head_dim": 32}
    return transformers.MiniCPMV4_6Config(
        text_config=text,
        vision_config=vision_part(112, 14),
        insert_layer_id=0,
        image_token_id=token_id(tokenizer, "<|image_pad|>"),
        video_token_id=token_id(tokenizer, "<|video_pad|>"),
    )


def _processor(tokenizer: Any) -> Any:
    return transformers.MiniCPMV4_6Processor(
        image_processor=transformers.MiniCPMV4_6ImageProcessor(
            scale_resolution=112, max_slice_nums=2
        ),
        video_processor=transformers.MiniCPMV4_6VideoProcessor(
            scale_resolution=112, max_slice_nums=1
        ),
        tokenizer=tokenizer,
    )


MINICPMV4_6 = Family(
    name="minicpmv4_6",
    title="MiniCPM-V 4.6",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
)
