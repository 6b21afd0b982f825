"""One import from end to end: rows, groups, dialogues, files.

In: a mapping, a source folder, an output folder. Out: a dataset of version 2 and its report.
``dataset.json`` is written last; without it the folder is no dataset.
"""

import hashlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from actors.schema import DIALOGUE_SCHEMA_2, Dialogue
from actors.storage.files import exists, join, write_bytes
from conf.errors import BadInput
from pipeline.dataset.importers.check import check_gold
from pipeline.dataset.importers.concepts import Vocabulary
from pipeline.dataset.importers.dialogues import DialogueMaker
from pipeline.dataset.importers.dicom import Pseudonyms
from pipeline.dataset.importers.images import ImageWriter, without_bytes
from pipeline.dataset.importers.mapping import Join, Mapping
from pipeline.dataset.importers.report import ImportReport
from pipeline.dataset.importers.source import Source
from pipeline.dataset.importers.staging import Staging
from pipeline.dataset.importers.tables import read_rows
from pipeline.dataset.importers.values import RowFault, Value, optional, parse_value, text

VERSION = 2
_PART = 2_000  # dialogues of one file
_CHECKED = 2_000  # dialogues whose gold answers are scored
_AHEAD = 64  # groups whose images are decoded at once
_LEXICON = "lexicon.json"


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What to import. ``output`` None: nothing is written. ``key``: of the pseudonyms."""

    mapping: Mapping
    source: str
    output: str | None
    key: bytes | None = None


def import_dataset(plan: ImportPlan) -> ImportReport:
    """Carry out an import.

    Raises:
        BadInput: a file cannot be read, the output holds a dataset already, or nothing is left.
    """
    if plan.output is not None and exists(join(plan.output, "dataset.json")):
        raise BadInput(f"{plan.output} holds a dataset already")
    source = Source(plan.source)
    pseudonyms = Pseudonyms(plan.key or secrets.token_bytes(32))
    report, vocabulary = ImportReport(), Vocabulary(plan.mapping.concepts)
    with tempfile.TemporaryDirectory(prefix="imcbench-import-") as folder:
        staging = Staging(Path(folder))
        images = ImageWriter(source, staging, plan.mapping.images, plan.output)
        _Stager(plan.mapping, source, pseudonyms, report).stage(staging, images, Path(folder))
        maker = DialogueMaker(plan.mapping, images, vocabulary, report, pseudonyms)
        made = (d for key, rows in _prepared(staging, images) for d in maker.make(key, rows))
        sample: list[Dialogue] = []
        files = _write_dialogues(made, plan.output, report, sample)
        images.close()
        staging.close()
    report.concepts_added = vocabulary.added
    if not report.counts["dialogues"]:
        raise BadInput("\n".join(["nothing could be imported", *report.lines()]))
    check_gold(sample, vocabulary.lexicon(), report)
    if plan.output is not None:
        _finish(plan, report, vocabulary, files)
    return report


def _prepared(staging: Staging, images: ImageWriter) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the groups, with the images of some of them decoded at once beforehand."""
    groups = staging.groups()
    while ahead := list(islice(groups, _AHEAD)):
        rows = (row for _, of_group in ahead for row in of_group)
        images.prepare((ref[0], ref[1]) for row in rows for ref in row["@images"])
        yield from ahead


