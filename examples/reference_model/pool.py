"""The training material in memory: drawn once, by several processes, shuffled each epoch.

In: a phantom seed and a count. Out: a ``Pool`` and batches of it as tensors. Dialogues of like
length share a batch, so that little of it is padding.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoProcessor

from examples.reference_model.detection import cell_targets, labels
from examples.reference_model.samples import Encoder, Sample
from pipeline.phantom.generate import stream

_CHUNK = 500  # dialogues per task of a drawing process
_WINDOW = 24  # batches that are sorted by length together


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
        """Give the batch on another device."""
        return Batch(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def draw_pool(
    checkpoint: Path, *, seed: int, dialogues: int, processes: int, start: int = 0
) -> list[Material]:
    """Draw and encode dialogues ``start`` onwards of a seed with a checkpoint's processor."""
    starts = range(start, start + dialogues, _CHUNK)
    counts = [min(_CHUNK, start + dialogues - first) for first in starts]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers:
        n = len(counts)
        chunks = workers.map(_draw, [checkpoint] * n, [seed] * n, starts, counts)
        return [material for chunk in chunks for material in chunk]


def _draw(checkpoint: Path, seed: int, start: int, dialogues: int) -> list[Material]:
    processor = AutoProcessor.from_pretrained(checkpoint)
    encoder, names = Encoder(processor), labels()
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


def batches(pool: list[Material], size: int, seed: int, padding: int) -> Iterator[Batch]:
    """Yield batches without end: shuffled, sorted by length in windows, shuffled again."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pool))
        for first in range(0, len(order), size * _WINDOW):
            window = order[first : first + size * _WINDOW]
            window = np.array(sorted(window, key=lambda n: len(pool[n].sample.ids)))
            whole = len(window) // size
            for k in rng.permutation(whole):
                yield collate([pool[n] for n in window[k * size : (k + 1) * size]], padding)


def collate(materials: list[Material], padding: int) -> Batch:
    """Stack dialogues; pixels come out as the processor normalises them, in [-1, 1]."""
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
    """Rescale uint8 to [-1, 1]: mean and deviation 0.5, as Idefics3's processor does."""
    return pixels.float() / 127.5 - 1.0
