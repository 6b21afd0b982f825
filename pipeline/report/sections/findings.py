"""By finding: what was found, missed and made up; and what turns without an answer leave open.

In: an ``Analysis``. Out: sections.
"""

from collections.abc import Sequence

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.groups import SMALL
from pipeline.report.blocks import Block, Cell, Section, Table, Text, row
from pipeline.report.format import count, title
from pipeline.report.inputs import Row
from pipeline.stats.percent import NONE, percent, span
from pipeline.tables.findings import EVERYTHING, RATES

_COUNTS = ("tp", "fn", "fp", "tn", "uncertain", "not_mentioned")
_LISTED = 50  # missed critical findings; the file has all
_OPEN = ("failed", "refused", "truncated", "unparseable", "uncertain")


def findings(analysis: Analysis) -> Section:
    """Return counts and rates by finding, by specialty and by size, and what was missed."""
    rows = analysis.findings
    if not rows:
        return Section("findings", "By finding", (Text("No findings lie beside the scores."),))
    text = Text(
        "One count per present finding and per absent concept of a dialogue, by the last certain "
        "claim. Sensitivity and specificity are of what the model commits itself on; found is of "
        "all present findings, with doubt and silence held against it."
    )
    everywhere = [r for r in rows if r["specialty"] == EVERYTHING and r["size"] == EVERYTHING]
    by_specialty = [r for r in rows if r["specialty"] != EVERYTHING and r["concept"] == EVERYTHING]
    by_size = [r for r in rows if r["size"] != EVERYTHING and r["concept"] == EVERYTHING]
    blocks: list[Block] = [
        text,
        _table("By finding", everywhere, "concept"),
        _table("All findings, by specialty", by_specialty, "specialty"),
        _table("Present findings, by size of the region", by_size, "size"),
        *_missed(analysis),
    ]
    return Section("findings", "By finding", tuple(blocks))


def open_turns(analysis: Analysis) -> Section:
    """Return the turns without a usable answer by measure, and how far they could move it."""
    rows = [
        row(
            title(r["metric"]),
            *(count(r[name]) for name in ("answered", *_OPEN, "unscored")),
            percent(r["value"]),
            percent(r["worst"]),
            percent(r["best"]),
        )
        for r in analysis.outcomes
        if r["specialty"] == EVERYTHING
    ]
    head = ("Measure", "Answered", *map(title, _OPEN), "Dialogues unscored")
    table = Table("Turns that each measure reads", (*head, "Value", "Worst", "Best"), tuple(rows))
    text = Text(
        "Worst and best: the measure if every turn without a usable answer had been answered with "
        "the opposite of what the expert says, and as the expert does."
    )
    blocks = (text, table) if rows else (Text("No outcomes lie beside the scores."),)
    return Section("open-turns", "Turns without an answer", blocks)


def _table(caption: str, rows: Sequence[Row], name: str) -> Table:
    head = (title(name), *(title(c) if len(c) > 2 else c.upper() for c in _COUNTS))
    shown = tuple(
        row(_spoken(r[name]), *(count(r[c]) for c in _COUNTS), *(_rate(r, rate) for rate in RATES))
        for r in rows
    )
    rates = (rate.upper() if len(rate) == 3 else title(rate) for rate in RATES)
    return Table(caption, (*head, *rates), shown)


def _rate(summary: Row, rate: str) -> Cell:
    value = summary[rate]
    if value is None:
        return Cell(NONE, tone="few")
    if summary["n_clusters"] < SMALL:
        return Cell("too few", tone="few")
    return Cell(percent(value), span(summary[f"{rate}_low"], summary[f"{rate}_high"]))


def _missed(analysis: Analysis) -> list[Block]:
    missed = analysis.missed
    if not missed:
        return [Text("No finding that the lexicon calls critical was missed.")]
    rows = tuple(
        row(
            r["dialogue_id"], _spoken(r["concept"]), _spoken(r["site"] or ""), _spoken(r["outcome"])
        )
        for r in missed[:_LISTED]
    )
    more = f", the first {_LISTED} of {count(len(missed))}" if len(missed) > _LISTED else ""
    head = ("Dialogue", "Finding", "Site", "What the model said")
    return [Table(f"Critical findings that were missed{more}", head, rows)]


def _spoken(name: str) -> str:
    words = {"fn": "denied, or placed elsewhere"}.get(name, name)
    return words.replace("_", " ")
