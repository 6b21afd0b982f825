"""A run opened for any purpose: what it is, what it asks, and where its files lie."""

from dataclasses import dataclass

import pyarrow as pa

from conf.schema import RunConfig
from pipeline.dataset.open import Gold
from pipeline.runs.directory import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Run:
    """One evaluation. ``run_id`` is its fingerprint: a hash of all that decides its outputs."""

    run_id: str
    config: RunConfig
    gold: Gold
    directory: RunDirectory

    @property
    def dialogues(self) -> pa.Table:
        """What is asked: rows of DIALOGUE_SCHEMA."""
        return self.gold.dialogues

    @property
    def name(self) -> str:
        """The model's name, under which its runs are filed."""
        return self.config.model.name
