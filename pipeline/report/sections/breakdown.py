"""By group: the heat map of specialties, and source, modality, health system, language.

In: an ``Analysis``. Out: sections.
"""

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.groups import SMALL, SUPPRESSED, Groups, Key
from pipeline.report.blocks import Block, Cell, Section, Table, Text, row
from pipeline.report.charts import Mark
from pipeline.report.format import count, title
from pipeline.report.headline import HEADLINES
from pipeline.stats.composite import oriented
from pipeline.stats.percent import NONE, percent, span, with_span
from pipeline.tables.schemas import ALL

_STEPS = 7  # of the heat scale
_KINDS = ("source", "modality", "health_system", "language", "release")


def specialties(analysis: Analysis) -> Section:
    """Return specialty by measure, shaded."""
    groups = analysis.groups
    keys = [ALL, *(("specialty", name) for name in groups.names("specialty"))]
    table = _table(groups, keys, "Specialty and measure; stronger shading is better", shaded=True)
    text = Text("Shading follows the value, with the hallucination rate inverted.")
    return Section("specialties", "By specialty", (text, table))


def other_groups(analysis: Analysis) -> Section:
    """Return one table each by source, modality, health system, language and release."""
    blocks: list[Block] = []
    for kind in _KINDS:
        keys = [(kind, name) for name in analysis.groups.names(kind)]
        caption = f"By {title(kind).lower()}"
        blocks.append(_table(analysis.groups, keys, caption, shaded=False))
    if any(analysis.groups.few((k, n)) for k in _KINDS for n in analysis.groups.names(k)):
        blocks.insert(0, Text(f"Too few: fewer than {SMALL} patients."))
    return Section("groups", "By source, modality, health system and language", tuple(blocks))


def value_cell(groups: Groups, metric: str, key: Key, shaded: bool = False) -> Cell:
    """Return one value of a group: with its interval, as too few, or withheld."""
    summary = groups.row(metric, key)
    if key in groups.hidden:
        return Cell("withheld", tone="few")
    if groups.few(key):
        return Cell("too few", tone="few")
    if summary is None or summary["value"] is None:
        return Cell(NONE, note="" if summary is None else summary["reason"] or "", tone="few")
    tone = f"h{_step(metric, summary['value'])}" if shaded else ""
    return Cell(percent(summary["value"]), span(summary["ci_low"], summary["ci_high"]), tone)


def value_mark(groups: Groups, metric: str, key: Key, label: str) -> Mark:
    """Return one value of a group for a chart; without a number where it has too few patients."""
    summary = None if groups.few(key) else groups.row(metric, key)
    names = ("value", "ci_low", "ci_high")
    value, low, high = (None if summary is None else summary[name] for name in names)
    description = f"{label}: {with_span(value, low, high)}"
    return Mark(label=label, value=value, low=low, high=high, description=description)


def patients_cell(groups: Groups, key: Key) -> Cell:
    """Return how many patients a group has."""
    if key in groups.hidden:
        return Cell("withheld", tone="few")
    return Cell(count(groups.patients.get(key, 0)))


def _table(groups: Groups, keys: list[Key], caption: str, shaded: bool) -> Table:
    rows = []
    for key in keys:
        name = "All" if key == ALL else _name(key)
        cells = [value_cell(groups, metric, key, shaded) for metric in HEADLINES]
        rows.append(row(name, patients_cell(groups, key), _dialogues(groups, key), *cells))
    if any(key in groups.hidden for key in keys):
        caption += f" ({SUPPRESSED.split(':')[0]} where withheld)"
    head = ("Group", "Patients", "Dialogues", *(title(m) for m in HEADLINES))
    return Table(caption, head, tuple(rows))


def _dialogues(groups: Groups, key: Key) -> Cell:
    summary = groups.row("turn_accuracy", key)
    if key in groups.hidden or summary is None:
        return Cell("withheld", tone="few")
    return Cell(count(summary["n_dialogues"]))


def _name(key: Key) -> str:
    """Return a group's name; identifiers of this project lose their underscores."""
    return key[1].replace("_", "-") if key[0] == "health_system" else key[1]


def _step(metric: str, value: float) -> int:
    return min(_STEPS - 1, int(oriented(metric, value) * _STEPS))
