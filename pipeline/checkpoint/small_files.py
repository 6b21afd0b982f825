"""A checkpoint's small files on this machine: all but its weights.

In: a local folder, a fsspec URI or a hub id. Out: a local folder with configuration, tokenizer,
processor and chat template, and the bytes of the weights where they lie.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.hub import hub_folder, is_hub_id
from actors.storage.files import copy_to_local, exists, join, list_tree, read_json
from conf.errors import BadInput

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".msgpack", ".h5", ".onnx")


@contextmanager
def small_files(source: str) -> Iterator[tuple[Path, dict[str, int]]]:
    """Open a checkpoint; yield a folder with its small files, and all its files with their bytes.

    The folder of a checkpoint at a URI goes away at the end. Of a hub's checkpoint, weights are
    listed only where an index of shards names them.

    Raises:
        BadInput: there is no such checkpoint.
        InfrastructureError: the hub cannot be reached.
    """
    if is_hub_id(source):
        folder = Path(hub_folder(source, small=True))
        yield folder, list_tree(str(folder)) | _indexed(folder)
        return
    if "://" not in source and not Path(source).is_dir():
        raise BadInput(f"{source} is no folder, and no hub id of the form owner/name")
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


def _indexed(folder: Path) -> dict[str, int]:
    """Return the weights that an index of shards names, as one file; none without an index."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return {}
    document = read_json(str(index))
    return {"model.safetensors": int(document.get("metadata", {}).get("total_size", 0))}
