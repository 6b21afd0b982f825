"""Kosmos-2: boxes are pairs of patches; its checkpoints have no chat template."""

from typing import Any

import transformers
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from tests.families.family import CONTEXT, HEADS, LAYERS, WIDTH, Family, vision_part
from tests.families.tokenizer import make_tokenizer

_SIDE, _PATCH = 112, 14
_SPECIALS = (
    *("<image>", "</image>", "<phrase>", "</phrase>", "<object>", "</object>"),
    *("</delimiter_of_multi_objects/>", "<grounding>", "<unk>"),
    *(f"<patch_index_{n:04d}>" for n in range(1024)),
)


def _tokenizer() -> Any:
    return make_tokenizer(_SPECIALS, bos="<s>", eos="</s>", pad="<pad>", unk="<unk>")


def _config(tokenizer: Any) -> Any:
    return transformers.Kosmos2Config(
        text_config={
            "vocab_size": len(tokenizer),
            "max_position_embeddings": CONTEXT,
            "embed_dim": WIDTH,
            "layers": LAYERS,
            "ffn_dim": 2 * WIDTH,
            "attention_heads": HEADS,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
        vision_config=vision_part(_SIDE, _PATCH),
        latent_query_num=16,
    )


def _processor(tokenizer: Any) -> Any:
    side = {"height": _SIDE, "width": _SIDE}
    images = CLIPImageProcessorPil(size={"shortest_edge": _SIDE}, crop_size=side)
    return transformers.Kosmos2Processor(images, tokenizer)


KOSMOS2 = Family(
    name="kosmos2",
    title="Kosmos-2",
    dialect="kosmos2",
    tokenizer=_tokenizer,
    config=_config,
    processor=_processor,
    template=None,
)
