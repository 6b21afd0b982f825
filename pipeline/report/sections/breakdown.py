"""By group: the heat map of specialties, and source, modality, health system, language.

In: an ``Analysis``. Out: sections.
"""

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.groups import SMALL, SUPPRESSED, Groups, Key
from pipeline.report.blocks import Block, Cell, Section, Table, Text, row
from pipeline.report.format import count, title
from pipeline.report.headline import HEADLINES
from pipeline.stats.composite import oriented
from pipeline.stats.percent import percent, span
from pipeline.tables.schemas import ALL

_STEPS = 7  # of the heat scale
_KINDS = ("source", "modality", "health_system", "language", "release")


def specialties(analysis: Analysis) -> Section:
    """Specialty by measure, shaded."""
    groups = analysis.groups
    keys = [ALL, *(("specialty", name) for name in groups.names("specialty"))]
    table = _table(groups, keys, "Specialty and measure; stronger shading is better", shaded=True)
    text = Text("Shading follows the value, with the hallucination rate inverted.")
    return Section("specialties", "By specialty", (text, table))


def other_groups(analysis: Analysis) -> Section:
    """One table each by source, modality, health system, language and release."""
    blocks: list[Block] = []
    for kind in _KINDS:
        keys = [(kind, name) for name in analysis.groups.names(kind)]
        caption = f"By {title(kind).lower()}"
        blocks.append(_table(analysis.groups, keys, caption, shaded=False))
    if any(analysis.groups.few((k, n)) for k in _KINDS for n in analysis.groups.names(k)):
        blocks.insert(0, Text(f"Too few: fewer than {SMALL} patients."))
    return Section("groups", "By source, modality, health system and language", tuple(blocks))


def value_cell(groups: Groups, metric: str, key: Key, shaded: bool = False) -> Cell:
    """Word one value of a group: with its interval, as too few, or withheld."""
    found = groups.row(metric, key)
    if key in groups.hidden:
        return Cell("withheld", tone="few")
    if groups.few(key):
        return Cell("too few", tone="few")
    if found is None or found["value"] is None:
        return Cell("n/a", note="" if found is None else found["reason"] or "", tone="few")
    tone = f"h{_step(metric, found['value'])}" if shaded else ""
    return Cell(percent(found["value"]), span(found["ci_low"], found["ci_high"]), tone)


def patients_cell(groups: Groups, key: Key) -> Cell:
    """Word how many patients a group has."""
    if key in groups.hidden:
        return Cell("withheld", tone="few")
    return Cell(count(groups.patients.get(key, 0)))


def _table(groups: Groups, keys: list[Key], caption: str, shaded: bool) -> Table:
    rows = []
    for key in keys:
        cells = [value_cell(groups, metric, key, shaded) for metric in HEADLINES]
        rows.append(
            row(
                "All" if key == ALL else _name(key),
                patients_cell(groups, key),
                _dialogues(groups, key),
                *cells,
            )
        )
    if any(key in groups.hidden for key in keys):
        caption += f" ({SUPPRESSED.split(':')[0]} where withheld)"
    head = ("Group", "Patients", "Dialogues", *(title(m) for m in HEADLINES))
    return Table(caption, head, tuple(rows))


def _dialogues(groups: Groups, key: Key) -> Cell:
    found = groups.row("turn_accuracy", key)
    if key in groups.hidden or found is None:
        return Cell("withheld", tone="few")
    return Cell(count(found["n_dialogues"]))


def _name(key: Key) -> str:
    """Name a group; our own identifiers lose their underscores, others stay as they are."""
    return key[1].replace("_", "-") if key[0] == "health_system" else key[1]


def _step(metric: str, value: float) -> int:
    return min(_STEPS - 1, int(oriented(metric, value) * _STEPS))
