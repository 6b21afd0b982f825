"""What the tests of faults share: figures, printed as one table at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from pipeline.dataset.open import open_dataset
from pipeline.runs.directory import RunDirectory
from tests.faults import s3
from tests.faults.proxy import FaultProxy
from tests.pipeline.finished_runs import summary_rows, turn_rows


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One fault: how often it was done, and what it cost in turns."""

    fault: str
    times: int
    lost: int
    duplicates: int
    recomputed: int
    of: int


OBSERVED: list[Observed] = []


def keys(dataset: str) -> Counter:
    """The turns that a run over a dataset must answer."""
    rows = open_dataset(dataset).dialogues().to_pylist()
    return Counter((row["dialogue_id"], t["turn"]) for row in rows for t in row["turns"])


def observe(fault: str, asked: Counter, found: Counter, *, recomputed: int, times: int = 1) -> None:
    """Note what a fault cost; a row that is not as asked is lost, one too many a duplicate."""
    OBSERVED.append(
        Observed(
            fault=fault,
            times=times,
            lost=(asked - found).total(),
            duplicates=(found - asked).total(),
            recomputed=recomputed,
            of=asked.total(),
        )
    )


def answered_keys(rows: list[dict]) -> Counter:
    """The turns that there are rows of."""
    return Counter((r["dialogue_id"], r["turn"]) for r in rows)


@dataclass(frozen=True)
class Counting:
    """Counts every turn that the scripted backend is asked, whichever process asks."""

    folder: Path
    dataset: Path

    @property
    def overrides(self) -> tuple[str, ...]:
        """What a configuration needs for it."""
        return ("model.script.chaos_count=1", f"model.script.chaos_folder={self.folder}")

    def again(self) -> int:
        """How many turns were asked beyond once each."""
        asked = (self.folder / "asked").stat().st_size
        return asked - keys(str(self.dataset)).total()


@pytest.fixture
def counting(tmp_path: Path, phantom: Path) -> Counting:
    """For configurations whose questions are to be counted."""
    return Counting(tmp_path / "chaos", phantom)


@pytest.fixture
def nothing_lost(answered: RunDirectory, phantom: Path) -> Callable[..., None]:
    """Check a disturbed run against the undisturbed one, and note what the fault cost.

    ``recomputed`` is what was asked again: by default what the rows' attempts say.
    """

    def check(
        run: RunDirectory, fault: str, *, recomputed: int | None = None, times: int = 1
    ) -> None:
        rows = turn_rows(run).to_pylist()
        asked = keys(str(phantom))
        found = answered_keys(rows)
        again = sum(r["attempt"] - 1 for r in rows) if recomputed is None else recomputed
        observe(fault, asked, found, recomputed=again, times=times)
        assert found == asked
        assert summary_rows(run) == summary_rows(answered)

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not OBSERVED:
        return
    terminalreporter.section("faults: turns lost, duplicated, recomputed")
    for seen in OBSERVED:
        terminalreporter.write_line(
            f"{seen.fault:<52} x{seen.times:<3} lost {seen.lost}, duplicates {seen.duplicates}, "
            f"recomputed {seen.recomputed} of {seen.of}"
        )


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 server with one empty bucket; its URL."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as url:
        yield url


@pytest.fixture
def proxy(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """A fault proxy before the server, which this process's s3:// goes through."""
    with FaultProxy(s3_server) as running:
        for name, value in s3.environment(running.url).items():
            monkeypatch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        yield running
        S3FileSystem.clear_instance_cache()
