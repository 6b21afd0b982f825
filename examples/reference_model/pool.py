"""Training data, drawn and encoded in a process of its own while training goes on.

In: a phantom seed. Out: batches as tensors, without end, each dialogue once. Dialogues of similar
length share a batch, so that little of it is padding.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoProcessor

from examples.reference_model.detection import cell_targets, lesion_words
from examples.reference_model.samples import Encoder, Sample
from pipeline.phantom.generate import stream

WINDOW = 24  # batches that are drawn, and sorted by length, together
_AHEAD = 3  # windows drawn ahead of the training


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """A sample with what its images show, see ``detection.cell_targets``."""

    sample: Sample
    marks: NDArray[np.uint8]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Tensors of some dialogues: ids and kinds [n, tokens], padded on the right; their images."""

    ids: Tensor
    kinds: Tensor
    pixels: Tensor
    marks: Tensor
    boxes: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        return Batch(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def windows(checkpoint: Path, *, seed: int, dialogues: int, first: int) -> Iterator[list[Material]]:
    """Yield windows of ``dialogues`` dialogues without end, from window ``first`` on.

    Window n holds dialogues n x ``dialogues`` onwards of the seed, whenever it is drawn.
    """
    worker = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    waiting: deque[Future[list[Material]]] = deque()
    try:
        for n in count(first):
            waiting.append(worker.submit(draw, checkpoint, seed, n * dialogues, dialogues))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
    finally:
        worker.shutdown(cancel_futures=True)


def draw(checkpoint: Path, seed: int, start: int, dialogues: int) -> list[Material]:
    """Return dialogues ``start`` onwards of a seed, encoded with a checkpoint's processor."""
    processor = AutoProcessor.from_pretrained(checkpoint)
    encoder, names = Encoder(processor), lesion_words()
    side = round(processor.image_seq_len**0.5)
    drawn = []
    for dialogue, pixels in islice(stream(seed, start), dialogues):
        shown = [name for turn in dialogue.turns for name in turn.image_ids]
        targets = [cell_targets(dialogue, name, side, names) for name in shown]
        drawn.append(
            Material(
                sample=encoder.sample(dialogue, pixels),
                marks=np.stack([marks for marks, _ in targets]),
                boxes=np.stack([boxes for _, boxes in targets]),
            )
        )
    return drawn


def batches(window: list[Material], size: int, seed: int, padding: int) -> Iterator[Batch]:
    """Yield a window's batches: sorted by length, then shuffled; a remainder is left out."""
    order = sorted(range(len(window)), key=lambda n: len(window[n].sample.ids))
    for k in np.random.default_rng(seed).permutation(len(window) // size):
        yield collate([window[n] for n in order[k * size : (k + 1) * size]], padding)


def collate(materials: list[Material], padding: int) -> Batch:
    """Return dialogues as one batch; pixels as the processor normalises them, in [-1, 1]."""
    longest = max(len(m.sample.ids) for m in materials)
    ids = np.full((len(materials), longest), padding, np.int64)
    kinds = np.zeros((len(materials), longest), np.int64)
    for row, material in enumerate(materials):
        ids[row, : len(material.sample.ids)] = material.sample.ids
        kinds[row, : len(material.sample.kinds)] = material.sample.kinds
    pixels = np.concatenate([m.sample.pixels for m in materials])
    return Batch(
        ids=torch.from_numpy(ids),
        kinds=torch.from_numpy(kinds),
        pixels=normalise(torch.from_numpy(pixels)),
        marks=torch.from_numpy(np.concatenate([m.marks for m in materials])),
        boxes=torch.from_numpy(np.concatenate([m.boxes for m in materials])),
    )


def normalise(pixels: Tensor) -> Tensor:
    """Return uint8 pixels in [-1, 1]: mean and deviation 0.5, as in Idefics3's processor."""
    return pixels.float() / 127.5 - 1.0
