"""A second loss on the image tokens while training: which lesion is where. Not part of the model.

In: image tokens as the text model gets them [images, cells, width]. Out: a loss. Without it, the
model learns late what an image shows, through answers alone, although the places are known.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from actors.schema import Dialogue
from pipeline.phantom.catalogue.modalities import MODALITIES

_LEAST_COVER = 0.25  # of a cell, for the cell to answer for a lesion
_BOX_WEIGHT = 5.0
_GAIN = 2.0  # five words share a token of norm sqrt(width): each stands at about 5 before the gain
_RARE = -5.0  # logit of a word at the start


def lesion_words() -> tuple[str, ...]:
    """Return every word of the phantom's sites, lesion types and attribute values, sorted."""
    vocabulary = set[str]()
    for modality in MODALITIES.values():
        names = set(modality.sites)
        for finding in modality.findings:
            names |= {finding.concept, *(finding.sites or ())}
            names.update(*finding.attributes.values())
        vocabulary |= words(names)
    return tuple(sorted(vocabulary))


def words(concepts: Iterable[str]) -> set[str]:
    """Return the words that concepts are named with."""
    return {word for concept in concepts for word in concept.split("_")}


def cell_targets(
    dialogue: Dialogue, image_id: str, side: int, names: Sequence[str]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return what each cell of a side x side grid shows.

    Returns:
        uint8 [cells, names]: 1 where the word describes the lesion that covers most of the cell;
        float32 [cells, 4]: that lesion's x0, y0, x1, y1 from 0 to 1, or NaN where there is none.
    """
    marks = np.zeros((side * side, len(names)), np.uint8)
    boxes = np.full((side * side, 4), np.nan, np.float32)
    best = np.full(side * side, 0.0)
    image = dialogue.image(image_id)
    scale = np.array([image.width, image.height] * 2, np.float64)
    for region in dialogue.regions:
        if region.image_id != image_id:
            continue
        box = np.asarray(region.box) / scale
        cover = _cover(box, side)
        ours = (cover >= min(_LEAST_COVER, cover.max())) & (cover > best)
        best = np.where(ours, cover, best)
        held = {f.concept for f in dialogue.findings if f.referent_id == region.referent_id}
        described = words(held | {region.site or ""})
        marks[ours] = np.array([name in described for name in names], np.uint8)
        boxes[ours] = box
    return marks, boxes


def _cover(box: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return the share of each cell that a box covers, row by row."""
    starts = np.arange(side) / side
    ends = starts + 1 / side
    across = np.clip(np.minimum(ends, box[2]) - np.maximum(starts, box[0]), 0, None)
    down = np.clip(np.minimum(ends, box[3]) - np.maximum(starts, box[1]), 0, None)
    shares: NDArray[np.float64] = (down[:, None] * across[None, :] * side * side).ravel()
    return shares


class Detection(nn.Module):
    """Reads words and a box out of every image token.

    A word is read by the token's similarity to the text model's own embedding of it: image tokens
    then hold the name of a lesion as text does, so that attention can match and copy it.
    """

    words: Tensor

    def __init__(self, width: int, words: Sequence[int]) -> None:
        """Keep ``words``, the token id of each word."""
        super().__init__()
        self.register_buffer("words", torch.tensor(words))
        self.bias = nn.Parameter(torch.full((len(words),), _RARE))
        self.box = nn.Linear(width, 4)

    def read(self, tokens: Tensor, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [n, cells, words] and boxes [n, cells, 4] of image tokens."""
        normed = functional.rms_norm(tokens.float(), tokens.shape[-1:])
        similarity = normed @ functional.normalize(embeddings[self.words].float(), dim=-1).T
        return _GAIN * similarity + self.bias, self.box(normed).float()

    def forward(self, tokens: Tensor, embeddings: Tensor, marks: Tensor, boxes: Tensor) -> Tensor:
        """Return the loss for tokens [n, cells, width], marks [n, cells, words], boxes [.., 4]."""
        logits, drawn = self.read(tokens, embeddings)
        label = functional.binary_cross_entropy_with_logits(logits, marks.float(), reduction="none")
        has_lesion = ~boxes[..., 0].isnan()
        misplaced = functional.smooth_l1_loss(drawn[has_lesion], boxes[has_lesion], beta=0.05)
        return label.sum(-1).mean() + _BOX_WEIGHT * torch.nan_to_num(misplaced)
