import shutil
from pathlib import Path

import pytest

from actors.schema import Dialogue, Turn
from tests.pipeline.report.make import gold_answers, make_dataset, make_run


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_dataset(tmp_path_factory.mktemp("dataset"), 90)


@pytest.fixture(scope="session")
def runs(dataset: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A run with a few failed turns, and a worse one without any."""
    output = tmp_path_factory.mktemp("runs")
    good = gold_answers(0.15, seed=1)

    def failing(dialogue: Dialogue, turn: Turn) -> str | None:
        failed = dialogue.dialogue_id.endswith("7") and turn.turn == 2
        return None if failed else good(dialogue, turn)

    return (
        make_run(dataset, output, "first", failing),
        make_run(dataset, output, "second", gold_answers(0.5, seed=2)),
    )


@pytest.fixture
def copied(runs: tuple[str, str], tmp_path: Path) -> Path:
    """A copy of the first run that a test may write a report into."""

    return Path(shutil.copytree(runs[0], tmp_path / "run"))
