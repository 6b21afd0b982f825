"""A hub on loopback that speaks what huggingface_hub asks of one: revisions, files, tokens."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """One repository, ``owner/model``; ``commits`` are folders by commit, ``main`` the newest.

    ``token``: what a request must carry; None lets everyone in. ``asked`` are the paths so far.
    """

    commits: dict[str, Path]
    main: str
    token: str | None = None
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Serve a hub; give its address."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(path)
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"}, with_body)
        elif path.startswith("/api/models/owner/model"):
            self._revision(path.removeprefix("/api/models/owner/model"), with_body)
        elif path.startswith("/owner/model/resolve/"):
            commit, _, name = path.removeprefix("/owner/model/resolve/").partition("/")
            self._file(commit, name, with_body)
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, with_body)

    def _revision(self, rest: str, with_body: bool) -> None:
        revision = rest.removeprefix("/revision/").removeprefix("/tree/").strip("/") or "main"
        commit = self.hub.main if revision == "main" else revision
        folder = self.hub.commits.get(commit)
        if folder is None:
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"}, with_body)
            return
        files = sorted(p for p in folder.iterdir() if p.is_file())
        if rest.startswith("/tree/"):
            document: object = [
                {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": _etag(f)}
                for f in files
            ]
        else:
            siblings = [{"rfilename": file.name} for file in files]
            document = {"id": "owner/model", "sha": commit, "siblings": siblings}
        self._send(200, json.dumps(document).encode(), {}, with_body)

    def _file(self, commit: str, name: str, with_body: bool) -> None:
        file = self.hub.commits.get(commit, Path("/nowhere")) / name
        if not file.is_file():
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, with_body)
            return
        headers = {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": commit}
        self._send(200, file.read_bytes(), headers, with_body)

    def _send(self, code: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(code)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
