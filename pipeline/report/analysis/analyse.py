"""All numbers of a report, computed: the one object that the sections are written from.

In: a run, the runs it is held against, its gold. Out: ``Analysis``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.storage.files import exists, join, read_parquet
from conf.schema import METRICS
from pipeline.dataset.ceiling import Ceiling, ceiling_of
from pipeline.dataset.open import Gold
from pipeline.report.analysis.comparison import Comparison, compare
from pipeline.report.analysis.effort import Effort, effort, read_turns
from pipeline.report.analysis.flow import Flow, flow
from pipeline.report.analysis.groups import Groups, group_rows
from pipeline.report.analysis.sensitivity import Sensitivity, sensitivity
from pipeline.report.inputs import Row, RunData
from pipeline.tables.findings import MISSED
from pipeline.tables.findings import SUMMARY as FINDINGS
from pipeline.tables.outcomes import SUMMARY as OUTCOMES
from pipeline.tables.schemas import ALL

TEXT_PRIOR = "text_prior"  # the script that answers from the words of the questions


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """All numbers of a report; None: not recorded, not measured, or no gold at hand."""

    data: RunData
    groups: Groups
    flow: Flow
    effort: Effort | None
    ceiling: Ceiling | None
    comparisons: tuple[Comparison, ...]
    sensitivity: Sensitivity
    findings: tuple[Row, ...]
    missed: tuple[Row, ...]
    outcomes: tuple[Row, ...]

    @property
    def runs(self) -> tuple[RunData, ...]:
        """This run, then those it is compared with."""
        return (self.data, *(c.other for c in self.comparisons))

    @property
    def floor(self) -> RunData | None:
        """The compared run of the text-only prior, which saw no image; None without one."""
        blind = (c.other for c in self.comparisons if _reads_text_alone(c.other))
        return next(blind, None)


def analyse(
    data: RunData, against: list[RunData], gold: Gold | None, suppress_small: bool
) -> Analysis:
    """Compute everything.

    Raises:
        BadInput: a run to compare with does not cover the same dialogues.
    """
    turns = read_turns(data)
    hidden = (
        suppress_small  # counts by finding are of few patients, and findings are of single ones
    )
    root = data.directory.root
    return Analysis(
        data=data,
        groups=group_rows(data, suppress_small),
        flow=flow(data, turns),
        effort=None if turns is None else effort(data, turns),
        ceiling=None if gold is None else ceiling_of(gold, data.scoring),
        comparisons=tuple(compare(data, other) for other in against),
        sensitivity=sensitivity([values(run) for run in (data, *against)], data.scoring.weights),
        findings=() if hidden else _rows(join(root, FINDINGS)),
        missed=() if hidden else _rows(join(root, MISSED)),
        outcomes=() if hidden else _rows(join(root, OUTCOMES)),
    )


def _reads_text_alone(run: RunData) -> bool:
    model = None if run.config is None else run.config.model
    return model is not None and (model.backend, model.source) == ("scripted", TEXT_PRIOR)


def _rows(uri: str) -> tuple[Row, ...]:
    """Return a table's rows; none where it was not written."""
    return tuple(read_parquet(uri).to_pylist()) if exists(uri) else ()


def values(run: RunData) -> Mapping[str, float | None]:
    """Return a run's four measures over all dialogues."""
    rows = {(r["group_kind"], r["group"], r["metric"]): r["value"] for r in run.summary}
    return {metric: rows.get((*ALL, metric)) for metric in METRICS}
