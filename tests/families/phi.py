"""Phi-4-multimodal in its HF form."""

from typing import Any

import transformers

from tests.families.family import Family, text_part, token_id, vision_part
from tests.families.tokenizer import make_tokenizer

_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for part in m.content %}{% if part.type == 'image' %}<|image|>"
    "{% elif part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _tokenizer() -> Any:
    return make_tokenizer(
        ("<|system|>", "<|user|>", "<|assistant|>"),
        bos=None,
        eos="<|end|>",
        pad="<|endoftext|>",
        named={"image_token": "<|image|>", "audio_token": "<|audio|>"},
    )


def _config(tokenizer: Any) -> Any:
    text = text_part(tokenizer)
    del text["head_dim"]
    audio = {"hidden_size": 64, "intermediate_size": 64, "num_blocks": 1, "num_attention_heads": 2}
    audio |= {"ext_pw_out_channel": 64, "depthwise_separable_out_channel": 64}
    audio |= {"nemo_conv_channels": 64, "audio_token_id": token_id(tokenizer, "<|audio|>")}
    image = token_id(tokenizer, "<|image|>")
    vision = vision_part(112, 14, crop_size=112, image_token_id=image, feature_layer=-2)
    return transformers.Phi4MultimodalConfig(
        **text, vision_config=vision, audio_config=audio, original_max_position_embeddings=2048
    )


def _processor(tokenizer: Any) -> Any:
    images = transformers.Phi4MultimodalImageProcessor(
        size={"height": 112, "width": 112}, patch_size=14, dynamic_hd=2
    )
    return transformers.Phi4MultimodalProcessor(
        images, transformers.Phi4MultimodalFeatureExtractor(), tokenizer
    )


PHI4_MULTIMODAL = Family(
    name="phi4_multimodal",
    title="Phi-4-multimodal (HF form)",
    dialect="norm1000",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=_TEMPLATE,
    torchvision=True,
    model_class="AutoModelForCausalLM",
)
