"""Time and memory of scoring: rule-based metrics over whole runs, on the real Ray tasks.

Run from the repository's root: ``python -m benchmarks.scoring [--dialogues N] [--runs 1 2 4]``. The
answers are the expert's with an error rate of 25 %, over planned phantom dialogues: scoring never
opens an image. Ray's start is not counted. docs/performance-scoring.md records the figures.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow as pa
import ray

from actors.schema import DIALOGUE_SCHEMA, TURN_SCHEMA, TurnRecord
from actors.storage.files import join, write_parquet
from benchmarks.gaming import DIALECT, answers, phantom_lexicon, scripted_backend
from conf.schema import ScoringConfig
from pipeline.cluster.connect import cluster
from pipeline.dataset.open import Dataset, Gold
from pipeline.phantom.generate import plan_dialogue
from pipeline.reduce import reduce_scores
from pipeline.score import score
from pipeline.tables.scores import read_scores

ERROR_RATE = 0.25
ROWS_PER_FILE = 4096  # as generation writes them
CPUS = 2
_EVERY_S = 0.05  # between two looks at the workers' memory


@dataclass(frozen=True)
class Measured:
    """One scoring pass: wall seconds, the workers' CPU seconds, the largest worker's RSS in MiB."""

    turns: int
    seconds: float
    cpu_s: float
    peak_mib: float


class Workers:
    """Watches the scoring workers: what they hold at most, and the CPU time they took."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._before = _cpu_seconds()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Workers":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def cpu_seconds(self) -> float:
        """CPU time of Ray's workers since the start, user and system."""
        return sum(s - self._before.get(pid, 0.0) for pid, s in _cpu_seconds().items())

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY_S):
            for process in _workers():
                try:
                    if "_score_unit" in " ".join(process.cmdline()):
                        self.peak_mib = max(self.peak_mib, process.memory_info().rss / 2**20)
                except psutil.Error:  # it ended while it was looked at
                    continue


def _workers() -> list[psutil.Process]:
    family = psutil.Process(os.getpid()).children(recursive=True)
    return [p for p in family if p.is_running() and "ray::" in " ".join(p.cmdline()[:1])]


def _cpu_seconds() -> dict[int, float]:
    return {p.pid: sum(p.cpu_times()[:2]) for p in _workers()}


def gold_dialogues(first: int, count: int) -> pa.Table:
    """Plan phantom dialogues ``first`` to ``first + count`` as dataset rows."""
    tables = []
    for start in range(first, first + count, 1000):
        stop = min(start + 1000, first + count)
        rows = [plan_dialogue(0, n).dialogue.to_row() for n in range(start, stop)]
        tables.append(pa.Table.from_pylist(rows, schema=DIALOGUE_SCHEMA))
    return pa.concat_tables(tables)


def write_turns(count: int, folder: str) -> int:
    """Write the turn outputs of ``count`` dialogues; returns their number."""
    turns, part = 0, 0
    rows: list[dict[str, object]] = []
    for record in _records(count):
        rows.append(record.to_row())
        if record.turn == 1 and len(rows) >= ROWS_PER_FILE:
            _write(rows[:-1], folder, part)
            turns, part, rows = turns + len(rows) - 1, part + 1, rows[-1:]
    _write(rows, folder, part)
    return turns + len(rows)


def _records(count: int) -> Iterator[TurnRecord]:
    backend = scripted_backend("gold", ERROR_RATE)
    for index in range(count):
        dialogue = plan_dialogue(0, index).dialogue
        responses = answers(backend, dialogue)
        for turn in dialogue.turns:
            yield TurnRecord(
                run_id="benchmark",
                model="scripted",
                dialogue_id=dialogue.dialogue_id,
                turn=turn.turn,
                status="ok",
                error=None,
                question=turn.question,
                response=responses[turn.turn].text,
            )


def _write(rows: list[dict[str, object]], folder: str, part: int) -> None:
    table = pa.Table.from_pylist(rows, schema=TURN_SCHEMA)
    write_parquet(join(folder, f"part-{part:05d}.parquet"), table)


@ray.remote(num_cpus=1)
def _worker_up() -> int:
    return os.getpid()


def scoring_pass(gold: Gold, turns: str, folder: Path, runs: int, total: int) -> Measured:
    """Score the same turn outputs as so many runs, one after the other."""
    started = time.perf_counter()
    with Workers() as workers:
        for n in range(runs):
            score(gold, turns, str(folder / f"runs-{runs}-{n}"), DIALECT)
        cpu = workers.cpu_seconds()
    return Measured(runs * total, time.perf_counter() - started, cpu, workers.peak_mib)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=8000)
    parser.add_argument("--runs", type=int, nargs="+", default=[1, 2, 4])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        turns = str(folder / "turns")
        total = write_turns(arguments.dialogues, turns)
        dataset = Dataset(uri="", document={}, lexicon=phantom_lexicon(), files=())
        gold = Gold(dataset=dataset, dialogues=gold_dialogues(0, arguments.dialogues))
        os.environ["RAY_ADDRESS"] = "local"
        with cluster():
            ray.get([_worker_up.remote() for _ in range(CPUS)])
            print("| runs | turns | seconds | turns/s | CPU seconds | peak RSS of a worker, MiB |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: |")
            for runs in arguments.runs:
                m = scoring_pass(gold, turns, folder, runs, total)
                rate = m.turns / m.seconds
                cells = [runs, m.turns, f"{m.seconds:.1f}", f"{rate:.0f}"]
                cells += [f"{m.cpu_s:.1f}", f"{m.peak_mib:.0f}"]
                print(f"| {' | '.join(map(str, cells))} |", flush=True)
        started = time.perf_counter()
        frame = read_scores(str(folder / f"runs-{arguments.runs[0]}-0"))
        reduce_scores(frame, ScoringConfig())
        seconds = time.perf_counter() - started
        print(f"\nreduce: {len(frame)} score rows, 2,000 resamples: {seconds:.1f} s")


if __name__ == "__main__":
    main()
