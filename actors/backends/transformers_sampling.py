"""Draws tokens from logits, greedily or with a generator of each answer's own.

In: logits [answers, vocabulary] and how answers are drawn. Out: one token per answer, which does
not depend on what else is in the batch. Penalties, temperature, min_p, top_k and top_p are applied
in vLLM's order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_GREEDY = 1e-5  # temperatures below it are greedy, as in vLLM


@dataclass(eq=False)
class Draw:
    """One answer that is drawn: its prompt's ids, those drawn so far, its own randomness."""

    prompt: Sequence[int]
    generator: Any
    drawn: list[int] = field(default_factory=list)


class TokenChoice:
    """The run's sampling; torch and transformers are imported by the constructor.

    ``values`` are temperature, top_p, top_k, min_p and the penalties by name.
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        import torch  # noqa: PLC0415
        from transformers.generation import logits_process as warp  # noqa: PLC0415

        self._torch = torch
        self._greedy = values["temperature"] < _GREEDY
        self._repetition = values["repetition_penalty"]
        self._presence = values["presence_penalty"]
        self._warps = warp.LogitsProcessorList()
        if not self._greedy:
            self._warps.append(warp.TemperatureLogitsWarper(float(values["temperature"])))
            if values["min_p"] > 0:
                self._warps.append(warp.MinPLogitsWarper(float(values["min_p"])))
            if values["top_k"] > 0:
                self._warps.append(warp.TopKLogitsWarper(int(values["top_k"])))
            if values["top_p"] < 1:
                self._warps.append(warp.TopPLogitsWarper(float(values["top_p"])))

    def begin(self, prompt: Sequence[int], seed: int) -> Draw:
        """Return an answer's state before its first token."""
        return Draw(prompt, self._torch.Generator().manual_seed(seed))

    def choose(self, logits: Any, draws: Sequence[Draw]) -> list[int]:
        """Draw a token for each row of logits [rows, vocabulary], and add it to what was drawn."""
        if self._repetition != 1 or self._presence:
            logits = self._torch.stack(
                [self._penalised(r.float(), d) for r, d in zip(logits, draws, strict=True)]
            )
        if self._greedy:
            chosen: list[int] = logits.argmax(-1).tolist()
        else:
            shares = self._warps(None, logits.float()).softmax(-1).cpu()
            pairs = zip(shares, draws, strict=True)
            chosen = [int(self._torch.multinomial(r, 1, generator=d.generator)) for r, d in pairs]
        for token, draw in zip(chosen, draws, strict=True):
            draw.drawn.append(token)
        return chosen

    def _penalised(self, row: Any, draw: Draw) -> Any:
        """Lower what was seen in prompt or answer, and what was drawn in the answer."""
        row = row.clone()
        seen = self._torch.tensor(sorted({*draw.prompt, *draw.drawn}), device=row.device)
        old = row[seen]
        row[seen] = self._torch.where(old > 0, old / self._repetition, old * self._repetition)
        if draw.drawn:
            row[self._torch.tensor(sorted(set(draw.drawn)), device=row.device)] -= self._presence
        return row
