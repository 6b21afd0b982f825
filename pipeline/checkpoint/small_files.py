"""A checkpoint's small files on this machine: all but its weights.

In: a local folder, a fsspec URI or a hub id. Out: a local folder with configuration, tokenizer,
processor and chat template, and the bytes of the weights where they lie.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.storage.files import copy_to_local, exists, join, list_tree
from conf.errors import BadInput

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".msgpack", ".h5", ".onnx")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@contextmanager
def small_files(source: str) -> Iterator[tuple[Path, dict[str, int]]]:
    """Open a checkpoint; yield a folder with its small files, and all its files with their bytes.

    The folder of a remote checkpoint goes away at the end.

    Raises:
        BadInput: there is no such checkpoint, or a hub cannot be reached.
    """
    if "://" not in source and not Path(source).is_dir():
        if not _HUB_ID.fullmatch(source):
            raise BadInput(f"{source} is no folder, and no hub id of the form owner/name")
        yield _from_hub(source)
        return
    where = join(source, "config.json")
    if not exists(where):
        raise BadInput(f"{where} is missing: {source} is no checkpoint folder")
    files = list_tree(source)
    if "://" not in source:
        yield Path(source), files
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            if not name.endswith(_WEIGHTS):
                local = Path(folder) / name
                local.parent.mkdir(parents=True, exist_ok=True)
                copy_to_local(join(source, name), str(local))
        yield Path(folder), files


def weights_bytes(files: dict[str, int]) -> int:
    """Return the bytes of a checkpoint's weights: of the safetensors files where it has some."""
    for suffix in _WEIGHTS:
        total = sum(size for name, size in files.items() if name.endswith(suffix))
        if total:
            return total
    return 0


def _from_hub(source: str) -> tuple[Path, dict[str, int]]:
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415

    ignored = [f"*{suffix}" for suffix in _WEIGHTS]
    try:
        info = HfApi().model_info(source, files_metadata=True)
        folder = snapshot_download(source, revision=info.sha, ignore_patterns=ignored)
    except Exception as error:  # of the hub's client, or of the network below it
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(f"hub id {source} cannot be read: {reason}") from error
    files = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    if "config.json" not in files:
        raise BadInput(f"hub id {source} holds no config.json")
    return Path(folder), files
