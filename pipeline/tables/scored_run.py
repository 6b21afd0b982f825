"""A run or a mere scoring with its scores: what gates and reports compare."""

from dataclasses import dataclass

import pandas as pd

from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class ScoredRun:
    """Score rows, one per dialogue and metric; ``manifest`` is None for a mere scoring."""

    directory: RunDirectory
    manifest: Manifest | None
    scores: pd.DataFrame
