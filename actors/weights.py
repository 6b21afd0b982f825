"""Checkpoints as a worker needs them: a local folder, fetched once per machine if it is remote.

In: a local folder, a fsspec URI (s3://…) or a hub id. Out: what the engine can load, and an id of
the weights that does not depend on where they lie.
"""

import functools
import hashlib
import os
import tempfile
from pathlib import Path

import fsspec
from filelock import FileLock

from actors.patience import patiently

_WHOLE = 64 * 2**20  # files up to this size are hashed whole, larger ones by sampling
_SAMPLES, _SAMPLE = 64, 2**16


def local_folder(source: str) -> str:
    """Give a local path for a remote source; other sources are given back as they are.

    Raises:
        FileNotFoundError: the remote folder has no file.
    """
    if "://" not in source:
        return source
    cache = Path(os.environ.get("IMCBENCH_CACHE", Path.home() / ".cache" / "imcbench"))
    target = cache / "models" / hashlib.sha256(source.encode()).hexdigest()[:16]
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _fetch(source, target)
    return str(target)


def _fetch(source: str, target: Path) -> None:
    """Copy a remote folder file by file; it has its name when all of it is there."""
    filesystem, root = fsspec.core.url_to_fs(source)
    files = patiently(source, lambda: filesystem.find(root))
    if not files:
        raise FileNotFoundError(f"no model files at {source}")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        partial = Path(folder) / "model"
        for path in files:
            local = partial / path[len(root.rstrip("/")) + 1 :]
            local.parent.mkdir(parents=True, exist_ok=True)
            patiently(f"{source}: {path}", functools.partial(filesystem.get_file, path, str(local)))
        partial.rename(target)


def weights_id(source: str) -> str:
    """Identify a checkpoint by content: SHA-256 over its files' names, sizes and bytes.

    Files above 64 MiB count by 64 evenly spaced samples of 64 KiB, so that a 140 GB checkpoint is
    identified in seconds. A hub id identifies itself.
    """
    filesystem, root = fsspec.core.url_to_fs(source)
    if "://" not in source and not Path(source).is_dir():
        return f"hub:{source}"
    digest = hashlib.sha256()
    files = patiently(source, lambda: filesystem.find(root, detail=True))
    for path, info in sorted(files.items()):
        name = path[len(root.rstrip("/")) + 1 :]
        if any(part.startswith(".") for part in name.split("/")):
            continue
        digest.update(f"{name}\x00{info['size']}\x00".encode())
        for start, end in _spans(info["size"]):
            read = functools.partial(filesystem.cat_file, path, start=start, end=end)
            digest.update(patiently(f"{source}: {name}", read))
    return f"sha256:{digest.hexdigest()}"


def _spans(size: int) -> list[tuple[int, int]]:
    """Give the byte ranges of a file of ``size`` bytes that are hashed."""
    if size <= _WHOLE:
        return [(0, size)] if size else []
    starts = [n * (size - _SAMPLE) // (_SAMPLES - 1) for n in range(_SAMPLES)]
    return [(start, start + _SAMPLE) for start in starts]
