"""The first stage of training: the image half alone learns which lesion is where.

In: a learner and batches. Out: the learner, its vision model and connector trained on the detection
loss. A step costs a fraction of one with text, and answers cannot be learnt before the image
tokens distinguish lesions.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from examples.reference_model.learner import Learner
from examples.reference_model.optimisers import Optimisers
from examples.reference_model.pool import Batch
from examples.reference_model.settings import Training


def learn_to_see(
    learner: Learner, batches: Iterable[Batch], training: Training
) -> Iterator[tuple[int, Tensor]]:
    """Take ``training.seeing`` steps, one per batch; yield the number of each and its loss."""
    optimisers = Optimisers(image_weights(learner), training)
    for step, batch in enumerate(batches, start=1):
        with torch.autocast(batch.ids.device.type, dtype=torch.bfloat16):
            loss = learner.detect(batch)
        optimisers.step(loss, step / training.seeing)
        yield step, loss
        if step >= training.seeing:
            return


def image_weights(learner: Learner) -> Iterator[tuple[str, Tensor]]:
    """Yield the weights of vision model, connector and detection layer by name."""
    inner = learner.model.model
    for part in (inner.vision_model, inner.connector, learner.detection):
        yield from part.named_parameters()


@torch.no_grad()
def cells_right(learner: Learner, held_out: Iterable[Batch]) -> float:
    """Return the share of lesion cells whose words are all predicted right."""
    right = cells = 0
    for batch in held_out:
        with torch.autocast(batch.ids.device.type, dtype=torch.bfloat16):
            predicted = learner.words_of(batch) > 0
        has_lesion = ~batch.boxes[..., 0].isnan()
        right += int((predicted == batch.marks.bool())[has_lesion].all(-1).sum())
        cells += int(has_lesion.sum())
    return right / cells
