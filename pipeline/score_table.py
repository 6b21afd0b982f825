"""Score rows gathered into a table of SCORE_SCHEMA.

In: the scores of one dialogue after the other, with its dataset row. Out: one Arrow table.
"""

from collections.abc import Iterable

import pyarrow as pa

from actors.schema import Row
from pipeline.metrics.base import Score
from pipeline.tables import GROUP_COLUMNS, SCORE_SCHEMA

_OF_DIALOGUE = ("dialogue_id", "patient_id", *GROUP_COLUMNS)


class ScoreTable:
    """Grows by dialogue."""

    def __init__(self) -> None:
        self._columns: dict[str, list[object]] = {name: [] for name in SCORE_SCHEMA.names}

    def add(self, row: Row, scores: Iterable[Score]) -> None:
        """Append a dialogue's scores; ``row`` is its row of the dataset."""
        columns = self._columns
        before = len(columns["metric"])
        for score in scores:
            columns["metric"].append(score.metric)
            columns["numerator"].append(score.numerator)
            columns["denominator"].append(score.denominator)
            columns["status"].append(score.status)
            columns["reason"].append(score.reason)
        added = len(columns["metric"]) - before
        for name in _OF_DIALOGUE:
            columns[name].extend([row[name]] * added)

    def table(self) -> pa.Table:
        """Give what was gathered."""
        return pa.table(self._columns, schema=SCORE_SCHEMA)
