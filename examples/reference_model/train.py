"""Train the reference checkpoints: ``python -m examples.reference_model.train --output DIR``.

In: settings. Out: ``DIR/early``, ``DIR/middle`` and ``DIR/final``, which transformers and vLLM
load, and ``DIR/log.jsonl``. Runs on a GPU where there is one; the same settings give the same
weights on the same machine and versions. Run again on the same folder, it goes on.
"""

import argparse
import copy
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor

from examples.reference_model.attention import use_plain_attention
from examples.reference_model.check import Shares, check
from examples.reference_model.detection import lesion_words
from examples.reference_model.learner import Learner, Losses
from examples.reference_model.optimisers import Optimisers
from examples.reference_model.pool import WINDOW, Batch, batches, draw, windows
from examples.reference_model.samples import Encoder
from examples.reference_model.seeing import cells_right, image_weights, learn_to_see
from examples.reference_model.settings import HELD_OUT_SEED, SEED, SEEING_SEED, Training
from examples.reference_model.start import start

Line = dict[str, float | dict[str, float]]  # one line of the log
_REPEATS = 4


def train(output: Path, training: Training) -> Any:
    """Train from random weights and write the checkpoints; return the final model."""
    torch.set_num_threads(training.threads)
    base = output / "processor"
    model = start(base, training)
    processor = AutoProcessor.from_pretrained(base)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    use_plain_attention(model)
    encoder = Encoder(processor)
    words = encoder.word_ids(lesion_words())
    learner = Learner(model, encoder.coordinate_ids(), words).to(device)
    data = Data(base, training, processor.tokenizer.pad_token_id, device)
    marks = {
        round(training.early * training.steps): "early",
        round(training.middle * training.steps): "middle",
        training.steps: "final",
    }
    if not (output / "state.pt").exists():
        see(learner, data, training, output)
    for step in run(learner, data, training, output):
        if step in marks:
            save(model, processor, output / marks[step])
    return model


class Data:
    """Batches on the device, drawn with the processor in ``base``."""

    def __init__(self, base: Path, training: Training, padding: int, device: torch.device) -> None:
        self._base, self._training, self._padding, self._device = base, training, padding, device
        self.held_out = [
            batch.to(device)
            for batch in batches(
                draw(base, HELD_OUT_SEED, 0, training.held_out), training.batch, 0, padding
            )
        ]

    def repeated(self) -> Iterator[Batch]:
        """Yield batches, each window _REPEATS times: drawing costs more than a step."""
        size, padding = self._training.batch, self._padding
        for n, window in enumerate(
            windows(self._base, seed=SEEING_SEED, dialogues=size * WINDOW, first=0)
        ):
            for repeat in range(_REPEATS):
                for batch in batches(window, size, _REPEATS * n + repeat, padding):
                    yield batch.to(self._device)

    def after(self, taken: int) -> Iterator[Batch]:
        """Yield the training batches that follow the first ``taken``."""
        size = self._training.batch
        first, within = divmod(taken, WINDOW)
        drawn = windows(self._base, seed=SEED, dialogues=size * WINDOW, first=first)
        for n, window in enumerate(drawn, start=first):
            left = islice(batches(window, size, n, self._padding), within, None)
            yield from (batch.to(self._device) for batch in left)
            within = 0


def see(learner: Learner, data: Data, training: Training, output: Path) -> None:
    """Take the steps of the first stage."""
    started = time.monotonic()
    for step, loss in learn_to_see(learner, data.repeated(), training):
        if step % training.log_every == 0 or step == training.seeing:
            share = cells_right(learner, data.held_out)
            line = {"seeing": step, "detection": loss.item(), "held_out": {"cells": share}}
            _note(output, line | {"seconds": round(time.monotonic() - started)})


def run(learner: Learner, data: Data, training: Training, output: Path) -> Iterator[int]:
    """Take the steps from where an interrupted run stopped; yield the number taken after each."""
    seeing = (weight for _, weight in image_weights(learner))
    optimisers = Optimisers(learner.named_parameters(), training, slower=seeing)
    state = output / "state.pt"
    taken = _restore(learner, optimisers, state) if state.exists() else 0
    started = time.monotonic()
    for step, batch in enumerate(data.after(taken), start=taken + 1):
        losses = _forward(learner, batch)
        total = losses.words + losses.coordinates + training.detection_weight * losses.detection
        optimisers.step(total, step / training.steps)
        if step % training.log_every == 0 or step == training.steps:
            seconds = time.monotonic() - started
            _note(output, _line(step, seconds, losses, check(learner, data.held_out)))
        if step % training.state_every == 0:
            parts = {"learner": learner.state_dict(), "optimisers": optimisers.state()}
            torch.save({**parts, "step": step}, state)
        yield step
        if step >= training.steps:
            return


def _restore(learner: Learner, optimisers: Optimisers, state: Path) -> int:
    parts = torch.load(state, weights_only=True)
    learner.load_state_dict(parts["learner"])
    optimisers.restore(parts["optimisers"])
    return int(parts["step"])


def save(model: Any, processor: Any, folder: Path) -> None:
    """Write a checkpoint in bfloat16 with all that serving needs."""
    copy.deepcopy(model).to("cpu", torch.bfloat16).save_pretrained(folder)
    processor.save_pretrained(folder)


def _forward(learner: Learner, batch: Batch) -> Losses:
    with torch.autocast(batch.ids.device.type, dtype=torch.bfloat16):
        losses: Losses = learner(batch)
    return losses


def _line(step: int, seconds: float, losses: Losses, held_out: Shares) -> Line:
    return {
        "step": step,
        "seconds": round(seconds),
        "words": losses.words.item(),
        "coordinates": losses.coordinates.item(),
        "detection": losses.detection.item(),
        "held_out": asdict(held_out),
    }


def _note(output: Path, line: Line) -> None:
    print(json.dumps(line), flush=True)
    with (output / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def main() -> None:
    """Read the settings from the command line: every plain field of ``Training`` is an option."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    plain = {f.name: f.default for f in fields(Training) if isinstance(f.default, int | float)}
    for name, default in plain.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(default), default=default, help=f"default {default}")
    options = vars(parser.parse_args())
    output: Path = options.pop("output")
    output.mkdir(parents=True, exist_ok=True)
    train(output, replace(Training(), **options))


if __name__ == "__main__":
    main()
