"""Settings of a training run: size, data, schedule."""

from dataclasses import dataclass, field

from pipeline.checkpoint.tiny import TinyShape

DIALECT = "norm1000"
GRID = 10  # coordinates are trained on this grid of 0 to 1000: 101 values
# Widths in mm seldom pass 199; every coordinate on the grid is one token.
NUMBERS = (*range(200), *range(200, 1001, GRID))
SEED = 1_000_003  # of the phantom; evaluations use seed 0
SEEING_SEED = 3_000_003  # of the first stage
HELD_OUT_SEED = 2_000_003  # checked while training, never trained on


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training run. Shares are of ``steps``; ``early`` and ``middle`` save checkpoints.

    The learning rate rises for the share ``warm_up``, holds, and falls in a line to zero from the
    share ``cool_down`` on. ``seeing`` steps of the image half alone go before; after them its
    rate is ``image_rate`` times that of the rest.
    """

    shape: TinyShape = field(
        default_factory=lambda: TinyShape(
            image_size=112,
            patch_size=14,
            scale_factor=1,
            vision_width=128,
            vision_layers=3,
            text_width=128,
            text_layers=4,
            text_feed_forward=3,
            vocabulary=1536,
        )
    )
    held_out: int = 192
    seed: int = 0
    seeing: int = 3_000
    image_rate: float = 0.4
    steps: int = 4_500
    batch: int = 16
    peak_rate: float = 1.5e-3
    muon_rate: float = 3e-3
    warm_up: float = 0.05
    cool_down: float = 0.4
    weight_decay: float = 0.02
    early: float = 0.06
    middle: float = 0.35
    detection_weight: float = 1.0
    log_every: int = 100
    state_every: int = 200
    threads: int = 2


def rate(share: float, training: Training) -> float:
    """Return the learning rate, as a share of its peak, after a share of the steps."""
    rise = share / training.warm_up if training.warm_up else 1.0
    fall = (1 - share) / (1 - training.cool_down)
    return max(0.0, min(1.0, rise, fall))
