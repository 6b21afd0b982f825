"""Small tokenizers with a family's special tokens: bytes, some merges, whole numbers up to 9.

In: the special tokens. Out: a tokenizer as transformers has it, the same for the same arguments.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from actors.conversation import system_prompt
from conf.model import BOX_DIALECTS

_MERGES = 256


def make_tokenizer(
    specials: Sequence[str],
    *,
    bos: str | None,
    eos: str,
    pad: str,
    unk: str | None = None,
    named: Mapping[str, str] | None = None,
    words: Sequence[str] = (),
) -> Any:
    """Make a byte-level BPE that begins a text with ``bos``, if it is asked to add tokens.

    ``named`` are special tokens that the family's processor looks up by attribute
    (``image_token``, ``boi_token`` …), ``words`` are tokens of their own that are not special.
    """
    vocabulary, merges = _learnt()
    tokenizer = Tokenizer(models.BPE(dict(vocabulary), list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    every = dict.fromkeys([*filter(None, (pad, bos, eos)), *(named or {}).values(), *specials])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in every])
    tokenizer.add_tokens([AddedToken(w, special=False, normalized=False) for w in words])
    if bos is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A",
            pair=f"{bos} $A $B",
            special_tokens=[(bos, tokenizer.token_to_id(bos))],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        unk_token=unk,
        extra_special_tokens=dict(named or {}),
        model_input_names=["input_ids", "attention_mask"],
    )


@cache
def _learnt() -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, str], ...]]:
    """Learn merges from what the prompts are made of; return vocabulary and merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + _MERGES, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([system_prompt(d) for d in BOX_DIALECTS], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return tuple(model["vocab"].items()), tuple((a, b) for a, b in model["merges"])
