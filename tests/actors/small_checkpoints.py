"""Folders that look like checkpoints: for what is decided before any engine starts."""

import json
from collections.abc import Mapping
from pathlib import Path

_BYTES = {"F32": 4, "BF16": 2}
_TENSORS = {"a": ("F32", [2, 2]), "b": ("F32", [3])}


def write_checkpoint(
    folder: Path, *, fill: int, architecture: str = "Idefics3ForConditionalGeneration"
) -> Path:
    """Write a folder whose weights are all one byte."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    for name in ("tokenizer.json", "processor_config.json", "chat_template.jinja"):
        (folder / name).write_text("{}")
    write_safetensors(folder / "model.safetensors", _TENSORS, fill=fill)
    return folder


def write_safetensors(
    path: Path, tensors: Mapping[str, tuple[str, list[int]]], *, fill: int
) -> None:
    """Write tensors of given types and shapes, in the format's own layout."""
    header: dict[str, object] = {"__metadata__": {"fill": str(fill)}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, size = end, _BYTES[dtype]
        for side in shape:
            size *= side
        end = begin + size
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes([fill]) * end)


def write_sparse(path: Path, tensors: Mapping[str, int], *, changed: str | None = None) -> None:
    """Write byte tensors of given sizes, all zero and taking no disk; of ``changed`` all are 7."""
    header: dict[str, object] = {}
    end = 0
    for name, size in tensors.items():
        begin, end = end, end + size
        header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
        if changed is not None:
            file.seek(8 + len(text) + sum(list(tensors.values())[: list(tensors).index(changed)]))
            file.write(b"\x07" * tensors[changed])