class _Stager:
    """Reads, joins, filters and groups rows."""

    def __init__(
        self, mapping: Mapping, source: Source, pseudonyms: Pseudonyms, report: ImportReport
    ) -> None:
        self._mapping, self._source = mapping, source
        self._pseudonyms, self._report = pseudonyms, report
        self._where = [
            (
                parse_value(c.value, f"where.{n}.value"),
                set(map(text, c.among)),
                set(map(text, c.without)),
            )
            for n, c in enumerate(mapping.where)
        ]
        self._images = optional(mapping.images.source, "images.source")
        self._index = optional(mapping.images.index, "images.index")
        self._group = optional(mapping.dialogue.group, "dialogue.group")

    def stage(self, staging: Staging, images: ImageWriter, folder: Path) -> None:
        """Put every row that is wanted into its group."""
        joined = [
            (join, parse_value(join.to, f"joins.{n}.to"), self._table(join, n, folder))
            for n, join in enumerate(self._mapping.joins)
        ]
        for row in read_rows(self._mapping.rows, self._source, self._pseudonyms):
            self._report.rows_read += 1
            if isinstance(row, RowFault):
                self._report.drop(row)
                continue
            try:
                for join, to, table in joined:
                    row |= _matched(join, to, table, row)
                if not self._wanted(row):
                    self._report.rows_filtered += 1
                    continue
                key, kept = self._grouped(row, images)
            except RowFault as fault:
                self._report.drop(fault, row)
                continue
            staging.put(key, kept)
        for _, _, table in joined:
            table.close()

    def _table(self, join: Join, n: int, folder: Path) -> Staging:
        table, key = Staging(folder, f"join-{n}"), parse_value(join.key, f"joins.{n}.key")
        for row in read_rows(join.rows, self._source, self._pseudonyms):
            if isinstance(row, RowFault):
                self._report.warn(f"join {join.name}: {row.reason}", str(row))
                continue
            try:
                table.put(text(key(row)), row)
            except RowFault as fault:
                self._report.warn(f"join {join.name}: {fault.reason}", str(fault))
        return table

    def _wanted(self, row: dict[str, Any]) -> bool:
        for value, among, without in self._where:
            found = text(value(row))
            if (among and found not in among) or found in without:
                return False
        return True

    def _grouped(self, row: dict[str, Any], images: ImageWriter) -> tuple[str, dict[str, Any]]:
        """Return the key of a row's group, and the row with references for its images."""
        spec = self._mapping.images
        refs = images.references(row, self._images(row), self._index(row))
        if not refs and spec.source is not None and spec.required:
            raise RowFault("a row has no image")
        if not spec.required:
            refs = [ref for ref in refs if _is_there(images, ref)]
        hashes = [images.hash(ref) for ref in refs]
        key = text(self._group(row)) or (hashes[0][:32] if hashes else "")
        if not key:
            key = f"{row['@file']}-{row['@row']}"
        kept = row if spec.kind == "path" else without_bytes(row, spec.source)
        return key, {**kept, "@images": refs}


def _matched(join: Join, to: Value, table: Staging, row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that a join adds: its first row, and all of them under ``name@all``."""
    found = table.find(text(to(row)))
    if not found and join.required:
        raise RowFault(f"join {join.name} has no row", f"nothing for {text(to(row))!r:.60}")
    return {join.name: found[0] if found else None, f"{join.name}@all": found}


def _is_there(images: ImageWriter, ref: tuple[str, str]) -> bool:
    try:
        images.hash(ref)
    except RowFault as fault:
        if fault.reason == "an image is missing":
            return False
        raise
    return True


def _write_dialogues(
    made: Iterator[Dialogue], output: str | None, report: ImportReport, sample: list[Dialogue]
) -> dict[str, str]:
    """Write the dialogues in parts; return the SHA-256 of each file."""
    files: dict[str, str] = {}
    while part := list(islice(made, _PART)):
        for dialogue in part:
            report.add(dialogue)
        sample += part[: _CHECKED - len(sample)]
        if output is not None:
            table = pa.Table.from_pylist([d.to_row() for d in part], schema=DIALOGUE_SCHEMA_2)
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink)
            name = f"dialogues/part-{len(files):05d}.parquet"
            files[name] = _written(output, name, sink.getvalue().to_pybytes())
    return files


def _finish(
    plan: ImportPlan, report: ImportReport, vocabulary: Vocabulary, files: dict[str, str]
) -> None:
    """Write lexicon and report, and at last dataset.json."""
    output, m = str(plan.output), plan.mapping
    lexicon = _json_bytes(vocabulary.document())
    files = {_LEXICON: _written(output, _LEXICON, lexicon), **files}
    _written(output, "import.json", report.to_json().encode())
    _written(output, "import.txt", ("\n".join(report.lines()) + "\n").encode())
    document = {
        "name": m.name,
        "release": m.release,
        "schema_version": VERSION,
        "lexicon": _LEXICON,
        "licence": m.licence,
        "access": m.access,
        "patient_unit": m.dialogue.patient_unit,
        "independent": m.dialogue.independent,
        "generator": "imcbench dataset import",
        "seed": m.templates.seed if m.templates.use else None,
        "counts": dict(report.counts),
        "files": files,
    }
    _written(output, "dataset.json", _json_bytes(document))


def _written(output: str, name: str, data: bytes) -> str:
    write_bytes(join(output, name), data)
    return hashlib.sha256(data).hexdigest()


def _json_bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
