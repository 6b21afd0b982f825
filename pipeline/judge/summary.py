"""The figures beside the judges' scores: failures, agreement, calibration.

In: every judge's verdicts by one rubric, expert labels. Out: JSON values for judges.json.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from conf.judge import Criterion, Rubric
from pipeline.judge.agreement import krippendorff_alpha
from pipeline.judge.calibration import Calibration, CalibrationGain
from pipeline.judge.scores import JudgeVerdicts, Maps

_REASONS = 5  # most frequent ones shown
Gains = Mapping[tuple[str, str], CalibrationGain]  # by criterion and judge


def rubric_document(
    rubric: Rubric,
    verdicts: Mapping[str, JudgeVerdicts],
    maps: Maps,
    gains: Gains,
) -> dict[str, Any]:
    """Return one rubric's part of judges.json."""
    return {
        "rubric": rubric.name,
        "version": rubric.version,
        "unit": rubric.unit,
        "judges": {judge: _judge(given) for judge, given in verdicts.items()},
        "criteria": [_criterion(c, verdicts, maps, gains) for c in rubric.criteria],
    }


def _judge(given: JudgeVerdicts) -> dict[str, Any]:
    reasons = Counter(v.reason for v in given.values() if v.reason is not None)
    failed = reasons.total()
    return {
        "verdicts": len(given) - failed,
        "failed": failed,
        "reasons": dict(reasons.most_common(_REASONS)),
    }


def _criterion(
    criterion: Criterion,
    verdicts: Mapping[str, JudgeVerdicts],
    maps: Maps,
    gains: Gains,
) -> dict[str, Any]:
    units: dict[tuple[str, int], list[float]] = {}
    means = {}
    for judge, given in verdicts.items():
        graded = {k: float(v.grades[criterion.name]) for k, v in given.items() if not v.reason}
        means[judge] = sum(graded.values()) / len(graded) if graded else None
        for key, grade in graded.items():
            units.setdefault(key, []).append(grade)
    alpha = krippendorff_alpha(list(units.values()), criterion.level)
    return {
        "criterion": criterion.name,
        "scale": [criterion.least, criterion.most],
        "level": criterion.level,
        "krippendorff_alpha": alpha,
        "units_compared": sum(len(grades) > 1 for grades in units.values()),
        "mean_grade": means,
        "calibration": {
            judge: _calibration(maps[name, judge], gains[name, judge])
            for name, judge in maps
            if name == criterion.name
        },
    }


def _calibration(calibration: Calibration, gained: CalibrationGain) -> dict[str, Any]:
    return {
        "labels": gained.labels,
        "error_before": gained.before,
        "error_after_out_of_fold": gained.after,
        "grades": list(calibration.grades),
        "expected": list(calibration.expected),
    }
