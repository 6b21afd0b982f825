"""Along the dialogue: accuracy by turn, errors that follow errors, things kept in view.

In: an ``Analysis``. Out: sections.
"""

from collections.abc import Sequence

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.groups import Groups
from pipeline.report.blocks import Figure, Section, Table, Text, row
from pipeline.report.charts import interval_chart, line_chart
from pipeline.report.format import count, title
from pipeline.report.sections.breakdown import patients_cell, value_cell, value_mark
from pipeline.tables.schemas import ALL, TURN_INDEX

_CASCADE = ("error_cascade_right_after_right", "error_cascade_right_after_wrong")
_KEPT = (
    "referent_kept_after_switch",
    "referent_kept_after_return",
    "self_consistency",
    "negative_control",
    "grounding_accuracy",
    "grounding_iou",
)
_TYPES = (
    "hallucination_false_finding",
    "hallucination_wrong_site",
    "hallucination_wrong_change",
    "hallucination_false_denial",
    "hallucination_change_without_prior",
    "hallucination_unverifiable",
)
_STRICT = (
    "hallucination_rate",
    "hallucination_rate_lenient",
    "claim_coverage",
    "uncertain_claims",
    "contradiction_rate",
)
_ANSWERS = (
    "unparseable_rate",
    "reasoning_stripped",
    "constant_yes",
    "constant_no",
    "boolean_recall_yes",
    "boolean_recall_no",
    *(f"constant_choice_{letter}" for letter in "ABCDE"),
)


def by_turn(analysis: Analysis) -> Section:
    """Return turn accuracy by the turn's number, and after right and wrong turns."""
    groups = analysis.groups
    keys = [(TURN_INDEX, name) for name in groups.names(TURN_INDEX)]
    shown = [key for key in keys if not groups.few(key)]
    marks = [value_mark(groups, "turn_accuracy", key, key[1]) for key in shown]
    rows = tuple(
        row(key[1], patients_cell(groups, key), value_cell(groups, "turn_accuracy", key))
        for key in keys
    )
    table = Table("Turn accuracy by turn number", ("Turn", "Patients", "Turn accuracy"), rows)
    text = Text(
        "Later turns exist in longer dialogues only, so the dialogues behind each point differ."
    )
    cascade = Text(
        "Error cascade: how often a turn is right after a wrong turn, and after a right one. A gap "
        "means that errors come together: one leads to the next, or some dialogues are harder."
    )
    svg = line_chart(marks, "Turn accuracy by turn number", "turn")
    return Section(
        "turns",
        "Along the dialogue",
        (text, Figure(svg=svg, table=table), cascade, _figure(groups, _CASCADE, "Error cascade")),
    )


def grounding(analysis: Analysis) -> Section:
    """Return how often a thing is pointed at again after a switch of image or subject."""
    text = Text(
        "Kept: consistent pairs of turns about one thing whose regions lie on two images, or with "
        "another thing in between. A model that always points at one place agrees with itself but "
        "gives the same box for different things."
    )
    figure = _figure(analysis.groups, _KEPT, "Where the model looks")
    return Section("grounding", "After a switch and on return", (text, figure))


def hallucination(analysis: Analysis) -> Section:
    """Return hallucination by type, strict and lenient."""
    types = _figure(analysis.groups, _TYPES, "Hallucination by type, share of checkable claims")
    text = Text(
        "Strict counts contradicted and unverifiable claims; lenient leaves unverifiable ones out. "
        "The six types add up to the strict rate. Claim coverage: how often the model commits "
        "itself where the expert does; a model that says little has little to be wrong about."
    )
    strict = _figure(analysis.groups, _STRICT, "Strict, lenient, and how much is claimed")
    return Section("hallucination", "Hallucination by type", (types, text, strict))


def answers(analysis: Analysis) -> Section:
    """Return unreadable answers and what a constant answer would score."""
    text = Text(
        "What a constant answer would score on yes/no and choice turns is the least that a model "
        "should exceed. The mean of the two recalls is 50% for any constant answer."
    )
    table = _table(analysis.groups, _ANSWERS, "Shares over all dialogues")
    return Section("answers", "Answers and baselines", (text, table))


def _figure(groups: Groups, metrics: Sequence[str], caption: str) -> Figure:
    known = [metric for metric in metrics if groups.row(metric) is not None]
    marks = [] if groups.few(ALL) else [value_mark(groups, m, ALL, title(m)) for m in known]
    table = _table(groups, known, caption)
    label = "; ".join(mark.description for mark in marks)
    return Figure(svg=interval_chart(marks, f"{caption}. {label}", "share"), table=table)


def _table(groups: Groups, metrics: Sequence[str], caption: str) -> Table:
    rows = []
    for metric in metrics:
        summary = groups.row(metric)
        if summary is not None:
            sums = f"{count(summary['numerator'])} / {count(summary['denominator'])}"
            if groups.few(ALL):
                sums = "withheld" if ALL in groups.hidden else sums
            rows.append(row(title(metric), value_cell(groups, metric, ALL), sums))
    return Table(caption, ("Measure", "Value", "Sums"), tuple(rows))
