"""This run against others: differences with intervals, a forest plot, flipped turns, leaderboard.

In: an ``Analysis`` with comparisons. Out: sections.
"""

from conf.schema import METRICS
from pipeline.leaderboard.published import NOTE, PUBLISHED, Published
from pipeline.report.analysis.analyse import Analysis, values
from pipeline.report.analysis.comparison import Comparison
from pipeline.report.analysis.groups import Groups, Key
from pipeline.report.blocks import Block, Cell, Figure, Section, Table, Text, row
from pipeline.report.charts import Mark, interval_chart
from pipeline.report.format import count, p_value, title
from pipeline.report.headline import HEADLINES
from pipeline.report.inputs import RunData
from pipeline.stats.composite import OVERALL, overall_value
from pipeline.stats.paired import PairedDifference
from pipeline.stats.percent import NONE, percent, points, points_span
from pipeline.tables.schemas import ALL


def comparison(analysis: Analysis) -> Section:
    """Return paired differences by measure and, for the overall score, by specialty."""
    note = (
        "Both runs answered the same dialogues; differences are paired by patient. Percentage "
        "points, this run minus the other, turned so that positive is better for this run. "
        "p: two-sided sign-flip test over patients, Holm-corrected over the five rows."
    )
    blocks: list[Block] = [Text(note)]
    for one in analysis.comparisons:
        blocks += _against(one, analysis)
    return Section("comparison", "Compared with other runs", tuple(blocks))


def leaderboard(analysis: Analysis) -> Section:
    """Return these runs by overall score, and the published table apart from them."""
    head = ("Run", *(title(m) for m in HEADLINES))
    ranked = sorted(analysis.runs, key=lambda run: -(_overall(run, analysis) or -1.0))
    these = tuple(row(run.label, *_cells(run, analysis)) for run in ranked)
    published = tuple(row(one.name, *_published(one)) for one in PUBLISHED)
    return Section(
        "leaderboard",
        "Leaderboard and the published table",
        (
            Table("These runs, on the same dialogues", head, these),
            Text(NOTE, note=True),
            Table("Published elsewhere: other data, not comparable", head, published),
        ),
    )


def _against(one: Comparison, analysis: Analysis) -> list[Block]:
    label, groups = one.other.label, analysis.groups
    rows = []
    for metric in HEADLINES:
        difference = one.differences.get((*ALL, metric))
        if difference is not None:
            rows.append(_row(metric, difference, one.adjusted.get(metric), groups.few(ALL)))
    head = ("Measure", "This run", label, "Difference", "Interval", "p")
    table = Table(f"This run against {label}", head, tuple(rows))
    marks, lines = [], []
    for key in [(*ALL, OVERALL), *_specialty_keys(one)]:
        difference = one.differences[key]
        name = "All" if key[:2] == ALL else key[1]
        lines.append(_line(name, difference, groups, key[:2]))
        if difference.difference is not None and not groups.few(key[:2]):
            marks.append(_mark(name, difference))
    caption = f"Difference of the overall score against {label}, by specialty"
    forest = Table(caption, ("Specialty", "Patients", "Difference", "Interval"), tuple(lines))
    label_of_marks = "; ".join(mark.description for mark in marks)
    axis = "points; above 0: this run is better"
    svg = interval_chart(marks, f"{caption}. {label_of_marks}", axis, percent=False)
    return [table, Figure(svg=svg, table=forest), _flips(one)]


def _row(metric: str, one: PairedDifference, p: float | None, few: bool) -> tuple[Cell, ...]:
    if few:
        return row(title(metric), *(Cell("too few", tone="few") for _ in range(5)))
    return row(
        title(metric),
        percent(one.candidate),
        percent(one.baseline),
        Cell(points(one.difference), tone=_tone(one)),
        Cell(points_span(one.low, one.high) or NONE, note=one.reason or ""),
        p_value(p),
    )


def _line(name: str, one: PairedDifference, groups: Groups, key: Key) -> tuple[Cell, ...]:
    if groups.few(key):
        n = "withheld" if key in groups.hidden else count(groups.patients[key])
        return row(name, n, Cell("too few", tone="few"), Cell("", tone="few"))
    interval = points_span(one.low, one.high) or one.reason or NONE
    shown = Cell(points(one.difference), tone=_tone(one))
    return row(name, count(groups.patients[key]), shown, interval)


def _mark(name: str, one: PairedDifference) -> Mark:
    worded = f"{name}: {points(one.difference)} points ({points_span(one.low, one.high)})"
    return Mark(label=name, value=one.difference, low=one.low, high=one.high, description=worded)


def _flips(one: Comparison) -> Table:
    f, label = one.flips, one.other.label
    rows = (
        row("This run right", count(f.both), count(f.only_this)),
        row("This run wrong", count(f.only_other), count(f.neither)),
    )
    return Table(
        f"Turns right and wrong in both runs; {len(f.gained.keys() | f.lost.keys()):,} dialogues "
        "hold a turn that flipped",
        ("Turns", f"{label} right", f"{label} wrong"),
        rows,
    )


def _specialty_keys(one: Comparison) -> list[tuple[str, str, str]]:
    return sorted(k for k in one.differences if k[0] == "specialty" and k[2] == OVERALL)


def _tone(one: PairedDifference) -> str:
    """Return better or worse for a difference whose interval leaves 0 out."""
    if one.low is None or one.high is None or one.low <= 0 <= one.high:
        return ""
    return "better" if one.low > 0 else "worse"


def _overall(run: RunData, analysis: Analysis) -> float | None:
    return overall_value(values(run), analysis.data.scoring.weights)


def _cells(run: RunData, analysis: Analysis) -> list[str]:
    if analysis.groups.few(ALL):
        return ["too few"] * len(HEADLINES)
    measures = values(run)
    return [percent(_overall(run, analysis)), *(percent(measures[m]) for m in METRICS)]


def _published(one: Published) -> list[Cell]:
    """Return a published row; reasoning coherence was implied, not published."""
    cells = [Cell(NONE if v is None else f"{v:.1f}%") for v in one.shown]
    if one.implied_reasoning_coherence is not None:
        cells[3] = Cell(cells[3].text, note="implied")
    if one.remark:
        cells[0] = Cell(cells[0].text, note=one.remark)
    return cells
