"""Draws tokens from logits, greedily or with a generator of each answer's own.

In: logits [answers, vocabulary] and the run's sampling settings. Out: one token per answer, which
does not depend on what else is in the batch.
"""

from collections.abc import Sequence
from typing import Any

from conf.model import SamplingConfig

_GREEDY = 1e-5  # temperatures below it are greedy, as in vLLM


class TokenChoice:
    """The run's sampling; torch and transformers are imported by the constructor."""

    def __init__(self, sampling: SamplingConfig) -> None:
        import torch  # noqa: PLC0415
        from transformers.generation import logits_process as warp  # noqa: PLC0415

        self._torch = torch
        self._greedy = sampling.temperature < _GREEDY
        self._warps = warp.LogitsProcessorList()
        if not self._greedy:
            self._warps.append(warp.TemperatureLogitsWarper(float(sampling.temperature)))
            if sampling.top_p < 1:
                self._warps.append(warp.TopPLogitsWarper(sampling.top_p))

    def generator(self, seed: int) -> Any:
        """Return the source of randomness of one answer."""
        return self._torch.Generator().manual_seed(seed)

    def choose(self, logits: Any, generators: Sequence[Any]) -> list[int]:
        """Return a token for each row of logits [rows, vocabulary]."""
        if self._greedy:
            chosen: list[int] = logits.argmax(-1).tolist()
            return chosen
        shares = self._warps(None, logits.float()).softmax(-1).cpu()
        pairs = zip(shares, generators, strict=True)
        return [int(self._torch.multinomial(row, 1, generator=g)) for row, g in pairs]
