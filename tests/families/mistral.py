"""Pixtral in its HF form (an architecture of LLaVA's) and Mistral Small 3.1."""

from typing import Any

import transformers
from transformers.models.pixtral.image_processing_pil_pixtral import PixtralImageProcessorPil

from tests.families.family import Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 16
_SPECIALS = ("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
_PIXTRAL_TEMPLATE = (  # the system message moves along: it heads the last user message
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{% set head = messages[0].content[0].text + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set head = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}{% if m.role == 'user' %}[INST]{% if loop.last %}{{ head }}{% endif %}"
    "{% for part in m.content %}{% if part.type == 'image' %}[IMG]"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}[/INST]"
    "{% else %}{% for part in m.content %}{{ part.text }}{% endfor %}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)
_MISTRAL3_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "[SYSTEM_PROMPT]{{ m.content if m.content is string else m.content[0].text }}[/SYSTEM_PROMPT]"
    "{% elif m.role == 'user' %}[INST]{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}{% if part.type == 'image' %}[IMG]"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}[/INST]"
    "{% else %}{{ m.content if m.content is string else m.content[0].text }}{{ eos_token }}"
    "{% endif %}{% endfor %}"
)


def _pixtral_tokenizer() -> Any:
    return make_tokenizer(_SPECIALS, bos="<s>", eos="</s>", pad="<pad>")


def _mistral3_tokenizer() -> Any:
    more = ("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[THINK]", "[/THINK]")
    return make_tokenizer((*_SPECIALS, *more), bos="<s>", eos="</s>", pad="<pad>")


def _parts(tokenizer: Any) -> dict[str, Any]:
    return {
        "text_config": text_part(tokenizer, model_type="mistral", sliding_window=None),
        "vision_config": vision_part(_SIDE, _PATCH, model_type="pixtral"),
        "image_token_index": token_id(tokenizer, "[IMG]"),
        "vision_feature_layer": -1,
    }


def _pixtral_config(tokenizer: Any) -> Any:
    return transformers.LlavaConfig(
        vision_feature_select_strategy="full", image_seq_length=1, **_parts(tokenizer)
    )


def _mistral3_config(tokenizer: Any) -> Any:
    return transformers.Mistral3Config(
        spatial_merge_size=2, tie_word_embeddings=False, **_parts(tokenizer)
    )


def _processor(tokenizer: Any, merge: int) -> Any:
    images = PixtralImageProcessorPil(
        size={"longest_edge": _SIDE}, patch_size={"height": _PATCH * merge, "width": _PATCH * merge}
    )
    return transformers.PixtralProcessor(
        image_processor=images, tokenizer=tokenizer, patch_size=_PATCH, spatial_merge_size=merge
    )


PIXTRAL = Family(
    name="pixtral",
    title="Pixtral (HF form)",
    dialect="norm1000",
    tokenizer=_pixtral_tokenizer,
    config=_pixtral_config,
    processor=lambda tokenizer: _processor(tokenizer, 1),
    template=_PIXTRAL_TEMPLATE,
    chat={"system": "first_user"},
    torchvision=True,
)
MISTRAL3 = Family(
    name="mistral3",
    title="Mistral Small 3.1",
    dialect="norm1000",
    tokenizer=_mistral3_tokenizer,
    config=_mistral3_config,
    processor=lambda tokenizer: _processor(tokenizer, 2),
    template=_MISTRAL3_TEMPLATE,
    torchvision=True,
)
