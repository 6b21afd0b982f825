"""Idefics3, SmolVLM and Idefics2."""

from typing import Any

import transformers
from transformers.models.idefics2.image_processing_pil_idefics2 import Idefics2ImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

from tests.families.family import HEADS, WIDTH, Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_TEMPLATE = (
    "<|im_start|>{% for m in messages %}{{ m.role | capitalize }}"
    "{% if m.content[0].type == 'image' %}:{% else %}: {% endif %}"
    "{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}"
    "{% elif part.type == 'image' %}<image>{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


def _tokenizer() -> Any:
    grid = tuple(f"<row_{r}_col_{c}>" for r in range(1, 3) for c in range(1, 3))
    return make_tokenizer(
        ("<image>", "<fake_token_around_image>", "<global-img>", *grid),
        bos="<|im_start|>",
        eos="<end_of_utterance>",
        pad="<|endoftext|>",
    )


def _config(tokenizer: Any) -> Any:
    return transformers.Idefics3Config(
        text_config=text_part(tokenizer, model_type="llama"),
        vision_config=vision_part(_SIDE, _PATCH),
        image_token_id=token_id(tokenizer, "<image>"),
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=2,
    )


def _processor(tokenizer: Any) -> Any:
    """Make a processor that cuts an image into up to four tiles beside the whole."""
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": 2 * _SIDE}, max_image_size={"longest_edge": _SIDE}
    )
    return transformers.Idefics3Processor(images, tokenizer, image_seq_len=16)


IDEFICS3 = Family(
    name="idefics3",
    title="Idefics3",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
)


def _smol_tokenizer() -> Any:
    grid = tuple(f"<row_{r}_col_{c}>" for r in range(1, 3) for c in range(1, 3))
    return make_tokenizer(
        ("<image>", "<fake_token_around_image>", "<global-img>", "<video>", *grid),
        bos="<|im_start|>",
        eos="<end_of_utterance>",
        pad="<|endoftext|>",
    )


def _smol_config(tokenizer: Any) -> Any:
    return transformers.SmolVLMConfig(
        text_config=text_part(tokenizer, model_type="llama"),
        vision_config=vision_part(_SIDE, _PATCH),
        image_token_id=token_id(tokenizer, "<image>"),
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=2,
    )


def _smol_processor(tokenizer: Any) -> Any:
    size, side = {"longest_edge": 2 * _SIDE}, {"longest_edge": _SIDE}
    return transformers.SmolVLMProcessor(
        transformers.SmolVLMImageProcessor(size=size, max_image_size=side),
        tokenizer,
        transformers.SmolVLMVideoProcessor(size=side, max_image_size=side),
        image_seq_len=16,
    )


SMOLVLM = Family(
    name="smolvlm",
    title="SmolVLM 2",
    dialect="norm1000",
    tokenizer=_smol_tokenizer,
    config=_smol_config,
    processor=_smol_processor,
    template=_TEMPLATE,
    torchvision=True,
)


def _tokenizer_2() -> Any:
    return make_tokenizer(
        ("<image>", "<fake_token_around_image>"), bos="<s>", eos="<end_of_utterance>", pad="<unk>"
    )


def _config_2(tokenizer: Any) -> Any:
    return transformers.Idefics2Config(
        text_config=text_part(tokenizer, model_type="mistral", sliding_window=None),
        vision_config=vision_part(_SIDE, _PATCH),
        perceiver_config={
            "hidden_size": WIDTH,
            "resampler_n_latents": 16,
            "resampler_depth": 1,
            "resampler_n_heads": HEADS,
            "resampler_head_dim": 32,
            "num_key_value_heads": 2,
        },
        image_token_id=token_id(tokenizer, "<image>"),
    )


def _processor_2(tokenizer: Any) -> Any:
    images = Idefics2ImageProcessorPil(
        size={"longest_edge": _SIDE, "shortest_edge": 42}, do_image_splitting=False
    )
    return transformers.Idefics2Processor(images, tokenizer, image_seq_len=16)


IDEFICS2 = Family(
    name="idefics2",
    title="Idefics2",
    dialect="norm1000",
    tokenizer=_tokenizer_2,
    config=_config_2,
    processor=_processor_2,
    template=_TEMPLATE.replace("<|im_start|>", "<s>", 1),
    differs="its processor puts a space between an image and a word that follows",
)
