"""Score rows: gathered into a table of SCORE_SCHEMA, and read back from a run.

In: the scores of one dialogue after the other, with its dataset row. Out: one Arrow table.
"""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

from actors.schema import Row
from actors.storage.files import join, list_files, read_parquet
from conf.errors import BadInput
from pipeline.metrics.base import Score
from pipeline.tables.schemas import GROUP_COLUMNS, SCORE_SCHEMA

_OF_DIALOGUE = ("dialogue_id", "patient_id", *GROUP_COLUMNS)


class ScoreTable:
    """Collects score rows, dialogue by dialogue."""

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
        """Return the rows so far."""
        return pa.table(self._columns, schema=SCORE_SCHEMA)


def read_scores(output: str) -> pd.DataFrame:
    """Read a run's score rows, sorted by dialogue and metric.

    Raises:
        BadInput: there are none.
    """
    files = list_files(join(output, "scores"), ".parquet")
    if not files:
        raise BadInput(f"{join(output, 'scores')} holds no score file; run score first")
    table = pa.concat_tables(read_parquet(f, schema=SCORE_SCHEMA) for f in files)
    frame: pd.DataFrame = table.to_pandas()
    return frame.sort_values(["dialogue_id", "metric"], ignore_index=True)
