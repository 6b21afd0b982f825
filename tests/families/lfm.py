"""LFM2-VL: convolutions beside attention in the language part."""

from typing import Any

import transformers

from tests.families.family import WIDTH, Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_NAMED = {
    "image_token": "<image>",
    "image_start_token": "<|image_start|>",
    "image_end_token": "<|image_end|>",
    "image_thumbnail": "<|img_thumbnail|>",
}
_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for part in m.content %}"
    "{% if part.type == 'image' %}<image>{% elif part.type == 'text' %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _tokenizer() -> Any:
    grid = tuple(f"<|img_row_{r}_col_{c}|>" for r in range(1, 4) for c in range(1, 4))
    return make_tokenizer(
        ("<|im_start|>", *grid),
        bos="<|startoftext|>",
        eos="<|im_end|>",
        pad="<|pad|>",
        named=_NAMED,
    )


def _config(tokenizer: Any) -> Any:
    text = text_part(tokenizer, layer_types=["conv", "full_attention"], block_multiple_of=32)
    vision = vision_part(112, 16, num_patches=49, vision_use_head=False)
    del vision["image_size"], text["head_dim"]
    return transformers.Lfm2VlConfig(
        text_config=text | {"model_type": "lfm2"},
        vision_config=vision | {"model_type": "siglip2_vision_model"},
        image_token_id=token_id(tokenizer, "<image>"),
        projector_hidden_size=WIDTH,
    )


def _processor(tokenizer: Any) -> Any:
    images = transformers.Lfm2VlImageProcessor(
        tile_size=128,
        min_tiles=2,
        max_tiles=4,
        min_image_tokens=4,
        max_image_tokens=16,
        max_num_patches=64,
        encoder_patch_size=16,
    )
    return transformers.Lfm2VlProcessor(image_processor=images, tokenizer=tokenizer)


LFM2_VL = Family(
    name="lfm2_vl",
    title="LFM2-VL",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
    hub_names={"model.vision_tower.": "model.vision_tower.vision_model."},
)
