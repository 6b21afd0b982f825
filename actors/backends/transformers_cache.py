"""Keys and values of dialogues: one batch that is generating, and those that wait for a turn.

In: keys and values of single dialogues, per layer, of shape [1, heads, tokens, width]. Out: a cache
that a transformers model takes for the whole batch, padded on the left.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Layers = list[tuple[Any, Any]]  # keys and values of each layer


@dataclass(eq=False)
class DialogueCache:
    """What is kept of one dialogue: ``layers`` hold the tokens of ``key``."""

    key: Sequence[int] = ()
    layers: Layers = field(default_factory=list)
    used: int = 0  # when, in requests of the engine

    @property
    def bytes(self) -> int:
        """Memory of the keys and values."""
        return sum(t.numel() * t.element_size() for pair in self.layers for t in pair)

    def drop(self) -> None:
        """Forget everything; it is computed again when the dialogue goes on."""
        self.key, self.layers = (), []


class CacheBudget:
    """Bounds the memory of all dialogues' caches, which belong to their chats."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._caches: weakref.WeakSet[DialogueCache] = weakref.WeakSet()
        self._clock = 0

    def keep(self, kept: DialogueCache, key: Sequence[int], layers: Layers) -> None:
        """Fill a dialogue's cache."""
        self._clock += 1
        kept.key, kept.layers, kept.used = key, layers, self._clock
        self._caches.add(kept)

    def trim(self, batch: int) -> None:
        """Drop what was used longest ago until all fits beside ``batch`` bytes."""
        held = sorted((c for c in self._caches if c.layers), key=lambda c: c.used)
        total = batch + sum(c.bytes for c in held)
        for oldest in held:
            if total <= self._limit:
                return
            total -= oldest.bytes
            oldest.drop()

    def clear(self) -> None:
        """Drop everything."""
        for kept in self._caches:
            kept.drop()


class BatchCache:
    """The dialogues that are generating, as rows of one buffer per layer.

    All rows end at the same column; a step appends one. A row that joins is written so that it ends
    there, and the last row moves into the place of one that leaves, so rows are never copied as a
    whole but when the buffers are full.
    """

    def __init__(self, headroom: int) -> None:
        """Make an empty batch; ``headroom`` is how many steps go by between two moves."""
        self._headroom = headroom
        self._layers: list[Any] = []
        self.lengths: list[int] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def bytes(self) -> int:
        """Memory of the buffers."""
        return sum(layer.bytes for layer in self._layers)

    def join(self, layers: Layers) -> None:
        """Append a row: a dialogue's keys and values so far."""
        length = layers[0][0].shape[-2]
        if not self._layers:
            self._layers = [_layer_class()(keys, values) for keys, values in layers]
        row = len(self.lengths)
        first = self._layers[0]
        if row >= first.rows or not length <= self._end < first.columns:
            self._move(rows=row + 1, longest=max([length, *self.lengths]))
        for layer, (keys, values) in zip(self._layers, layers, strict=True):
            layer.write(row, self._end, keys, values)
        self.lengths.append(length)
        self._view()

    def leave(self, row: int) -> Layers:
        """Take a row out and return its keys and values; the last row takes its number."""
        length = self.lengths[row]
        taken: Layers = [layer.read(row, self._end, length) for layer in self._layers]
        last = len(self.lengths) - 1
        if row != last:
            moved = self.lengths[last]
            for layer in self._layers:
                layer.write(row, self._end, *layer.read(last, self._end, moved))
            self.lengths[row] = moved
        self.lengths.pop()
        self._view()
        return taken

    def before_step(self) -> Any:
        """Make room for one more token in each row; return the cache that the model takes."""
        from transformers.cache_utils import Cache  # noqa: PLC0415

        if self._end + 1 > self._layers[0].columns:
            self._move(rows=len(self.lengths), longest=max(self.lengths))
            self._view()
        return Cache(layers=self._layers)

    def after_step(self) -> None:
        """Count the token that each row got."""
        self._end += 1
        self.lengths = [length + 1 for length in self.lengths]
        self._view()

    def _move(self, *, rows: int, longest: int) -> None:
        """Move the rows to buffers that have room for ``rows`` of ``longest`` and some steps."""
        end = longest
        rows = max(rows, min(2 * rows, 2 * len(self.lengths)))
        for layer in self._layers:
            layer.move(self.lengths, self._end, end, rows, end + self._headroom)
        self._end = end

    def _view(self) -> None:
        width = max(self.lengths, default=0)
        for layer in self._layers:
            layer.view(len(self.lengths), self._end - width, self._end)


@cache
def _layer_class() -> type[Any]:
    """Return the class of a layer; made here, since its base comes with transformers."""
    import torch  # noqa: PLC0415
    from transformers.cache_utils import DynamicLayer  # noqa: PLC0415

    class BatchLayer(DynamicLayer):  # type: ignore[misc]  # transformers is not typed
        """One layer's buffers, of which a model sees the rows and columns in use."""

        def __init__(self, keys: Any, values: Any) -> None:
            """Make empty buffers for rows that look like these."""
            super().__init__()
            self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
            self._buffers = [t.new_zeros(0, t.shape[1], 0, t.shape[3]) for t in (keys, values)]
            self._n = self._start = self._stop = 0

        @property
        def rows(self) -> int:
            return int(self._buffers[0].shape[0])

        @property
        def columns(self) -> int:
            return int(self._buffers[0].shape[2])

        @property
        def bytes(self) -> int:
            return sum(b.numel() * b.element_size() for b in self._buffers)

        def view(self, rows: int, start: int, stop: int) -> None:
            self._n, self._start, self._stop = rows, start, stop
            self.keys, self.values = (b[:rows, :, start:stop] for b in self._buffers)

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            """Append one token to each row in use; return all of them."""
            for buffer, new in zip(self._buffers, (keys, values), strict=True):
                buffer[: self._n, :, self._stop] = new[:, :, 0]
            seen = [b[: self._n, :, self._start : self._stop + 1] for b in self._buffers]
            return seen[0], seen[1]

        def read(self, row: int, end: int, length: int) -> tuple[Any, Any]:
            keys, values = (b[row : row + 1, :, end - length : end].clone() for b in self._buffers)
            return keys, values

        def write(self, row: int, end: int, keys: Any, values: Any) -> None:
            for buffer, new in zip(self._buffers, (keys, values), strict=True):
                buffer[row, :, end - new.shape[2] : end] = new[0]

        def move(self, lengths: list[int], end: int, new_end: int, rows: int, columns: int) -> None:
            moved = []
            for old in self._buffers:
                new = torch.zeros(rows, old.shape[1], columns, old.shape[3]).to(old)
                for row, length in enumerate(lengths):
                    new[row, :, new_end - length : new_end] = old[row, :, end - length : end]
                moved.append(new)
            self._buffers = moved

    return BatchLayer
