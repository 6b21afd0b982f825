"""Reports on object stores: written there, listed there, and stored as what they are."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
import s3fs

from actors.storage.files import write_bytes
from pipeline.report.inputs import Options
from pipeline.report.serve import listed
from pipeline.report.write import write_full_report


class Bucket(ThreadingHTTPServer):
    """Takes every PUT as an S3 server would and notes the type it came with."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), Put)


class Put(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # clients ask before they send a body, and wait for a 100
    server: Bucket

    def do_PUT(self) -> None:
        self.server.types[self.path] = self.headers.get("Content-Type", "")
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with Bucket() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        s3fs.S3FileSystem.clear_instance_cache()  # it remembers this endpoint
        server.shutdown()
        thread.join()


def test_page_files_on_s3_have_the_type_a_browser_goes_by(bucket: Bucket):
    for name in ("index.html", "style.css", "data.js", "icon.svg", "a.jpg"):
        write_bytes(f"s3://runs/report/{name}", b"content")
    types = {path.rsplit("/", 1)[-1]: kind for path, kind in bucket.types.items()}
    assert types["index.html"] == "text/html"
    assert types["style.css"] == "text/css"
    assert types["data.js"].endswith("/javascript")
    assert types["icon.svg"] == "image/svg+xml"
    assert types["a.jpg"] == "image/jpeg"


def test_a_report_is_written_to_an_object_store(runs: tuple[str, str]):
    fs = fsspec.filesystem("memory")
    root = "memory://out/first/aaaa"
    for file in Path(runs[0]).rglob("*"):
        if file.is_file():
            write_bytes(f"{root}/{file.relative_to(runs[0])}", file.read_bytes())
    page = write_full_report(root, [], None, Options())
    assert fs.cat_file(page.removeprefix("memory:/")).startswith(b"<!doctype html>")
    names = [name.rsplit("/", 1)[-1] for name in fs.ls("/out/first/aaaa/report/data", detail=False)]
    assert "index.js" in names
    assert "shard-0001.js" in names
    (one,) = listed("memory://out")
    assert one.name == "first/aaaa"
    assert one.page == "/first/aaaa/report/index.html"
    fs.rm("/out", recursive=True)
