"""How much of a provider's rate limit a run makes use of, while the provider fails at random.

Usage: python -m benchmarks.endpoint_rate [openai|anthropic]
1,000 phantom dialogues through ``imcbench`` against the tests' provider on loopback: 50 requests
a second let through in bursts of 50, 100 ms an answer, each twelfth request failed. Printed: what
was lost, what was not as the provider answered, the rate over the middle 80 % of the answers.
"""

import os
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import pyarrow as pa

from actors.storage.files import list_files, read_parquet
from pipeline.phantom.build import build
from tests.actors.provider import FAULTS, Asked, Provider, serving

DIALOGUES, PER_SECOND = 1000, 50.0


def answered(question: str) -> str:
    """Return the provider's answer to a question."""
    return f"Yes, {zlib.crc32(question.encode())}."


def measure(backend: str, folder: Path) -> str:
    """Run it all; return the lines to print."""
    build(str(folder / "data"), dialogues=DIALOGUES, seed=3)
    numbers = iter(range(10**9))

    def fault(asked: Asked) -> str | None:
        n = next(numbers)
        return FAULTS[n // 12 % len(FAULTS)] if n % 12 == 11 else None

    provider = Provider(
        answer=lambda asked: answered(asked.question.split("\n")[0]),
        fault=fault,
        per_second=PER_SECOND,
        delay_s=0.1,
        retry_after="1",
    )
    with serving(provider) as url:
        root = f"{url}/v1" if backend == "openai" else url
        overrides = [
            f"dataset.uri={folder / 'data'}",
            f"output={folder / 'runs'}",
            "model.name=m",
            "model.source=served",
            f"model.backend={backend}",
            "model.box_dialect=norm1000",
            f"model.endpoint.base_url={root}",
            "model.endpoint.api_key_env=null",
            "scoring.resamples=50",
        ]
        command = [sys.executable, "-m", "pipeline", "generate", "--config", "endpoint"]
        started = time.monotonic()
        subprocess.run(
            [*command, *overrides], check=True, env=os.environ | {"RAY_ADDRESS": "local"}
        )
        seconds = time.monotonic() - started
    files = list_files(str(folder / "runs"), ".parquet")
    files = files or [str(p) for p in (folder / "runs").glob("*/*/turns/*.parquet")]
    rows = pa.concat_tables(read_parquet(f) for f in files).to_pylist()
    wrong = sum(r["status"] != "ok" or r["response"] != answered(r["question"]) for r in rows)
    times = sorted(asked.at for asked in provider.billed)
    low, high = int(0.1 * len(times)), int(0.9 * len(times))
    rate = (high - low) / (times[high] - times[low])
    keys = {(r["dialogue_id"], r["turn"]) for r in rows}
    return (
        f"{backend}: {len(rows)} turns, {len(keys)} of them different, {wrong} not as the provider "
        f"answered, {len(provider.billed)} answers paid for\n"
        f"{len(provider.seen)} requests: {dict(provider.faults)}\n"
        f"{rate:.1f} answers/s of {PER_SECOND:g} allowed ({100 * rate / PER_SECOND:.0f} %), "
        f"{seconds:.0f} s in all"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(measure(sys.argv[1] if len(sys.argv) > 1 else "openai", Path(scratch)))
