"""A quick check while training, with the gold answer as context; no substitute for an evaluation.

In: held-out batches. Out: shares of answers that are exactly right and of boxes that hit.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from examples.reference_model.learner import Learner
from examples.reference_model.pool import Batch
from examples.reference_model.samples import COORDINATE


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """Shares from 0 to 1: of words that are right, of boxes with IoU at least 0.5."""

    words: float
    boxes: float


@torch.no_grad()
def check(learner: Learner, held_out: list[Batch]) -> Shares:
    """Return how often the likeliest token is the gold one, and how often boxes hit."""
    right = words = hits = boxes = 0
    for batch in held_out:
        with torch.autocast(batch.ids.device.type, dtype=torch.bfloat16):
            predicted, gold, kinds = learner.predict(batch)
        word = kinds != COORDINATE
        right += int((predicted == gold)[word].sum())
        words += int(word.sum())
        place = learner.place
        drawn, wanted = (place[t[~word]].view(-1, 4).float() for t in (predicted, gold))
        hits += int((overlap(drawn, wanted) >= 0.5).sum())
        boxes += len(wanted)
    return Shares(words=right / words, boxes=hits / max(boxes, 1))


def overlap(one: Tensor, other: Tensor) -> Tensor:
    """Return the IoU [n] of boxes [n, 4] as x0, y0, x1, y1; 0 where one has no area."""
    low = torch.maximum(one[:, :2], other[:, :2])
    high = torch.minimum(one[:, 2:], other[:, 2:])
    both = (high - low).clamp_min(0).prod(1)
    areas = [(b[:, 2:] - b[:, :2]).clamp_min(0).prod(1) for b in (one, other)]
    return both / (areas[0] + areas[1] - both).clamp_min(1e-9)
