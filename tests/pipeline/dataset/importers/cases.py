"""Imports for tests: real samples where IMCBENCH_REAL_DATA names them, small files made here."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image as PIL

from actors.schema import Dialogue
from pipeline.dataset.importers.importer import ImportPlan, import_dataset
from pipeline.dataset.importers.mapping import load_mapping
from pipeline.dataset.open import open_dataset
from pipeline.dataset.validate import validate

REAL = os.environ.get("IMCBENCH_REAL_DATA")
needs_real_data = pytest.mark.skipif(
    REAL is None, reason="IMCBENCH_REAL_DATA does not name a folder of real samples"
)


def real(name):
    return Path(str(REAL)) / name


def imported(mapping, source, output, *overrides):
    """Import, and return the report."""
    plan = ImportPlan(
        mapping=load_mapping(str(mapping), overrides),
        source=str(source),
        output=None if output is None else str(output),
        key=b"a key of the tests",
    )
    return import_dataset(plan)


def dialogues(output):
    """Return the dialogues of a dataset that must have no fault."""
    dataset = open_dataset(str(output))
    assert list(validate(dataset)) == []
    return [Dialogue.from_row(row) for row in dataset.dialogues().to_pylist()]


def write_mapping(folder, **changes):
    """Write a mapping for ``rows.jsonl`` with columns image, question and answer."""
    document = {
        "name": "set",
        "release": "1",
        "licence": "CC0-1.0",
        "source": "set",
        "rows": {"read": "jsonl", "path": "rows.jsonl"},
        "images": {"source": "image"},
        "question": {"question": "question", "answer": "answer"},
        **changes,
    }
    file = folder / "mapping.yaml"
    file.write_text(yaml.safe_dump({k: v for k, v in document.items() if v is not None}))
    return file


def write_rows(folder, rows):
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def picture(folder, name="a.png", size=(60, 40), seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    PIL.fromarray(pixels).save(folder / name)
    return name


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
