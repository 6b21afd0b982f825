"""GLM-4.1V and GLM-4.5V: answers begin with reasoning, which the template drops from history."""

from typing import Any

import transformers

from tests.families.family import HEADS, LAYERS, WIDTH, Family, text_part, token_id
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_SPECIALS = (
    *("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    *("<|image|>", "<|begin_of_image|>", "<|end_of_image|>"),
    *("<|video|>", "<|begin_of_video|>", "<|end_of_video|>"),
    *("<|begin_of_box|>", "<|end_of_box|>"),
)
_TEMPLATE = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n"
    "{% if m.content is string %}{{ m.content }}"
    "{% elif m.role == 'assistant' %}{{ (m.content[0].text.split('</think>') | last) | trim }}"
    "{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<|begin_of_image|><|image|><|end_of_image|>"
    "{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def _tokenizer() -> Any:
    return make_tokenizer(
        _SPECIALS, bos=None, eos="<|endoftext|>", pad="<|pad|>", words=("<think>", "</think>")
    )


def _config(tokenizer: Any) -> Any:
    tokens = {
        f"{kind}{edge}_token_id": token_id(tokenizer, mark.format(kind))
        for kind in ("image", "video")
        for edge, mark in (
            ("", "<|{}|>"),
            ("_start", "<|begin_of_{}|>"),
            ("_end", "<|end_of_{}|>"),
        )
    }
    rope = {
        "rope_type": "default",
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
        "mrope_section": [2, 3, 3],
    }
    vision = {
        "depth": LAYERS,
        "hidden_size": WIDTH,
        "num_heads": HEADS,
        "image_size": _SIDE,
        "patch_size": _PATCH,
        "out_hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
    }
    return transformers.Glm4vConfig(
        text_config=text_part(tokenizer, rope_parameters=rope), vision_config=vision, **tokens
    )


def _processor(tokenizer: Any) -> Any:
    size = {"shortest_edge": 4 * 28 * 28, "longest_edge": 32 * 28 * 28}
    return transformers.Glm4vProcessor(
        image_processor=transformers.Glm4vImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=transformers.Glm4vVideoProcessor(size=size),
    )


GLM4V = Family(
    name="glm4v",
    title="GLM-4.1V",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
)
