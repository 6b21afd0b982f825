"""One forward pass of the model on a batch, and its losses.

In: a ``Batch``. Out: losses, or the likeliest token at each answer token (teacher-forced).
The parts of Idefics3 are called one by one: the image tokens feed a second loss on their way, and
only answers reach the output layer. Checked against the model's own forward pass by a test.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from examples.reference_model.detection import Detection
from examples.reference_model.pool import Batch
from examples.reference_model.samples import COORDINATE, READ

_BLUR = 1.0  # deviation, in grid steps, of the target over neighbouring coordinates


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses:
    """Mean losses of a batch: answer tokens that are words, coordinates, image cells."""

    words: Tensor
    coordinates: Tensor
    detection: Tensor


class Learner(nn.Module):
    """The model with its detection layer.

    ``coordinates``: the tokens of 0, GRID, ... 1000; ``words``: that of each of ``lesion_words()``.
    """

    coordinates: Tensor
    near: Tensor
    place: Tensor

    def __init__(self, model: Any, coordinates: list[int], words: list[int]) -> None:
        super().__init__()
        self.model = model
        self.detection = Detection(model.config.text_config.hidden_size, words)
        self.register_buffer("coordinates", torch.tensor(coordinates))
        steps = torch.arange(len(coordinates))
        near = torch.exp(-((steps[:, None] - steps[None, :]) ** 2) / (2 * _BLUR**2))
        self.register_buffer("near", near / near.sum(1, keepdim=True))
        place = torch.full((model.config.text_config.vocab_size,), -1)
        place[torch.tensor(coordinates)] = steps
        self.register_buffer("place", place)

    def forward(self, batch: Batch) -> Losses:
        """Return the losses of a batch."""
        logits, targets, kinds, tokens = self._pass(batch)
        plain = functional.cross_entropy(logits, targets, reduction="none")
        words = plain[kinds != COORDINATE].mean()
        boxed = kinds == COORDINATE
        log = functional.log_softmax(logits[boxed], -1)[:, self.coordinates]
        near = self.near[self.place[targets[boxed]]]
        # Less its own entropy, so that a perfect answer costs nothing.
        blurred = (near * (near.clamp_min(1e-12).log() - log)).sum(-1)
        return Losses(
            words=words,
            coordinates=torch.nan_to_num(blurred.mean()),
            detection=self._detected(tokens, batch),
        )

    def detect(self, batch: Batch) -> Tensor:
        """Return the detection loss alone, without the text model."""
        return self._detected(self.see(batch.pixels), batch)

    def words_of(self, batch: Batch) -> Tensor:
        """Return the logits [n, cells, words] of what the batch's images show."""
        logits, _ = self.detection.read(self.see(batch.pixels), self._embeddings())
        return logits

    def _detected(self, tokens: Tensor, batch: Batch) -> Tensor:
        loss: Tensor = self.detection(tokens, self._embeddings(), batch.marks, batch.boxes)
        return loss

    def _embeddings(self) -> Tensor:
        weight: Tensor = self.model.get_input_embeddings().weight
        return weight

    def predict(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return per answer token, in reading order: likeliest token, gold token, kind."""
        logits, targets, kinds, _ = self._pass(batch)
        return logits.argmax(-1), targets, kinds

    def _pass(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        inner = self.model.model
        tokens = self.see(batch.pixels)
        inputs = inner.text_model.get_input_embeddings()(batch.ids)
        image = (batch.ids == self.model.config.image_token_id).unsqueeze(-1)
        inputs = inputs.masked_scatter(image, tokens.to(inputs.dtype))
        # Padding is on the right, where no trained position attends: no mask is needed.
        out = inner.text_model(inputs_embeds=inputs, use_cache=False).last_hidden_state[:, :-1]
        kinds = batch.kinds[:, 1:]
        learnt = kinds != READ
        logits = self.model.lm_head(out[learnt]).float()
        return logits, batch.ids[:, 1:][learnt], kinds[learnt], tokens

    def see(self, pixels: Tensor) -> Tensor:
        """Return the image tokens [n, cells, width] of pixels [n, 3, side, side]."""
        side = self.model.config.vision_config.image_size // (
            self.model.config.vision_config.patch_size
        )
        whole = torch.ones(len(pixels), side, side, dtype=torch.bool, device=pixels.device)
        inner = self.model.model
        out = inner.vision_model(pixel_values=pixels, patch_attention_mask=whole)
        tokens: Tensor = inner.connector(out.last_hidden_state)
        return tokens
