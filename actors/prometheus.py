"""Prometheus metrics of one engine actor, through the endpoint that Ray has on every node.

In: turn records. Out: counters and histograms named ``ray_imcbench_…`` with the tags ``model`` and
``actor``. Counters only where rates are wanted: the cache's hit rate is cached over prompt tokens.
"""

import contextlib
from collections.abc import Iterator

import ray
from ray.util.metrics import Counter, Gauge, Histogram

from actors.schema import TurnRecord

_TAGS = ("model", "actor")
_SECONDS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]  # upper edges of the latency histogram


class TurnMetrics:
    """Counts what one actor does; made in the actor's constructor."""

    def __init__(self, model: str) -> None:
        actor = ray.get_runtime_context().get_actor_id() or "driver"
        self._tags = {"model": model, "actor": actor}
        self._turns = Counter(
            "imcbench_turns", "Turns that ended, by status", tag_keys=(*_TAGS, "status")
        )
        self._prompt = Counter("imcbench_prompt_tokens", "Tokens of prompts", tag_keys=_TAGS)
        self._cached = Counter(
            "imcbench_cached_tokens", "Prompt tokens taken from the prefix cache", tag_keys=_TAGS
        )
        self._completion = Counter("imcbench_completion_tokens", "Tokens generated", tag_keys=_TAGS)
        self._latency = Histogram(
            "imcbench_turn_seconds", "Seconds that a turn took", _SECONDS, tag_keys=_TAGS
        )
        self._gauge = Gauge("imcbench_dialogues_in_flight", "Dialogues begun", tag_keys=_TAGS)
        self._in_flight = 0

    def serve(self, model: str) -> None:
        """Count for another model from here on; nothing may be in flight."""
        self._tags = {**self._tags, "model": model}

    def observe(self, record: TurnRecord) -> None:
        """Count one turn that ended, answered or failed."""
        self._turns.inc(1, tags={**self._tags, "status": record.status})
        for counter, tokens in (
            (self._prompt, record.prompt_tokens),
            (self._cached, record.cached_tokens),
            (self._completion, record.completion_tokens),
        ):
            if tokens:  # a counter refuses 0, and None is not known
                counter.inc(tokens, tags=self._tags)
        if record.latency_s is not None:
            self._latency.observe(record.latency_s, tags=self._tags)

    @contextlib.contextmanager
    def dialogue(self) -> Iterator[None]:
        """Count a dialogue as in flight inside the block."""
        self._in_flight += 1
        self._gauge.set(self._in_flight, tags=self._tags)
        try:
            yield
        finally:
            self._in_flight -= 1
            self._gauge.set(self._in_flight, tags=self._tags)
