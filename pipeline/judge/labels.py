"""Expert labels that judges are calibrated against.

In: a Parquet or CSV file with the columns dialogue_id, turn (0: the whole dialogue), rubric,
criterion, grade. Out: grades by item and criterion.
"""

import io
from collections.abc import Mapping

import pandas as pd

from actors.storage.files import read_bytes
from conf.errors import BadInput
from conf.judge import Rubric
from pipeline.judge.calibration import Calibration, CalibrationGain, fit, gain
from pipeline.judge.scores import JudgeVerdicts

_COLUMNS = ("dialogue_id", "turn", "rubric", "criterion", "grade")

Labels = Mapping[tuple[str, str], Mapping[tuple[str, int], float]]  # by rubric and criterion
Fitted = tuple[dict[tuple[str, str], Calibration], dict[tuple[str, str], CalibrationGain]]


def read_labels(uri: str) -> Labels:
    """Read expert labels.

    Raises:
        BadInput: no such file, another form, a missing column, or one item labelled twice.
    """
    try:
        data = io.BytesIO(read_bytes(uri))
        frame = pd.read_parquet(data) if uri.endswith(".parquet") else pd.read_csv(data)
    except FileNotFoundError:
        raise BadInput(f"{uri} is missing") from None
    except (ValueError, OSError) as error:
        raise BadInput(f"{uri} is neither Parquet nor CSV: {error}") from error
    missing = [c for c in _COLUMNS if c not in frame.columns]
    if missing:
        raise BadInput(f"{uri} lacks the column {missing[0]!r}")
    labels: dict[tuple[str, str], dict[tuple[str, int], float]] = {}
    for dialogue_id, turn, rubric, criterion, grade in frame[[*_COLUMNS]].itertuples(index=False):
        by_item = labels.setdefault((str(rubric), str(criterion)), {})
        key = (str(dialogue_id), int(turn))
        if key in by_item:
            raise BadInput(f"{uri}: dialogue {dialogue_id!r} turn {turn} has two labels")
        by_item[key] = float(grade)
    return labels


def calibrate(rubric: Rubric, verdicts: Mapping[str, JudgeVerdicts], labels: Labels) -> Fitted:
    """Fit each judge to the experts, criterion by criterion, where both graded something."""
    maps: dict[tuple[str, str], Calibration] = {}
    gains: dict[tuple[str, str], CalibrationGain] = {}
    for c in rubric.criteria:
        truth = labels.get((rubric.name, c.name), {})
        for judge, given in verdicts.items():
            both = [k for k, v in sorted(given.items()) if v.reason is None and k in truth]
            if both:
                graded = [given[k].grades[c.name] for k in both]
                expert = [truth[k] for k in both]
                maps[c.name, judge] = fit(graded, expert)
                gains[c.name, judge] = gain(graded, expert, [k[0] for k in both])
    return maps, gains
