"""First section: the headline numbers. Last sections: how to read them, and what they do not show.

In: an ``Analysis``. Out: sections.
"""

from conf.schema import METRICS
from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.groups import SMALL
from pipeline.report.blocks import Bullets, Figure, Section, Table, Text, Tile, Tiles, row
from pipeline.report.charts import interval_chart
from pipeline.report.format import count, title
from pipeline.report.headline import HEADLINES
from pipeline.report.sections.breakdown import value_cell, value_mark
from pipeline.stats.composite import INVERTED
from pipeline.stats.percent import NONE, level, percent, points, points_span, span, with_span
from pipeline.tables.schemas import ALL


def overview(analysis: Analysis) -> Section:
    """Return the overall score and the four measures, with intervals and their sums."""
    groups = analysis.groups
    tiles, rows, marks = [], [], []
    for metric in HEADLINES:
        summary = None if groups.few(ALL) else groups.row(metric)
        mark = value_mark(groups, metric, ALL, title(metric))
        marks.append(mark)
        better = "lower is better" if metric in INVERTED else "higher is better"
        why = summary["reason"] if summary and summary["reason"] else better
        shown = value_cell(groups, metric, ALL).text
        tiles.append(Tile(title(metric), shown, span(mark.low, mark.high), why))
        weight = analysis.data.scoring.weights.get(metric)
        rows.append(
            row(
                title(metric),
                with_span(mark.value, mark.low, mark.high) if summary else shown,
                count(summary["numerator"]) if summary else NONE,
                count(summary["denominator"]) if summary else NONE,
                "" if weight is None else percent(weight),
                count(summary["n_unscored"]) if summary and metric in METRICS else "",
                _above(metric, analysis),
            )
        )
    head = ("Measure", "Value (interval)", "Numerator", "Denominator", "Weight", "Unscored")
    above = "Above the text-only prior"
    table = Table("The overall score and its four measures", (*head, above), tuple(rows))
    svg = interval_chart(marks, _worded(tiles), "share")
    people = analysis.flow
    scope = (
        f"{count(people.dialogues)} dialogues of {count(people.patients)} patients, "
        f"{count(people.turns)} turns. Intervals: {level(analysis.data.scoring.confidence)}, "
        "by resampling patients."
    )
    blocks = (
        Text(scope),
        Tiles(tuple(tiles)),
        Figure(svg=svg, table=table),
        Text(_floor(analysis)),
    )
    return Section("overview", "Overview", blocks)


def _floor(analysis: Analysis) -> str:
    if analysis.floor is not None:
        return (
            f"Above the text-only prior: less what {analysis.floor.label} scores, which answers "
            "from the words of the questions and sees no image; in percentage points, positive is "
            "better."
        )
    return (
        "What the words of the questions give without an image is not shown: compare with a run of "
        "the text-only prior (model.backend=scripted model.source=text_prior) on these dialogues."
    )


def _above(metric: str, analysis: Analysis) -> str:
    """Return how far a measure lies above the text-only prior's, with its interval."""
    for one in analysis.comparisons:
        if one.other is analysis.floor and not analysis.groups.few(ALL):
            found = one.differences.get((*ALL, metric))
            if found is None or found.difference is None:
                return NONE
            interval = points_span(found.low, found.high)
            return points(found.difference) + (f" ({interval})" if interval else "")
    return NONE


def how_to_read(analysis: Analysis) -> Section:
    """Return what the numbers mean, in short."""
    weights = ", ".join(
        f"{title(m).lower()} {percent(analysis.data.scoring.weights[m])}" for m in METRICS
    )
    items = (
        "Turn accuracy is the mean score of all turns. A turn that failed counts as wrong.",
        "Visual consistency: of the pairs of turns about one thing in an image, the share in which "
        "the model points at that thing both times (overlap of at least one half).",
        "Reasoning coherence: how many of the expert's steps the model takes in order, and how "
        "well its diagnosis rests on what it said before, less what it says against itself.",
        "Hallucination rate: of the claims that an image can support, the share that the "
        "annotation contradicts or does not know. Lower is better; it enters the overall score "
        "inverted.",
        f"The overall score weighs {weights}.",
        "Intervals come from resampling patients. They tell how far the numbers would move with "
        "other patients like these, not with other kinds of patients.",
        f"A group of fewer than {SMALL} patients reads 'too few': its value would say little.",
        "Intervals of single groups are not corrected for how many groups there are: among many, "
        "some differ by chance.",
    )
    return Section("how-to-read", "How to read this", (Bullets(items),))


def limits(analysis: Analysis) -> Section:
    """Return what the numbers do not show."""
    dialect = analysis.data.config.model.box_dialect if analysis.data.config else None
    items = [
        "A score says how often answers agree with an annotation, not whether a patient would be "
        "served well or harmed. Nothing here supports clinical use.",
        "Answers are judged by rules, in English. A claim in words that the lexicon does not know "
        "is no claim; a site that is left out is not held against the model.",
        "A concept that nobody assessed counts as unverifiable in the strict rate, although it may "
        "be true. The lenient rate leaves such claims out.",
        "Sources and specialties differ in difficulty. A difference between them is not a "
        "difference in the model alone.",
        "Whether the model was trained on these images or dialogues is not known from a run.",
    ]
    if dialect == "none":
        items.append(
            "This model gives no regions by declaration: the site named in its text stands in for "
            "visual consistency, which is easier than pointing."
        )
    return Section("limits", "What this does not show", (Bullets(tuple(items)),))


def _worded(tiles: list[Tile]) -> str:
    return "; ".join(
        f"{t.label} {t.value}" + (f" ({t.interval})" if t.interval else "") for t in tiles
    )
