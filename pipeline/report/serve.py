"""A small server for looking at reports: an index of the runs below a folder, and their pages.

In: an output folder, local or s3://. Out: HTTP on the loopback address. It reads only, serves
only what lies in a run's report folder, and answers to no other host name than it was started for.
"""

import mimetypes
import posixpath
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from actors.storage.files import exists, glob_files, join, read_bytes, read_json
from conf.errors import BadInput
from pipeline.report.format import date, title
from pipeline.report.headline import HEADLINES
from pipeline.report.page import POLICY, assets, render
from pipeline.stats.percent import NONE, percent

_DEPTH = ("report.json", "*/report.json", "*/*/report.json")  # a run, a model's runs, all runs


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """One run of the index; ``page`` is its address here, None where there is no page yet."""

    name: str
    started: str
    dataset: str
    cells: tuple[str, ...]
    page: str | None


class ReportServer(ThreadingHTTPServer):
    """Serves the reports below ``root``."""

    daemon_threads = True

    def __init__(self, root: str, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.root = root.rstrip("/")
        names = {host, "127.0.0.1", "localhost", "[::1]"}
        self.hosts = frozenset(f"{name}:{self.server_address[1]}" for name in names)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/"


def serve(root: str, host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        BadInput: there is no such folder, or the address is taken.
    """
    if not exists(root):
        raise BadInput(f"{root} does not exist")
    try:
        server = ReportServer(root, host, port)
    except OSError as error:
        raise BadInput(f"cannot listen on {host}:{port}: {error.strerror}") from error
    print(f"reports below {root}: {server.address} (Ctrl-C ends)", flush=True)
    with server:
        server.serve_forever()


def listed(root: str) -> list[ListedRun]:
    """Return the runs below a folder, latest first."""
    runs = []
    for uri in sorted({u for pattern in _DEPTH for u in glob_files(root, pattern)}):
        folder = uri.rsplit("/", 1)[0]
        below = folder[len(root.rstrip("/")) :].strip("/")
        document = read_json(uri)
        manifest = document.get("manifest") or {}
        dataset = manifest.get("dataset") or {}
        headline = document["headline"]
        page = exists(join(folder, "report", "index.html"))
        path = quote(f"/{below}/report/index.html" if below else "/report/index.html")
        one = ListedRun(
            name=below or folder.rsplit("/", 1)[-1],
            started=date(manifest.get("started")),
            dataset=f"{dataset.get('name', NONE)} {dataset.get('release', '')}".strip(),
            cells=tuple(percent((headline.get(m) or {}).get("value")) for m in HEADLINES),
            page=path if page else None,
        )
        runs.append((manifest.get("started") or "", one))
    return [one for _, one in sorted(runs, key=lambda item: item[0], reverse=True)]


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: ReportServer
    server_version = "imcbench"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with the content."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer without the content."""
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: a request is no news."""

    def _answer(self, *, body: bool) -> None:
        # A foreign name that resolves to this machine must not read reports from a browser.
        if self.headers.get("Host") not in self.server.hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        content = self._content(unquote(urlsplit(self.path).path))
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        kind, data = content
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if body:
            self.wfile.write(data)

    def _content(self, path: str) -> tuple[str, bytes] | None:
        """Return type and bytes of an address: the index, an asset of it, a file of a report."""
        root = self.server.root
        if path == "/":
            head = [title(m) for m in HEADLINES]
            page = render("runs.html.j2", root=root, runs=listed(root), head=head)
            return "text/html; charset=utf-8", page.encode()
        if path.startswith("/assets/"):
            data = dict(assets()).get(path.removeprefix("/assets/"))
            return None if data is None else (_kind(path), data)
        safe = posixpath.normpath(path).strip("/")
        parts = safe.split("/")
        if "\\" in safe or "\x00" in safe or ".." in parts or "report" not in parts[:-1]:
            return None
        try:
            return _kind(safe), read_bytes(join(root, safe))
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            return None


def _kind(path: str) -> str:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
