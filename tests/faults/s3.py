"""A real S3 server on loopback for the tests of object storage, a fault proxy before it."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SECRET = "canary+secret/that-nobody-may-ever-read"
BUCKET = "imcbench"


def environment(url: str) -> dict[str, str]:
    """What a user would set; botocore reads the endpoint from it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIACANARY0000000000",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # The client's own retries off: what is tried again here is tried again by the product.
        "AWS_MAX_ATTEMPTS": "1",
        "IMCBENCH_STORAGE_PATIENCE_S": "30",
    }


@contextlib.contextmanager
def server(log: Path) -> Iterator[str]:
    """Run an S3 server in a process of its own; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            try:
                urllib.request.urlopen(f"{url}/moto-api/", timeout=5)
                break
            except OSError:
                time.sleep(0.1)
        request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request, timeout=10)
        yield url
    finally:
        process.kill()
        process.wait()
