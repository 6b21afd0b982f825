"""One run whose every output is known: what a change of layout must leave as it was.

In: nothing but the code. Out: a document of the run's id, scores, summary and report, and of the
exit code of each command on good and bad input. ``python -m tests.golden.record FILE`` writes it;
``tests/golden/expected.json`` is the one that counts. Write it again only where a change means to
change what is measured, and say so in the change.
"""

import hashlib
import json
import socket
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray

from conf.load import load
from pipeline.cli import main
from pipeline.run import evaluate

DIALOGUES = 200
EXPECTED = Path(__file__).with_name("expected.json")
_TIMES = {"started", "finished", "seconds", "written", "created", "software", "passes", "effort"}


def record(folder: Path) -> dict[str, Any]:
    """Make the dataset and two runs below ``folder`` and document them."""
    data = folder / "phantom"
    codes = {"build-phantom": call("dataset", "build-phantom", data, "--dialogues", DIALOGUES)}
    run = carried_out(data, folder, 0.3)
    other = carried_out(data, folder, 0.1)
    report = json.loads((run / "report.json").read_text())
    return {
        "run_id": run.name,
        "scores": digest(rows_of(run / "scores", ("dialogue_id", "metric"))),
        "summary": digest(pq.read_table(run / "summary.parquet").to_pylist()),
        "overall": {
            row["metric"]: rounded([row["value"], row["ci_low"], row["ci_high"]])
            for row in pq.read_table(run / "summary.parquet").to_pylist()
            if row["group_kind"] == "overall"
        },
        "report": digest(without_times(report)),
        "exit_codes": codes | exit_codes(folder, data, run, other),
    }


def carried_out(data: Path, folder: Path, error_rate: float) -> Path:
    """Carry out a scripted run and return its directory."""
    return Path(evaluate(load("demo", overrides(data, folder / "runs", error_rate))).root)


def overrides(data: Path, output: Path, error_rate: float) -> list[str]:
    """Configure a scripted run."""
    return [
        f"dataset.uri={data}",
        f"output={output}",
        "model.backend=scripted",
        "model.source=gold",
        f"model.name=scripted-{error_rate}",
        f"model.script.error_rate={error_rate}",
        "scoring.resamples=200",
    ]


