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

from actors.boxes.dialects import DIALECTS
from conf.schema import METRICS
from pipeline.leaderboard.published import NOTE, PUBLISHED, Published
from pipeline.leaderboard.tables import markdown_table, terminal_table
from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import FEW_NOTE, NONE, cell, flagged
from pipeline.tables.schemas import ALL

COLUMNS = (OVERALL, *METRICS)
_BOARD = ("dataset", "release", "content", "limit", "dropped", "weights", "prompt", "sampling")
_TITLES = [name.replace("_", " ").capitalize() for name in COLUMNS]
_HEAD = ("Rank", "Model", "Run", "Finished", "Dialogues", "Patients", "Failed", "Boxes", *_TITLES)
_PUBLISHED_HEAD = (
    "Model",
    *(f"{name}, implied" if name == "Reasoning coherence" else name for name in _TITLES),
    "Remark",
)
_HOW = (
    "Percent, with the interval over patients. Hallucination: lower is better. Failed: dialogues "
    "with a failed turn, which counts as wrong. Runs whose intervals overlap may be equal; "
    "`imcbench gate` compares two runs dialogue by dialogue. " + FEW_NOTE
)


@dataclass(frozen=True, kw_only=True)
class Value:
    """One measure of one run, 0..1, with its interval; None where undefined."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_clusters: int | None
    flags: tuple[str, ...] = ()


_UNDEFINED = Value(value=None, ci_low=None, ci_high=None, n_clusters=None)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One run. ``rank`` is None where the overall score is undefined."""

    rank: int | None
    model: str
    run_id: str
    finished: datetime
    n_dialogues: int
    n_failed: int
    n_clusters: int | None
    box_dialect: str
    values: dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Board:
    """Runs that were asked the same dialogues in the same way and are weighed alike; best first.

    ``regions``: whether the models write boxes, points or none; a point is found more easily.
    """

    dataset: str
    release: str
    content: str
    limit: int | None
    dropped: int
    weights: str
    prompt: str
    sampling: str
    regions: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        """The dialogues, for people."""
        first = "" if self.limit is None else f", the first {self.limit} dialogues"
        less = f", without {self.dropped} faulty ones" if self.dropped else ""
        return (
            f"{self.dataset} {self.release}{first}{less} ({self.content[:19]}), "
            f"regions as {self.regions}, prompt {self.prompt}"
        )


def boards(catalog: pa.Table) -> list[Board]:
    """Return the catalog's runs as boards, the one with the most runs first."""
    by_board: dict[tuple[Any, ...], dict[str, list[dict[str, Any]]]] = {}
    for row in catalog.to_pylist():
        if (row["group_kind"], row["group"]) == ALL and row["metric"] in COLUMNS:
            key = (*(row[name] for name in _BOARD), _regions(row["box_dialect"]))
            runs = by_board.setdefault(key, {})
            runs.setdefault(f"{row['model']}/{row['run_id']}", []).append(row)
    ranked = [
        Board(
            **dict(zip((*_BOARD, "regions"), key, strict=True)), entries=_ranked([*runs.values()])
        )
        for key, runs in by_board.items()
    ]
    return sorted(ranked, key=lambda b: (-len(b.entries), b.title, b.weights, b.sampling))


def _regions(dialect: str) -> str:
    """Return what a dialect says where something is in."""
    known = DIALECTS.get(dialect)
    if known is None:
        return dialect
    return "points" if known.point else "boxes" if known.has_boxes else "sites named in the text"


def leaderboard_markdown(ranked: Sequence[Board]) -> str:
    """Return all boards and the published table as Markdown."""
    out = ["# Leaderboard", ""]
    for board in ranked:
        out += [f"## {board.title}", ""]
        out += markdown_table(_HEAD, [_cells(entry) for entry in board.entries])
        out += ["", f"Weights of the overall score: {_weights(board)}.", ""]
        out += [f"Sampling: {_sampling(board)}.", ""]
    out += [_HOW, "", "## Published figures", "", f"**{NOTE}**", ""]
    out += markdown_table(_PUBLISHED_HEAD, [_published_cells(p) for p in PUBLISHED])
    return "\n".join([*out, ""])


def leaderboard_document(ranked: Sequence[Board]) -> dict[str, Any]:
    """Return the same as JSON values; own figures are shares (0..1), published ones percent."""
    own = []
    for board in ranked:
        entries = [asdict(e) | {"finished": e.finished.isoformat()} for e in board.entries]
        read = {name: json.loads(getattr(board, name)) for name in ("weights", "sampling")}
        own.append(asdict(board) | read | {"entries": entries})
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
    names = ("model", "run_id", "finished", "n_dialogues", "n_failed", "box_dialect")
    fields = ("value", "ci_low", "ci_high", "n_clusters")
    values = {
        r["metric"]: Value(**{f: r[f] for f in fields}, flags=tuple(r["flags"] or ())) for r in rows
    }
    clusters = max((v.n_clusters for v in values.values() if v.n_clusters), default=None)
    common = {name: first[name] for name in names}
    return Entry(rank=None, values=values, n_clusters=clusters, **common)


def _cells(entry: Entry) -> list[str]:
    rank = "-" if entry.rank is None else str(entry.rank)
    finished = entry.finished.strftime("%Y-%m-%d %H:%M")
    clusters = NONE if entry.n_clusters is None else str(entry.n_clusters)
    counts = [str(entry.n_dialogues), clusters, str(entry.n_failed)]
    values = [entry.values.get(name, _UNDEFINED) for name in COLUMNS]
    cells = [flagged(cell(v.value, v.ci_low, v.ci_high), v.flags) for v in values]
    return [rank, entry.model, entry.run_id, finished, *counts, entry.box_dialect, *cells]


def _published_cells(one: Published) -> list[str]:
    return [one.name, *(NONE if v is None else f"{v:.1f}" for v in one.shown), one.remark]


def _weights(board: Board) -> str:
    return ", ".join(f"{k.replace('_', ' ')} {v:g}" for k, v in json.loads(board.weights).items())


def _sampling(board: Board) -> str:
    return ", ".join(f"{k} {v}" for k, v in json.loads(board.sampling).items())
