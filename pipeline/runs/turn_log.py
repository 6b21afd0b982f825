"""What the turn outputs of a run say about its course: how far, how fast, what failed.

In: a run directory's turns/*.parquet, read and nothing else. Out: ``TurnLog`` and rates.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actors.schema import TURN_SCHEMA
from actors.storage.files import list_files, read_parquet
from conf.errors import BrokenFile

_COLUMNS = ("dialogue_id", "status", "error", "finish_reason", "started_at", "latency_s")
_SCHEMA = pa.schema([TURN_SCHEMA.field(name) for name in _COLUMNS])
_NUMBER = re.compile(r"\b[0-9][\w.,]*|\b[0-9a-f]{8,}\b|'[^']*'|\"[^\"]*\"")
_STEADY = (0.1, 0.9)  # engines fill up before and drain after


@dataclass(frozen=True, kw_only=True)
class TurnLog:
    """All turns of a run that were written; ``broken`` files could not be read."""

    table: pa.Table
    broken: tuple[str, ...]

    @property
    def dialogues(self) -> int:
        """How many dialogues have their rows."""
        return int(pc.count_distinct(self.table["dialogue_id"]).as_py())

    @property
    def failed(self) -> int:
        """How many turns failed."""
        return int(pc.sum(pc.equal(self.table["status"], "failed")).as_py() or 0)

    @property
    def cut_off(self) -> int:
        """How many answers ended at the length limit."""
        return int(pc.sum(pc.equal(self.table["finish_reason"], "length")).as_py() or 0)

    def ends(self) -> npt.NDArray[np.float64]:
        """Return the seconds since 1970 at which turns ended, sorted; untimed ones are left out."""
        return np.sort(self._spans()[:, 1])

    def first_start(self, *, after: float) -> float | None:
        """Return the first time at or after ``after`` at which a turn was asked, as ``ends``."""
        starts = self._spans()[:, 0]
        starts = starts[starts >= after]
        return float(starts.min()) if len(starts) else None

    def rate(self, last_s: float) -> float | None:
        """Turns per second over the ``last_s`` seconds before the latest turn's end.

        None where turns carry no time. A younger run counts from its first turn.
        """
        spans = self._spans()
        if not len(spans):
            return None
        last = spans[:, 1].max()
        start = max(last - last_s, spans[:, 0].min())
        if last <= start:
            return None
        return float((spans[:, 1] > start).sum() / (last - start))

    def steady_rate(self) -> float | None:
        """Turns per second while the engines were full: over the middle 80 % of the turns.

        Times when nothing was asked, such as between two passes, do not count.
        """
        spans = self._spans()
        ends = np.sort(spans[:, 1])
        if len(ends) < 10:
            return None
        low, high = (int(q * (len(ends) - 1)) for q in _STEADY)
        seconds = _busy(spans, ends[low], ends[high])
        return float((high - low) / seconds) if seconds > 0 else None

    def latency(self) -> float | None:
        """Median seconds of an answered turn."""
        ok = self.table.filter(pc.equal(self.table["status"], "ok"))
        value = pc.approximate_median(ok["latency_s"]).as_py()
        return None if value is None else float(value)

    def failures(self) -> dict[str, int]:
        """Count failed turns by reason; reasons that differ in numbers and names only are one."""
        failed = self.table.filter(pc.equal(self.table["status"], "failed"))
        counts: dict[str, int] = {}
        for error in failed["error"].to_pylist():
            reason = kind_of_failure(error)
            counts[reason] = counts.get(reason, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def _spans(self) -> npt.NDArray[np.float64]:
        """Return start and end of each turn in seconds since 1970, shape (turns, 2)."""
        timed = self.table.filter(
            pc.and_(pc.is_valid(self.table["started_at"]), pc.is_valid(self.table["latency_s"]))
        )
        starts = timed["started_at"].cast(pa.int64()).to_numpy() / 1000
        return np.stack([starts, starts + timed["latency_s"].to_numpy()], axis=1)


def kind_of_failure(error: str | None) -> str:
    """Return why a turn failed without numbers and quoted names, so that equal causes are equal."""
    return _NUMBER.sub("…", error or "no reason given")


def read_turn_log(folder: str) -> TurnLog:
    """Read a turns folder; files of a killed writer are named, not touched."""
    tables, broken = [], []
    for uri in list_files(folder, ".parquet"):
        try:
            tables.append(read_parquet(uri, _SCHEMA.names, schema=_SCHEMA))
        except BrokenFile:
            broken.append(uri)
    table = pa.concat_tables([_SCHEMA.empty_table(), *tables])
    return TurnLog(table=table, broken=tuple(broken))


def _busy(spans: npt.NDArray[np.float64], start: float, end: float) -> float:
    """Sum the seconds within [start, end] at which at least one turn was in the works."""
    clipped = np.clip(spans, start, end)
    clipped = clipped[clipped[:, 0] < clipped[:, 1]]
    clipped = clipped[np.argsort(clipped[:, 0])]
    seconds, reached = 0.0, start
    for begin, finish in clipped:
        if finish > reached:
            seconds += finish - max(begin, reached)
            reached = finish
    return float(seconds)
