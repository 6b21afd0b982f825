"""Verdicts to score rows, beside those of the rules and under names of their own.

In: the items of a rubric and every judge's verdicts on them. Out: per dialogue one row per
criterion and judge, and one for the jury: grades as shares of the scale, over the verdicts.
What no judge could grade is in neither sum; ``failed`` counts it. What the model did not
answer gets the lowest grade, calibrated or not, as it counts as wrong for the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conf.judge import Criterion, Rubric
from pipeline.judge.calibration import Calibration
from pipeline.judge.items import JudgeItem
from pipeline.metrics.base import Score, ratio

JURY = "jury"


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """One judge's verdict on an item: a grade per criterion, or the reason for none."""

    grades: Mapping[str, int]
    reason: str | None


# Of one judge and rubric, by dialogue and turn.
JudgeVerdicts = Mapping[tuple[str, int], JudgeVerdict]
Maps = Mapping[tuple[str, str], Calibration]  # by criterion and judge


def metric_name(rubric: Rubric, what: str, judge: str) -> str:
    """Name a judge's metric: rubric with its version, criterion, judge."""
    return f"judge:{rubric.name}-v{rubric.version}:{what}:{judge}"


def dialogue_scores(
    rubric: Rubric, items: Sequence[JudgeItem], verdicts: Mapping[str, JudgeVerdicts], maps: Maps
) -> list[Score]:
    """Score one dialogue's items by one rubric: every judge, calibrated judges, the jury.

    Args:
        rubric: what was judged by.
        items: of this dialogue; none where the rubric is not about it.
        verdicts: by judge; an item without an entry was never asked about.
        maps: calibrations, where there are expert labels.
    """
    rows = []
    for judge, given in verdicts.items():
        listed = [_verdict(item, given) for item in items]
        for c in rubric.criteria:
            grades = [v.grades[c.name] for v in listed if v.reason is None]
            reason = _why_none(listed)
            rows.append(_row(metric_name(rubric, c.name, judge), c, grades, reason))
            if (c.name, judge) in maps:
                mapped = _calibrated(items, listed, c, maps[c.name, judge])
                name = metric_name(rubric, c.name, f"{judge}:calibrated")
                rows.append(_row(name, c, mapped, reason))
        put = [v for i, v in zip(items, listed, strict=True) if i.prompt is not None]
        name = metric_name(rubric, "failed", judge)
        failed = sum(v.reason is not None for v in put)
        rows.append(ratio(name, failed, len(put), "nothing was put to the judge"))
    return [*rows, *_jury(rubric, items, verdicts)] if len(verdicts) > 1 else rows


def _jury(
    rubric: Rubric, items: Sequence[JudgeItem], verdicts: Mapping[str, JudgeVerdicts]
) -> Iterable[Score]:
    """Yield the mean grade of the judges, where more than half of them gave one."""
    quorum = len(verdicts) // 2 + 1
    reason = f"fewer than {quorum} of {len(verdicts)} judges gave a verdict"
    for c in rubric.criteria:
        means = []
        for item in items:
            jury = [_verdict(item, given) for given in verdicts.values()]
            grades = [v.grades[c.name] for v in jury if v.reason is None]
            if len(grades) >= quorum:
                means.append(sum(grades) / len(grades))
        name = metric_name(rubric, c.name, JURY)
        yield _row(name, c, means, reason if items else _NOTHING)


def _verdict(item: JudgeItem, given: JudgeVerdicts) -> JudgeVerdict:
    if item.prompt is None:
        return JudgeVerdict({c.name: c.least for c in item.rubric.criteria}, None)
    missing = JudgeVerdict({}, "not put to the judge")
    return given.get((item.dialogue_id, item.turn), missing)


def _calibrated(
    items: Sequence[JudgeItem],
    listed: Sequence[JudgeVerdict],
    criterion: Criterion,
    calibration: Calibration,
) -> list[float]:
    """Map the judge's grades; what the model did not answer keeps the lowest.

    No judge graded it, so what experts make of a judge's lowest grade says nothing about it.
    """
    mapped = []
    for item, verdict in zip(items, listed, strict=True):
        if item.prompt is None:
            mapped.append(float(criterion.least))
        elif verdict.reason is None:
            mapped += calibration.apply([verdict.grades[criterion.name]]).tolist()
    return mapped


def _row(metric: str, criterion: Criterion, grades: Iterable[float], reason: str) -> Score:
    span = criterion.most - criterion.least
    shares = [(float(grade) - criterion.least) / span for grade in grades]
    return ratio(metric, sum(shares), len(shares), reason)


def _why_none(verdicts: Sequence[JudgeVerdict]) -> str:
    reasons = [v.reason for v in verdicts if v.reason is not None]
    return reasons[0] if reasons else _NOTHING


_NOTHING = "the rubric is not about any turn of this dialogue"
