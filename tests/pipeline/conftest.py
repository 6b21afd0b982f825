"""Shared by the tests of sweeps, gates and leaderboards: one swept output folder a session."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.sweep.sweep import SweptRun, sweep
from tests.pipeline.sweeps import sweep_of


@dataclass(frozen=True)
class Swept:
    """An output folder and the lines of the sweep that wrote it; tests must not change it."""

    output: Path
    rows: list[SweptRun]


@pytest.fixture(scope="session")
def swept(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Two checkpoints, and between them one that does not exist."""
    output = tmp_path_factory.mktemp("swept") / "runs"
    config = sweep_of(phantom, output, ("early", "gone", "final"))
    return Swept(output, sweep(config))
