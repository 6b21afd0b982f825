"""What transformers' own ``generate`` answers to a prompt, for comparison with the backend.

In: the checkpoint, a prompt's ids with images expanded, the images. Out: generated ids. Nothing is
batched or kept: one prompt, computed as a whole.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

_TEXT = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")


class PlainModel:
    """A checkpoint in float32."""

    def __init__(self, source: Path) -> None:
        self._processor = AutoProcessor.from_pretrained(source)
        model = AutoModelForImageTextToText.from_pretrained(source, dtype=torch.float32)
        self._model = model.eval()

    def answer(
        self, ids: Sequence[int], mark: int, image_token: int, pictures: Sequence[Any], most: int
    ) -> list[int]:
        """Generate greedily; ``mark`` is the token that the processor expands for an image."""
        word = self._processor.tokenizer.convert_ids_to_tokens(mark)
        outputs = self._processor(
            text=[word * len(pictures)],
            images=[list(pictures)],
            add_special_tokens=False,
            return_tensors="pt",
        )
        prompt = torch.tensor([list(ids)])
        kinds = (prompt == image_token).long()
        inputs = {k: v for k, v in outputs.items() if k not in _TEXT}
        inputs |= {k: kinds for k in outputs if k in _TEXT[2:]}
        made = self._model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=most,
            do_sample=False,
            **inputs,
        )
        answer: list[int] = made[0, prompt.shape[1] :].tolist()
        return answer
