"""Leaderboards: runs on the same dialogues, ranked, with the published table clearly apart.

In: the catalogue of an output folder. Out: one ``Board`` per set of dialogues and weights, as
Markdown, JSON or a rich table.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from rich.table import Table

from conf.schema import METRICS
from pipeline.leaderboard.published import NOTE, PUBLISHED, Published
from pipeline.stats.composite import OVERALL
from pipeline.tables.schemas import ALL

COLUMNS = (OVERALL, *METRICS)
_BOARD = ("dataset", "release", "content", "limit", "dropped", "weights")
_RUN = ("Rank", "Model", "Run", "Finished", "Dialogues", "Failed", "Boxes")
_HOW = (
    "Percent, with the interval over patients. Hallucination: lower is better. Failed: dialogues "
    "with a failed turn, which counts as wrong. Runs whose intervals overlap may be equal; "
    "`imcbench gate` compares two runs dialogue by dialogue."
)


@dataclass(frozen=True, kw_only=True)
class Value:
    """One measure of one run, 0..1, with its interval; None where undefined."""

    value: float | None
    ci_low: float | None
    ci_high: float | None

    def __str__(self) -> str:
        """Write it in percent."""
        if self.value is None:
            return "n/a"
        if self.ci_low is None or self.ci_high is None:
            return f"{100 * self.value:.1f}"
        return f"{100 * self.value:.1f} ({100 * self.ci_low:.1f}-{100 * self.ci_high:.1f})"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run. ``rank`` is None where the overall score is undefined."""

    rank: int | None
    model: str
    run_id: str
    finished: datetime
    n_dialogues: int
    n_failed: int
    box_dialect: str
    sampling: str
    values: dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Board:
    """Runs that were asked the same dialogues and are weighed alike; best first."""

    dataset: str
    release: str
    content: str
    limit: int | None
    dropped: int
    weights: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        """Name the dialogues."""
        first = "" if self.limit is None else f", the first {self.limit} dialogues"
        less = f", without {self.dropped} faulty ones" if self.dropped else ""
        return f"{self.dataset} {self.release}{first}{less} ({self.content[:19]})"


def boards(catalogue: pa.Table) -> list[Board]:
    """Sort the catalogue's runs into boards, the one with the most runs first."""
    by_board: dict[tuple[Any, ...], dict[str, list[dict[str, Any]]]] = {}
    for row in catalogue.to_pylist():
        if (row["group_kind"], row["group"]) == ALL and row["metric"] in COLUMNS:
            runs = by_board.setdefault(tuple(row[name] for name in _BOARD), {})
            runs.setdefault(f"{row['model']}/{row['run_id']}", []).append(row)
    found = [
        Board(**dict(zip(_BOARD, key, strict=True)), entries=_ranked([*runs.values()]))
        for key, runs in by_board.items()
    ]
    return sorted(found, key=lambda board: (-len(board.entries), board.title, board.weights))


def leaderboard_markdown(found: Sequence[Board]) -> str:
    """Write all boards and the published table as Markdown."""
    out = ["# Leaderboard", ""]
    for board in found:
        out += [f"## {board.title}", "", *_markdown(_head(), [_cells(e) for e in board.entries])]
        out += ["", f"Weights of the overall score: {_weights(board)}.", ""]
    out += [_HOW, "", "## Published figures", "", f"**{NOTE}**", ""]
    out += _markdown(_published_head(), [_published_cells(p) for p in PUBLISHED])
    return "\n".join([*out, ""])


def leaderboard_document(found: Sequence[Board]) -> dict[str, Any]:
    """Return the same as JSON values; own figures are shares (0..1), published ones percent."""
    own = []
    for board in found:
        entries = [asdict(e) | {"finished": e.finished.isoformat()} for e in board.entries]
        own.append(asdict(board) | {"weights": json.loads(board.weights), "entries": entries})
    published = {"note": NOTE, "unit": "percent", "rows": [asdict(p) for p in PUBLISHED]}
    return {"schema_version": 1, "boards": own, "published": published}


def board_table(board: Board) -> Table:
    """Lay one board out for a terminal."""
    table = Table(title=board.title, caption=_HOW)
    for name in _head():
        table.add_column(name, justify="left" if name in ("Model", "Run", "Boxes") else "right")
    for entry in board.entries:
        table.add_row(*_cells(entry))
    return table


def published_table() -> Table:
    """Lay the published figures out for a terminal."""
    table = Table(title="Published: OTHER DATA, NOT COMPARABLE", caption=NOTE)
    for name in _published_head():
        table.add_column(name, justify="left" if name in ("Model", "Remark") else "right")
    for one in PUBLISHED:
        table.add_row(*_published_cells(one))
    return table


def _ranked(runs: list[list[dict[str, Any]]]) -> tuple[Entry, ...]:
    """Order runs by their overall score; equal scores share a rank."""
    entries = [_entry(rows) for rows in runs]
    scores = [e.values[OVERALL].value for e in entries]
    known = [s for s in scores if s is not None]
    ranked = [
        (None if score is None else 1 + sum(other > score for other in known), entry)
        for score, entry in zip(scores, entries, strict=True)
    ]
    ranked.sort(key=lambda item: (item[0] is None, item[0], item[1].model, item[1].run_id))
    return tuple(Entry(**(vars(entry) | {"rank": rank})) for rank, entry in ranked)


def _entry(rows: list[dict[str, Any]]) -> Entry:
    first = rows[0]
    names = ("model", "run_id", "finished", "n_dialogues", "n_failed", "box_dialect", "sampling")
    values = {
        r["metric"]: Value(value=r["value"], ci_low=r["ci_low"], ci_high=r["ci_high"]) for r in rows
    }
    return Entry(rank=None, values=values, **{name: first[name] for name in names})


def _head() -> list[str]:
    return [*_RUN, *(_title(name) for name in COLUMNS)]


def _cells(entry: Entry) -> list[str]:
    rank = "-" if entry.rank is None else str(entry.rank)
    finished = entry.finished.strftime("%Y-%m-%d %H:%M")
    counts = [str(entry.n_dialogues), str(entry.n_failed)]
    values = [str(entry.values[name]) if name in entry.values else "n/a" for name in COLUMNS]
    return [rank, entry.model, entry.run_id, finished, *counts, entry.box_dialect, *values]


def _published_head() -> list[str]:
    titles = [_title(n) if n != "reasoning_coherence" else f"{_title(n)}, implied" for n in COLUMNS]
    return ["Model", *titles, "Remark"]


def _published_cells(one: Published) -> list[str]:
    return [one.name, *("n/a" if v is None else f"{v:.1f}" for v in one.shown), one.remark]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _weights(board: Board) -> str:
    return ", ".join(f"{_title(k).lower()} {v:g}" for k, v in json.loads(board.weights).items())


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return [lines[0], "|" + " --- |" * len(head), *lines[1:]]
