"""Answers of a provider kept on any storage, so that the same request is not paid for twice.

In: a request's identity. Out: the answer as it came. The identity holds endpoint, model, the whole
body, the sample's seed, and the version of the model that the provider last named: an answer of one
version is never given for another. Which version is current is noted beside the answers and changes
with the first live answer that names another.
"""

import hashlib
import json
from typing import Any

from actors.storage.files import join, read_bytes, write_bytes, write_json
from conf.endpoint import ServedModel
from conf.errors import BadInput, InfrastructureError


class ResponseCache:
    """The answers of one endpoint and model below a folder; calls block."""

    def __init__(self, folder: str, served: ServedModel, backend: str) -> None:
        self._folder = folder
        self._who = [backend, served.endpoint.base_url, served.model]
        self._version_file = join(folder, "versions", f"{_hash(self._who)}.json")
        self._version = self._noted_version()

    def get(self, body: dict[str, Any], seed: int) -> dict[str, Any] | None:
        """Return the kept answer to a request from the current version; None: none is kept."""
        if self._version is None:
            return None
        return _read(self._file(body, seed, self._version))

    def put(self, body: dict[str, Any], seed: int, answer: dict[str, Any], version: str) -> None:
        """Keep an answer that the provider just gave, under the version it named."""
        try:
            if version != self._version:
                write_json(self._version_file, {"who": self._who, "version": version})
                self._version = version
            data = json.dumps(answer, ensure_ascii=False).encode()
            write_bytes(self._file(body, seed, version), data, sync=False)
        except BadInput as error:  # found out late, by a turn, whose fault it is not
            raise InfrastructureError(f"endpoint.cache: {error}") from error

    def _noted_version(self) -> str | None:
        document = _read(self._version_file) or {}
        version = document.get("version")
        return version if isinstance(version, str) else None

    def _file(self, body: dict[str, Any], seed: int, version: str) -> str:
        name = _hash([*self._who, body, seed, version])
        return join(self._folder, name[:2], f"{name}.json")


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read(uri: str) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none, or a torn one."""
    try:
        document = json.loads(read_bytes(uri))
    except (FileNotFoundError, ValueError):
        return None
    except BadInput as error:
        raise InfrastructureError(f"endpoint.cache: {error}") from error
    return document if isinstance(document, dict) else None
