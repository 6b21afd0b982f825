import http.client
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.errors import BadInput
from pipeline.report.inputs import Options
from pipeline.report.serve import ReportServer, serve
from pipeline.report.write import write_full_report


@pytest.fixture(scope="module")
def server(runs, tmp_path_factory) -> Iterator[ReportServer]:
    root = tmp_path_factory.mktemp("served")
    for name, run in zip(("first", "second"), runs, strict=True):
        shutil.copytree(run, root / name / "aaaa")
    write_full_report(str(root / "first" / "aaaa"), [], None, Options(images=False))
    (root / "secret.txt").write_text("secret")
    with ReportServer(str(root), "127.0.0.1", 0) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def get(server: ReportServer, path: str, host: str | None = None) -> tuple[int, str, dict]:
    port = server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, dict(answer.headers)


def test_index_lists_runs_and_links_those_with_a_page(server):
    status, body, headers = get(server, "/")
    assert status == 200
    assert "first/aaaa" in body
    assert "second/aaaa" in body
    assert body.count('href="/first/aaaa/report/index.html"') == 1
    assert "/second/aaaa/report/index.html" not in body
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_pages_and_assets_are_served_with_their_types(server):
    for path, kind in (
        ("/first/aaaa/report/index.html", "text/html"),
        ("/first/aaaa/report/assets/style.css", "text/css"),
        ("/first/aaaa/report/data/index.js", "javascript"),
        ("/assets/style.css", "text/css"),
    ):
        status, _, headers = get(server, path)
        assert status == 200
        assert kind in headers["Content-Type"]
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/secret.txt",
        "/first/aaaa/config.yaml",
        "/first/aaaa/scores/part-0.parquet",
        "/first/aaaa/report/../config.yaml",
        "/first/aaaa/report/%2e%2e/config.yaml",
        "/first/aaaa/report/..%2f..%2f..%2fsecret.txt",
        "/../../../../../etc/passwd",
        "/report/../../etc/passwd",
        "/assets/../page.html.j2",
        "/first/aaaa/report/nothing.html",
        "/first/aaaa/report",
    ],
)
def test_nothing_outside_of_reports_is_given_out(server, path):
    status, body, _ = get(server, path)
    assert status == 404
    assert "secret" not in body


def test_a_foreign_host_name_gets_nothing(server):
    status, body, _ = get(server, "/", host="evil.example:80")
    assert status == 421
    assert "first" not in body


def test_serving_what_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="does not exist"):
        serve(str(tmp_path / "nowhere"), "127.0.0.1", 0)
