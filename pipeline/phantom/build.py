"""Writes the phantom dataset to a folder or object store, in parallel Ray tasks.

In: a target (path or fsspec URL), a seed and a count. Out: ``dialogues/part-*.parquet``,
``images/``, ``lexicon.json`` and at last ``dataset.json``, whose presence means that the rest is
complete. The bytes depend on seed and count alone, not on the number of workers.
"""

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray

from actors.schema import DIALOGUE_SCHEMA, SCHEMA_VERSION
from actors.storage.files import join, write_bytes
from pipeline.cluster.tasks import results
from pipeline.phantom.catalogue.modalities import lexicon_document
from pipeline.phantom.generate import RELEASE, draw_dialogue

GENERATOR_VERSION = 1  # raise it whenever the same seed gives other bytes
DIALOGUES_PER_PART = 250
_LEXICON = "lexicon.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The outcome of one task: its file's hash and the counts that dataset.json sums up."""

    path: str
    sha256: str
    counts: dict[str, int]
    patients: frozenset[str]


def build(
    target: str, *, dialogues: int = 8000, seed: int = 0, parallelism: int | None = None
) -> dict[str, Any]:
    """Write the dataset and return the document that became ``dataset.json``; needs Ray running.

    Args:
        target: folder or fsspec URL; files of an earlier build there are overwritten.
        dialogues: how many, at least 1.
        seed: not negative; the same seed and count give the same bytes.
        parallelism: parts drawn at once; None leaves it to the cluster's CPUs.

    Raises:
        ValueError: a count below 1 or a negative seed.
    """
    if dialogues < 1 or seed < 0:
        raise ValueError(f"dialogues is {dialogues} and seed {seed}; need at least 1 and 0")
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    lexicon = _json_bytes(lexicon_document())
    _write(target, _LEXICON, lexicon)
    task = ray.remote(write_part)
    waiting: list[ray.ObjectRef[Part]] = []
    parts: list[Part] = []
    for first in range(0, dialogues, DIALOGUES_PER_PART):
        if parallelism is not None and len(waiting) >= parallelism:
            ready, waiting = ray.wait(waiting)
            parts += results(ready, "drawing the dataset")
        last = min(first + DIALOGUES_PER_PART, dialogues)
        waiting.append(task.remote(target, seed, first, last))
    parts += results(waiting, "drawing the dataset")
    files = {_LEXICON: hashlib.sha256(lexicon).hexdigest()}
    document = dataset_document(seed, sorted(parts, key=lambda part: part.path), files)
    _write(target, "dataset.json", _json_bytes(document))
    return document


def write_part(target: str, seed: int, first: int, last: int) -> Part:
    """Draw dialogues ``first`` to ``last`` (excluded), write their images, then their rows."""
    rows, counts = [], Counter[str]()
    for index in range(first, last):
        dialogue, files = draw_dialogue(seed, index)
        for uri, data in files:
            _write(target, uri, data)
        rows.append(dialogue.to_row())
        counts.update(dialogues=1, turns=len(dialogue.turns), images=len(files))
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=DIALOGUE_SCHEMA), buffer)
    path = f"dialogues/part-{first // DIALOGUES_PER_PART:05d}.parquet"
    _write(target, path, buffer.getvalue())
    return Part(
        path=path,
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(),
        counts=dict(counts),
        patients=frozenset(row["patient_id"] for row in rows),
    )


def dataset_document(seed: int, parts: list[Part], files: dict[str, str]) -> dict[str, Any]:
    """Return ``dataset.json``: identity, origin, counts and the SHA-256 of every table."""
    counts = sum((Counter(part.counts) for part in parts), Counter[str]())
    return {
        "name": "phantom",
        "release": RELEASE,
        "schema_version": SCHEMA_VERSION,
        "lexicon": _LEXICON,
        "licence": "CC0-1.0",
        "description": "Synthetic multi-turn medical dialogues; no image shows a person.",
        "generator": "pipeline.phantom",
        "generator_version": GENERATOR_VERSION,
        "seed": seed,
        "counts": {
            **{name: counts[name] for name in ("dialogues", "turns", "images")},
            "patients": len(frozenset[str]().union(*(part.patients for part in parts))),
        },
        "files": {**files, **{part.path: part.sha256 for part in parts}},
    }


def _json_bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def _write(target: str, path: str, data: bytes) -> None:
    """Write one file below the target; dataset.json, written last, holds its hash."""
    write_bytes(join(target, path), data, sync=False)
