"""InternVL in its HF form: tiles of one size, ChatML."""

from typing import Any

import transformers

from tests.families.family import Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH, _SEEN = 112, 14, 16
_SPECIALS = (
    *("<|im_start|>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>"),
    *("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>"),
)
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<IMG_CONTEXT>\n"
    "{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _tokenizer() -> Any:
    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    return make_tokenizer(_SPECIALS, bos=None, eos="<|im_end|>", pad="<|endoftext|>", named=named)


def _config(tokenizer: Any) -> Any:
    return transformers.InternVLConfig(
        text_config=text_part(tokenizer, model_type="qwen2"),
        vision_config=vision_part(_SIDE, _PATCH),
        image_token_id=token_id(tokenizer, "<IMG_CONTEXT>"),
        image_seq_length=_SEEN,
        tie_word_embeddings=False,
    )


def _processor(tokenizer: Any) -> Any:
    """Make a processor that cuts an image into up to three tiles beside the whole."""
    size = {"height": _SIDE, "width": _SIDE}
    return transformers.InternVLProcessor(
        image_processor=transformers.GotOcr2ImageProcessor(
            size=size, crop_to_patches=True, min_patches=1, max_patches=3
        ),
        tokenizer=tokenizer,
        video_processor=transformers.InternVLVideoProcessor(size=size),
        image_seq_length=_SEEN,
    )


INTERNVL = Family(
    name="internvl",
    title="InternVL 3 (HF form)",
    dialect="internvl",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
)
