"""Checkpoints as a worker needs them: a local folder, fetched once per machine if it is remote.

In: a local folder, a fsspec URI (s3://…) or a hub id. Out: what the engine can load, and an id of
the weights that does not depend on where they lie.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import fsspec
from filelock import FileLock

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
            filesystem, path = fsspec.core.url_to_fs(source)
            if not filesystem.find(path):
                raise FileNotFoundError(f"no model files at {source}")
            partial = tempfile.mkdtemp(dir=target.parent)
            filesystem.get(path.rstrip("/") + "/", partial + "/", recursive=True)
            Path(partial).rename(target)
    return str(target)


def weights_id(source: str) -> str:
    """Identify a checkpoint by content: SHA-256 over its files' names, sizes and bytes.

    Files above 64 MiB count by 64 evenly spaced samples of 64 KiB, so that a 140 GB checkpoint is
    identified in seconds. A hub id identifies itself.
    """
    filesystem, root = fsspec.core.url_to_fs(source)
    if "://" not in source and not Path(source).is_dir():
        return f"hub:{source}"
    digest = hashlib.sha256()
    for path in sorted(filesystem.find(root)):
        name = path[len(root.rstrip("/")) + 1 :]
        if any(part.startswith(".") for part in name.split("/")):
            continue
        size = filesystem.size(path)
        digest.update(f"{name}\x00{size}\x00".encode())
        with filesystem.open(path, "rb") as file:
            if size <= _WHOLE:
                digest.update(file.read())
                continue
            for n in range(_SAMPLES):
                file.seek(n * (size - _SAMPLE) // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    return f"sha256:{digest.hexdigest()}"
