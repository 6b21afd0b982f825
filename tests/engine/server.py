"""vLLM's own OpenAI-compatible server on loopback, for the tests of endpoints."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

_START_S = 240
_ENGINE = (
    "--dtype=float32 --max-num-seqs=16 --block-size=32 --enforce-eager "
    "--kv-cache-memory-bytes=268435456"
)


@contextmanager
def vllm_server(checkpoint: Path, name: str, folder: Path, *arguments: str) -> Iterator[str]:
    """Serve a checkpoint under a name; yields the base URL with /v1.

    The server's log goes below ``folder``, and is shown where it does not come up.
    """
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(checkpoint), "--served-model-name", name]
    command += ["--host", "127.0.0.1", "--port", str(port), *_ENGINE.split(), *arguments]
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | offline)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    pytest.fail(f"the server did not come up:\n{log.read_text()[-3000:]}")
