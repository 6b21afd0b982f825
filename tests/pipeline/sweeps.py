"""A small sweep over scripted checkpoints, for the tests of sweeps, gates and leaderboards."""

import shutil
from pathlib import Path

from actors.storage.files import read_json, write_json
from conf.sweep import SweepConfig, load_sweep

RATES = {"early": 0.5, "middle": 0.25, "final": 0.05}  # of wrong answers


def sweep_of(dataset: Path, output: Path, names: tuple[str, ...], *overrides: str) -> SweepConfig:
    """Configure scripted checkpoints by name; any other name is a folder that is not there."""
    entries = [
        f"{{name: {n}, source: gold, script: {{error_rate: {RATES[n]}}}}}"
        if n in RATES
        else f"{{name: {n}, source: ./nowhere/{n}, backend: vllm}}"
        for n in names
    ]
    base = [
        f"dataset.uri={dataset}",
        f"output={output}",
        "model.backend=scripted",
        "scoring.resamples=200",
        "gate.resamples=1500",
        f"sweep.checkpoints=[{', '.join(entries)}]",
    ]
    return load_sweep("nightly", [*base, *overrides])


def copy_of(output: Path, target: Path) -> Path:
    """Copy an output folder, so that a test may change it."""
    shutil.copytree(output, target)
    return target


def run_folder(output: Path, name: str) -> Path:
    """The one run of a checkpoint."""
    (folder,) = (output / name).iterdir()
    return folder


def edit_manifest(run: Path, section: str, **changed: object) -> None:
    """Change one section of a manifest, or with "" its top level."""
    path = str(run / "manifest.json")
    manifest = read_json(path)
    (manifest[section] if section else manifest).update(changed)
    write_json(path, manifest)
