"""Leaderboards: runs on the same dialogues, ranked, with the published table clearly apart.

In: the catalog of an output folder. Out: one ``Board`` per set of dialogues and weights, as
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
from pipeline.leaderboard.tables import markdown_table, terminal_table
from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import NONE, cell
from pipeline.tables.schemas import ALL

COLUMNS = (OVERALL, *METRICS)
_BOARD = ("dataset", "release", "content", "limit", "dropped", "weights")
_TITLES = [name.replace("_", " ").capitalize() for name in COLUMNS]
_HEAD = ("Rank", "Model", "Run", "Finished", "Dialogues", "Failed", "Boxes", *_TITLES)
_PUBLISHED_HEAD = (
    "Model",
    *(f"{name}, implied" if name == "Reasoning coherence" else name for name in _TITLES),
    "Remark",
)
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


_UNDEFINED = Value(value=None, ci_low=None, ci_high=None)


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
        """The dialogues, for people."""
        first = "" if self.limit is None else f", the first {self.limit} dialogues"
        less = f", without {self.dropped} faulty ones" if self.dropped else ""
        return f"{self.dataset} {self.release}{first}{less} ({self.content[:19]})"


def boards(catalog: pa.Table) -> list[Board]:
    """Return the catalog's runs as boards, the one with the most runs first."""
    by_board: dict[tuple[Any, ...], dict[str, list[dict[str, Any]]]] = {}
    for row in catalog.to_pylist():
        if (row["group_kind"], row["group"]) == ALL and row["metric"] in COLUMNS:
            runs = by_board.setdefault(tuple(row[name] for name in _BOARD), {})
            runs.setdefault(f"{row['model']}/{row['run_id']}", []).append(row)
    ranked = [
        Board(**dict(zip(_BOARD, key, strict=True)), entries=_ranked([*runs.values()]))
        for key, runs in by_board.items()
    ]
    return sorted(ranked, key=lambda board: (-len(board.entries), board.title, board.weights))


def leaderboard_markdown(ranked: Sequence[Board]) -> str:
    """Return all boards and the published table as Markdown."""
    out = ["# Leaderboard", ""]
    for board in ranked:
        out += [f"## {board.title}", ""]
        out += markdown_table(_HEAD, [_cells(entry) for entry in board.entries])
        out += ["", f"Weights of the overall score: {_weights(board)}.", ""]
    out += [_HOW, "", "## Published figures", "", f"**{NOTE}**", ""]
    out += markdown_table(_PUBLISHED_HEAD, [_published_cells(p) for p in PUBLISHED])
    return "\n".join([*out, ""])


def leaderboard_document(ranked: Sequence[Board]) -> dict[str, Any]:
    """Return the same as JSON values; own figures are shares (0..1), published ones percent."""
    own = []
    for board in ranked:
        entries = [asdict(e) | {"finished": e.finished.isoformat()} for e in board.entries]
        own.append(asdict(board) | {"weights": json.loads(board.weights), "entries": entries})
    published = {"note": NOTE, "unit": "percent", "rows": [asdict(p) for p in PUBLISHED]}
    return {"schema_version": 1, "boards": own, "published": published}


def board_table(board: Board) -> Table:
    """Return one board for a terminal."""
    rows = [_cells(entry) for entry in board.entries]
    return terminal_table(_HEAD, rows, ("Model", "Run", "Boxes"), board.title, _HOW)


def published_table() -> Table:
    """Return the published figures for a terminal."""
    rows = [_published_cells(one) for one in PUBLISHED]
    title = "Published: OTHER DATA, NOT COMPARABLE"
    return terminal_table(_PUBLISHED_HEAD, rows, ("Model", "Remark"), title, NOTE)


def _ranked(runs: list[list[dict[str, Any]]]) -> tuple[Entry, ...]:
    """Return runs ordered by their overall score; equal scores share a rank."""
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


def _cells(entry: Entry) -> list[str]:
    rank = "-" if entry.rank is None else str(entry.rank)
    finished = entry.finished.strftime("%Y-%m-%d %H:%M")
    counts = [str(entry.n_dialogues), str(entry.n_failed)]
    values = [entry.values.get(name, _UNDEFINED) for name in COLUMNS]
    cells = [cell(v.value, v.ci_low, v.ci_high) for v in values]
    return [rank, entry.model, entry.run_id, finished, *counts, entry.box_dialect, *cells]


def _published_cells(one: Published) -> list[str]:
    return [one.name, *(NONE if v is None else f"{v:.1f}" for v in one.shown), one.remark]


def _weights(board: Board) -> str:
    return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in json.loads(board.weights).items())
