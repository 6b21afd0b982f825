"""A run or a mere scoring, read for its scores: what gates and reports compare.

In: a run directory, or a folder that ``score`` wrote. Out: ``ScoredRun``.
"""

from dataclasses import dataclass

import pandas as pd

from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import Manifest, manifest_of
from pipeline.tables.scores import read_scores


@dataclass(frozen=True, kw_only=True)
class ScoredRun:
    """Score rows, one per dialogue and metric; ``manifest`` is None for a mere scoring."""

    directory: RunDirectory
    manifest: Manifest | None
    scores: pd.DataFrame


def read_scored(root: str) -> ScoredRun:
    """Read the scores of a run.

    Raises:
        BadInput: there are none, or the manifest is none.
        pa.ArrowInvalid: a score file is truncated or not Parquet.
    """
    directory = RunDirectory(root.rstrip("/"))
    manifest = manifest_of(directory)
    return ScoredRun(directory=directory, manifest=manifest, scores=read_scores(root))
