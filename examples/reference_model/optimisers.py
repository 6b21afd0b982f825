"""Muon for the matrices of the layers, AdamW for all other weights.

In: named weights and the settings. Out: one object that takes steps at the schedule's rate. Muon
(Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) needs far fewer steps here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from examples.reference_model.settings import Training, rate

_LAYERS = ".layers."  # matrices elsewhere embed or read out: Muon is not meant for them


class Optimisers:
    """Muon and AdamW over ``named`` weights; those in ``slower`` learn at ``image_rate``."""

    def __init__(
        self, named: Iterable[tuple[str, Tensor]], training: Training, slower: Iterable[Tensor] = ()
    ) -> None:
        self._training = training
        held_back = {id(weight) for weight in slower}
        groups: dict[tuple[bool, bool], list[Tensor]] = {}
        for name, weight in named:
            matrix = weight.ndim == 2 and _LAYERS in name
            groups.setdefault((matrix, id(weight) in held_back), []).append(weight)
        self._all: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(
                self._peaks(groups, matrix=True, peak=training.muon_rate),
                weight_decay=training.weight_decay,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(
                self._peaks(groups, matrix=False, peak=training.peak_rate),
                betas=(0.9, 0.98),
                weight_decay=0.0,
            ),
        )

    def _peaks(
        self, groups: Mapping[tuple[bool, bool], list[Tensor]], *, matrix: bool, peak: float
    ) -> list[dict[str, Any]]:
        slower = self._training.image_rate
        return [
            {"params": weights, "peak": peak * (slower if held_back else 1.0)}
            for (is_matrix, held_back), weights in groups.items()
            if is_matrix == matrix
        ]

    def step(self, loss: Tensor, share: float) -> None:
        """Take one step down ``loss``, after ``share`` of all steps."""
        for optimiser in self._all:
            optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        weights = [w for o in self._all for group in o.param_groups for w in group["params"]]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        for optimiser in self._all:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate(share, self._training)
            optimiser.step()

    def state(self) -> list[dict[str, Any]]:
        """Return what ``restore`` needs."""
        return [optimiser.state_dict() for optimiser in self._all]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Load a ``state``."""
        for optimiser, part in zip(self._all, state, strict=True):
            optimiser.load_state_dict(part)
