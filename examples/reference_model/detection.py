"""A second task for the image tokens while training: say what lies where. Thrown away afterwards.

In: image tokens as the text model gets them [images, cells, width]. Out: a loss. Without it, what
an image shows is learnt through answers alone, late; the lesions' places are known, so say so.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from actors.schema import Dialogue
from pipeline.phantom.modalities import MODALITIES

_LEAST_COVER = 0.25  # of a cell, for the cell to answer for a lesion
_BOX_WEIGHT = 5.0


def labels() -> tuple[str, ...]:
    """Every lesion type and attribute value of the phantom, sorted."""
    found = set[str]()
    for modality in MODALITIES.values():
        for finding in modality.findings:
            found.add(finding.concept)
            for values in finding.attributes.values():
                found.update(values)
    return tuple(sorted(found))


def cell_targets(
    dialogue: Dialogue, image_id: str, side: int, names: Sequence[str]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Say what each cell of a side x side grid covers.

    Returns:
        uint8 [cells, names]: 1 where a lesion with this label covers the cell (its largest one);
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
        marks[ours] = np.array([name in held for name in names], np.uint8)
        boxes[ours] = box
    return marks, boxes


def _cover(box: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The share of each cell that a box covers, row by row."""
    starts = np.arange(side) / side
    ends = starts + 1 / side
    across = np.clip(np.minimum(ends, box[2]) - np.maximum(starts, box[0]), 0, None)
    down = np.clip(np.minimum(ends, box[3]) - np.maximum(starts, box[1]), 0, None)
    shares: NDArray[np.float64] = (down[:, None] * across[None, :] * side * side).ravel()
    return shares


class Detection(nn.Module):
    """One linear layer that reads labels and a box out of every image token."""

    def __init__(self, width: int, names: int) -> None:
        super().__init__()
        self.read = nn.Linear(width, names + 4)

    def forward(self, tokens: Tensor, marks: Tensor, boxes: Tensor) -> Tensor:
        """Give the loss for tokens [n, cells, width], marks [n, cells, names], boxes [.., 4]."""
        out = self.read(tokens).float()
        label = functional.binary_cross_entropy_with_logits(
            out[..., :-4], marks.float(), reduction="none"
        )
        there = ~boxes[..., 0].isnan()
        found = functional.smooth_l1_loss(out[..., -4:][there], boxes[there], beta=0.05)
        return label.sum(-1).mean() + _BOX_WEIGHT * torch.nan_to_num(found)
