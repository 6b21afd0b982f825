"""Continuous batching: a thread in which answers join the batch, get a token a step, and leave.

In: ``Job``. Out: its future's ``Generated``. Whatever a model raises in a step ends the engine: a
device that failed once cannot be trusted.
"""

import logging
import threading
from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field

from actors.backends.base import EngineDead, TurnFailed
from actors.backends.transformers_cache import BatchCache, CacheBudget, DialogueCache, Layers
from actors.backends.transformers_model import TransformersModel
from actors.backends.transformers_prompt import Prompt
from actors.backends.transformers_sampling import Draw, TokenChoice
from actors.images import ImageFault
from conf.errors import StorageDown

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Generated:
    """An answer: its token ids, why it ended, and how many tokens of its prompt were known."""

    ids: list[int]
    finish_reason: str
    cached: int


@dataclass(eq=False, kw_only=True)
class Job:
    """One answer to generate; ``kept`` is its dialogue's cache."""

    prompt: Prompt
    kept: DialogueCache
    max_tokens: int
    seed: int
    future: Future[Generated] = field(default_factory=Future)
    draw: Draw | None = None
    cached: int = 0
    shift: int = 0  # what is added to a token's number to get its position

    @property
    def generated(self) -> list[int]:
        """The ids so far."""
        return self.draw.drawn if self.draw is not None else []


class StepLoop:
    """Runs a model for all that is submitted, in a thread of its own, until it is closed."""

    def __init__(
        self, model: TransformersModel, ends: Collection[int], *, max_rows: int, cache_bytes: int
    ) -> None:
        self._model = model
        self._ends = ends
        self._max_rows = max_rows
        self._limit = cache_bytes
        self._budget = CacheBudget(cache_bytes)
        self._batch = BatchCache(headroom=256)
        self._running: list[Job] = []  # in the order of the batch's rows
        self._waiting: deque[Job] = deque()
        self._choice: TokenChoice | None = None
        self._token_bytes = 0
        self._wake = threading.Condition()
        self._closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="transformers", daemon=True)
        self._thread.start()

    def submit(self, job: Job, choice: TokenChoice) -> Future[Generated]:
        """Generate an answer; ``choice`` is the same for all that run at once.

        Raises:
            EngineDead: the engine failed or was closed.
        """
        with self._wake:
            if self._error is not None or self._closed:
                raise EngineDead(repr(self._error) if self._error else "the engine was closed")
            self._choice = choice
            self._waiting.append(job)
            self._wake.notify()
        return job.future

    def forget(self) -> None:
        """Drop all that was computed; nothing may be running."""
        self._budget.clear()
        self._batch = BatchCache(headroom=256)

    def close(self) -> None:
        """Stop after the step that runs, and wait for it; what is unanswered fails."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            while self._wait():
                self._admit()
                self._step()
        except Exception as error:  # every answer is told, and the actor ends
            logger.exception("the transformers engine failed")
            self._error = error
        with self._wake:
            self._closed = True
            left = [*self._running, *self._waiting]
        for job in left:
            reason = repr(self._error) if self._error else "the engine was closed"
            _finish(job, EngineDead(reason))

    def _wait(self) -> bool:
        """Wait until there is something to do; return whether there is, and not the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._closed or self._waiting or self._running)
            return not self._closed

    def _admit(self) -> None:
        """Compute the prompts of what waits, as long as there is room."""
        while self._waiting and len(self._running) < self._max_rows:
            job = self._waiting[0]
            if self._running and not self._fits(job):
                return
            self._waiting.popleft()
            if job.future.cancelled():
                continue
            try:
                self._start(job)
            except ImageFault as error:  # an image whose cache was dropped is read again
                _finish(job, TurnFailed(str(error)))
            except StorageDown as error:
                _finish(job, error)
            except Exception as error:
                _finish(job, EngineDead(repr(error)))
                raise

    def _fits(self, job: Job) -> bool:
        """Return whether the batch stays below the bound with one more row."""
        longest = max(len(j.prompt.ids) + j.max_tokens for j in (*self._running, job))
        return (len(self._running) + 1) * longest * self._token_bytes <= self._limit

    def _start(self, job: Job) -> None:
        job.cached = job.prompt.known(job.kept.key)
        logits, layers, job.shift = self._model.prefill(job.prompt, job.cached, job.kept.layers)
        job.kept.drop()
        self._token_bytes = sum(t[0, :, 0].numel() * t.element_size() for p in layers for t in p)
        draw = job.draw = self._choose().begin(job.prompt.ids, job.seed)
        self._choose().choose(logits[None], [draw])
        if self._ended(job):
            self._leave(job, layers)
        else:
            self._batch.join(layers)
            self._running.append(job)
            self._budget.trim(self._batch.bytes)

    def _step(self) -> None:
        if not self._running:
            return
        tokens = [job.generated[-1] for job in self._running]
        shifts = [job.shift for job in self._running]
        logits = self._model.step(tokens, shifts, self._batch)
        self._choose().choose(logits, [job.draw for job in self._running if job.draw is not None])
        # From the end: the last row takes the place of one that leaves.
        for row in reversed(range(len(self._running))):
            job = self._running[row]
            if self._ended(job) or job.future.cancelled():
                last = self._running.pop()
                if last is not job:
                    self._running[row] = last
                self._leave(job, self._batch.leave(row))

    def _ended(self, job: Job) -> bool:
        return job.generated[-1] in self._ends or len(job.generated) >= job.max_tokens

    def _leave(self, job: Job, layers: Layers) -> None:
        """Keep what was computed: all but the last token, which no step has read."""
        self._budget.keep(job.kept, [*job.prompt.key, *job.generated[:-1]], layers)
        self._budget.trim(self._batch.bytes)
        reason = "stop" if job.generated[-1] in self._ends else "length"
        answer = Generated(ids=job.generated, finish_reason=reason, cached=job.cached)
        _finish(job, answer)

    def _choose(self) -> TokenChoice:
        if self._choice is None:
            raise RuntimeError("nothing was submitted")
        return self._choice


def _finish(job: Job, outcome: Generated | Exception) -> None:
    """Settle a job's future, unless it was cancelled."""
    if not job.future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, Exception):
        job.future.set_exception(outcome)
    else:
        job.future.set_result(outcome)