def exit_codes(folder: Path, data: Path, run: Path, other: Path) -> dict[str, int]:
    """Call every command on good and on bad input."""
    settings = overrides(data, folder / "runs", 0.3)
    few = [*overrides(data, folder / "few", 0.3), "dataset.limit=3"]
    first = pq.read_table(data / "dialogues")["dialogue_id"][0].as_py()
    failing = [
        *overrides(data, folder / "failing", 0.3),
        "dataset.limit=3",
        f"model.script.chaos_error_on='{first}/1,{first}/2'",
    ]
    broken = folder / "broken"
    broken.mkdir()
    (broken / "dataset.json").write_text("{")
    judge = folder / "judge.yaml"
    judge.write_text(_JUDGE)
    swept = [
        f"dataset.uri={data}",
        f"output={folder / 'nightly'}",
        "dataset.limit=20",
        "model.backend=scripted",
        "scoring.resamples=50",
        "gate.resamples=1000",
    ]
    good = "sweep.checkpoints=[{name: a, source: gold}]"
    fails = "sweep.checkpoints=[{name: b, source: ./nowhere/b, backend: vllm}]"
    worse = (
        "sweep.checkpoints=[{name: a, source: gold}, "
        "{name: c, source: gold, script: {error_rate: 0.9}}]"
    )
    turns, metric = run / "turns", "turn_accuracy"
    taken = socket.create_server(("127.0.0.1", 0))
    calls: dict[str, Iterable[object]] = {
        "no command": (),
        "unknown command": ("evaluate",),
        "run, resumed": ("run", "--config", "demo", *settings),
        "run, dry": ("run", "--config", "demo", "--dry-run", *settings),
        "run, without config": ("run", *settings),
        "run, no such config": ("run", "--config", "nothing", *settings),
        "run, unknown key": ("run", "--config", "demo", *settings, "sampling.beam=4"),
        "run, wrong type": ("run", "--config", "demo", *settings, "sampling.seed=many"),
        "run, malformed override": ("run", "--config", "demo", *settings, "sampling.seed"),
        "run, no dataset": ("run", "--config", "demo", *settings, f"dataset.uri={folder / 'no'}"),
        "run, no checkpoint": ("run", "--config", "demo", *settings, *_NO_CHECKPOINT),
        "run, no room": ("run", "--config", "demo", *few, "compute.cpus_per_actor=4096"),
        "run, retry failed": ("run", "--config", "demo", *settings, "--retry-failed"),
        "run, too many failed": ("run", "--config", "demo", *failing),
        "generate": ("generate", "--config", "demo", *few),
        "generate, dry": ("generate", "--config", "demo", "--dry-run", *few),
        "generate, unknown key": ("generate", "--config", "demo", *few, "nothing=1"),
        "score": ("score", "--dataset", data, "--turns", turns, "--output", folder / "scored"),
        "score, no turns": (
            "score",
            "--dataset",
            data,
            "--turns",
            broken,
            "--output",
            folder / "s",
        ),
        "score, no dataset": ("score", "--dataset", broken, "--turns", turns, "--output", broken),
        "score, dialect": (
            *("score", "--dataset", data, "--turns", turns, "--output", folder / "s"),
            *("--box-dialect", "cubes"),
        ),
        "reduce": ("reduce", folder / "scored", "--resamples", 50),
        "reduce, weights": ("reduce", folder / "scored", "--weights", f"{metric}=0.5"),
        "reduce, sum": ("reduce", folder / "scored", "--weights", *_WEIGHTS),
        "reduce, nothing": ("reduce", broken),
        "report": ("report", run, "--against", other, "--no-images"),
        "report, nothing": ("report", broken),
        "view, port taken": ("view", folder, "--port", taken.getsockname()[1]),
        "explain": ("explain", run, first),
        "explain, no dialogue": ("explain", run, "nobody"),
        "explain, nothing": ("explain", broken, first),
        "judge": ("judge", run, "--config", judge),
        "judge, nothing": ("judge", broken, "--config", judge),
        "judge, unknown key": ("judge", run, "--config", judge, "--set", "judges.0.speed=1"),
        "plan": ("plan", "--config", "demo", *settings, "--gpus", 4, "--rate", 50),
        "plan, json": ("plan", "--config", "demo", *settings, "--gpus", 4, "--rate", 50, "--json"),
        "plan, no rate": ("plan", "--config", "demo", *settings, "--gpus", 4),
        "plan, no gpus": ("plan", "--config", "demo", *settings, "--gpus", 0, "--rate", 50),
        "plan, without gpu": ("plan", "--config", "demo", *settings, "--gpus", 4, "--from", run),
        "status": ("status", run),
        "status, json": ("status", run, "--json"),
        "status, nothing": ("status", broken),
        "sweep": ("sweep", "--config", "nightly", *swept, good),
        "sweep, one fails": ("sweep", "--config", "nightly", *swept, fails),
        "sweep, none": ("sweep", "--config", "nightly", *swept, "sweep.checkpoints=[]"),
        "nightly": ("nightly", "--config", "nightly", *swept, good),
        "nightly, worse": ("nightly", "--config", "nightly", *swept, worse),
        "nightly, one fails": ("nightly", "--config", "nightly", *swept, fails),
        "nightly, open": ("nightly", "--config", "nightly", *swept, "gate.alpha=2"),
        "gate": ("gate", "--baseline", run, "--candidate", other, "--resamples", 1000),
        "gate, worse": ("gate", "--baseline", other, "--candidate", run, "--resamples", 1000),
        "gate, nothing": ("gate", "--baseline", broken, "--candidate", run),
        "gate, margin": ("gate", "--baseline", run, "--candidate", other, "--margin", metric),
        "leaderboard": ("leaderboard", folder / "runs", "--write"),
        "leaderboard, nothing": ("leaderboard", broken),
        "ceiling": ("ceiling", data),
        "ceiling, nothing": ("ceiling", broken),
        "build-phantom, there": ("dataset", "build-phantom", data),
        "build-phantom, none": ("dataset", "build-phantom", folder / "p", "--dialogues", 0),
        "validate": ("dataset", "validate", data),
        "validate, broken": ("dataset", "validate", broken),
        "describe": ("dataset", "describe", data),
        "describe, broken": ("dataset", "describe", broken),
        "model describe": ("model", "describe", "examples/reference_model/checkpoints/final"),
        "model describe, nothing": ("model", "describe", broken),
        "model init-tiny, full": ("model", "init-tiny", broken),
    }
    with taken:
        return {name: call(*arguments) for name, arguments in calls.items()}


def call(*arguments: object) -> int:
    """Call the command line in this process and return its exit code."""
    try:
        return main([str(a) for a in arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def rows_of(folder: Path, order: tuple[str, ...]) -> list[dict[str, Any]]:
    """Read all Parquet files of a folder, sorted by some columns."""
    tables = [pq.read_table(file) for file in sorted(folder.glob("*.parquet"))]
    return pa.concat_tables(tables).sort_by([(name, "ascending") for name in order]).to_pylist()


def without_times(document: Any) -> Any:
    """Drop what differs from run to run and machine to machine."""
    if isinstance(document, dict):
        return {k: without_times(v) for k, v in document.items() if k not in _TIMES}
    if isinstance(document, list):
        return [without_times(value) for value in document]
    return document


def rounded(value: Any) -> Any:
    """Round numbers to nine digits: the last ones may differ from processor to processor."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def digest(value: Any) -> str:
    """Hash a document of plain values."""
    text = json.dumps(rounded(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


_WEIGHTS = (
    "turn_accuracy=0.5",
    "visual_consistency=0.5",
    "reasoning_coherence=0.5",
    "hallucination_rate=0.5",
)
_NO_CHECKPOINT = ("model.backend=vllm", "model.source=./nowhere/at/all")
_JUDGE = """
rubrics: [answer_correctness]
judges:
  - {name: a, backend: scripted, model: drawn,
     structured: true, max_tokens: 256, temperature: 0.0, seed: 0, actors: 1, max_in_flight: 8,
     engine: {}, endpoint: {base_url: null, api_key_env: null, timeout_s: 5.0, patience_s: 5.0,
     extra: {}, max_image_bytes: null, max_image_side: null, max_image_pixels: null,
     max_images: null, cache: null, prices: null}}
"""


if __name__ == "__main__":
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as scratch:
        text = json.dumps(record(Path(scratch)), indent=1, sort_keys=True)
    Path(sys.argv[1]).write_text(text + "\n")
