"""A small Idefics3 with random weights, made locally: config, tokenizer, processor, template.

In: a folder and a corpus for the tokenizer. Out: a checkpoint that transformers and vLLM load.
It knows nothing; it exercises the real path, and training starts from it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SPECIAL = (
    "<pad>",
    "<bos>",
    "<end_of_utterance>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
)
_TEMPLATE = (
    "<bos>{% for m in messages %}{{ m['role'] | capitalize }}:"
    "{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %} {{ c['text'] }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


@dataclass(frozen=True, kw_only=True)
class TinyShape:
    """Sizes of the tiny Idefics3: image side and patch in pixels, widths in units.

    ``text_feed_forward`` times the text width is the width of its gated feed-forward layers.
    """

    image_size: int = 112
    patch_size: int = 14
    scale_factor: int = 2
    vision_width: int = 128
    vision_layers: int = 2
    text_width: int = 128
    text_layers: int = 2
    text_feed_forward: int = 4
    heads: int = 4
    context: int = 4096
    vocabulary: int = 2048

    @property
    def image_tokens(self) -> int:
        """Tokens that one image takes in the prompt, without its three delimiters."""
        return (self.image_size // self.patch_size // self.scale_factor) ** 2


def train_tokenizer(
    corpus: Iterable[str], vocabulary: int, numbers: Sequence[int] = range(1001)
) -> Any:
    """Train a byte-level BPE in which each of ``numbers`` is a single token.

    Other numbers are spelt with the longest of these; 0 to 9 must be among them.
    """
    from tokenizers import (  # noqa: PLC0415
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    tokenizer = Tokenizer(models.BPE())
    pieces = Regex(r"\d+| ?[A-Za-z]+|[^A-Za-z\d]+?(?= ?[A-Za-z]|\d|$)")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pieces, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(numbers),
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    # Coordinates are learnt as whole numbers; as added tokens they need no merges.
    tokenizer.add_tokens([AddedToken(str(n), normalized=False) for n in numbers])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<end_of_utterance>",
    )


def build_model(shape: TinyShape, tokenizer: Any) -> Any:
    """Make the model with random weights (torch's current seed) for a tokenizer."""
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration  # noqa: PLC0415

    config = Idefics3Config(
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        scale_factor=shape.scale_factor,
        tie_word_embeddings=True,
        vision_config={
            "hidden_size": shape.vision_width,
            "intermediate_size": 4 * shape.vision_width,
            "num_hidden_layers": shape.vision_layers,
            "num_attention_heads": shape.heads,
            "image_size": shape.image_size,
            "patch_size": shape.patch_size,
        },
        text_config={
            "model_type": "llama",
            "hidden_size": shape.text_width,
            "intermediate_size": shape.text_feed_forward * shape.text_width,
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.heads,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": shape.context,
            "tie_word_embeddings": True,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
    )
    model = Idefics3ForConditionalGeneration(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    return model


def build_processor(shape: TinyShape, tokenizer: Any) -> Any:
    """Make the processor: one square of ``image_size`` per image, no tiles, the chat template."""
    from transformers import Idefics3Processor  # noqa: PLC0415
    from transformers.models.idefics3.image_processing_pil_idefics3 import (  # noqa: PLC0415
        Idefics3ImageProcessorPil,
    )

    side = {"longest_edge": shape.image_size}
    images = Idefics3ImageProcessorPil(size=side, max_image_size=side, do_image_splitting=False)
    return Idefics3Processor(
        image_processor=images,
        tokenizer=tokenizer,
        image_seq_len=shape.image_tokens,
        chat_template=_TEMPLATE,
    )


def init_tiny(folder: Path, corpus: Iterable[str], *, seed: int = 0) -> int:
    """Write a random tiny checkpoint to ``folder``; return its number of parameters."""
    import torch  # noqa: PLC0415

    shape = TinyShape()
    torch.manual_seed(seed)
    tokenizer = train_tokenizer(corpus, shape.vocabulary)
    model = build_model(shape, tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    build_processor(shape, tokenizer).save_pretrained(folder)
    model.save_pretrained(folder)
    return sum(p.numel() for p in model.parameters())
