"""The viewer's data below the report: index, shards of dialogues, pictures.

In: an ``Analysis``, the gold, the runs' turn outputs. Out: data/*.js and images/*.jpg.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.schema import Dialogue, Image
from actors.storage.files import join, list_files, remove, write_bytes
from conf.errors import BadInput
from pipeline.dataset.open import Gold
from pipeline.metrics.base import DialogueReading, Response
from pipeline.metrics.hallucination import checkable
from pipeline.metrics.reading import read_dialogue
from pipeline.report.analysis.analyse import Analysis
from pipeline.report.inputs import Options, RunData
from pipeline.report.viewer.index import SHARD, ListedDialogue, index_document
from pipeline.report.viewer.pictures import FOLDER, write_pictures
from pipeline.report.viewer.records import Record, dialogue_record
from pipeline.tables.turns import declared_dialect, read_responses

Answers = Mapping[str, Mapping[int, Response]]  # by dialogue and turn
DATA = "data"

# "<" and ">" so that no data ends or opens a script element wherever the text is put, "&" so that
# it means the same inside XHTML; U+2028 and its like are escaped since the output is ASCII.
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, kw_only=True)
class _Source:
    """One run's answers and how it writes regions."""

    label: str
    answers: Answers
    dialect: str


def has_turns(data: RunData) -> bool:
    """Return whether a run directory holds turn outputs to show."""
    return bool(list_files(data.directory.turns, ".parquet"))


def write_viewer(
    analysis: Analysis, gold: Gold, dataset_uri: str, options: Options, report: str
) -> None:
    """Write the viewer's data and remove what an earlier report left of it.

    Raises:
        BadInput: a run to compare with has no turn outputs.
    """
    sources = [_source(run) for run in analysis.runs]
    rows = sorted(gold.dialogues.to_pylist(), key=lambda row: str(row["dialogue_id"]))
    dialogues = [Dialogue.from_row(row) for row in rows]
    images: Sequence[Image] = [i for d in dialogues for i in d.images] if options.images else ()
    pictures = write_pictures(images, dataset_uri, report)
    written, listed = set[str](), list[ListedDialogue]()
    for number, start in enumerate(range(0, len(dialogues), SHARD), start=1):
        records: list[Record] = []
        for readings in _readings(dialogues[start : start + SHARD], sources, gold):
            own = readings.pop(sources[0].label)
            listed.append(_listed(own))
            records.append(dialogue_record(own, readings, gold.lexicon, pictures, options.text))
        written.add(_write(report, f"shard-{number:04d}", {"dialogues": records}))
    index = index_document(listed, analysis.data.scores, analysis.comparisons)
    written.add(_write(report, "index", index))
    clear_viewer(report, keep=written | set(pictures.values()))


def clear_viewer(report: str, keep: set[str]) -> None:
    """Remove data and pictures of an earlier report, but for the paths to keep."""
    for folder, suffix in ((DATA, ".js"), (FOLDER, ".jpg")):
        for uri in list_files(join(report, folder), suffix):
            if f"{folder}/{uri.rsplit('/', 1)[-1]}" not in keep:
                remove(uri)


def _readings(
    dialogues: Sequence[Dialogue], sources: Sequence[_Source], gold: Gold
) -> Iterator[dict[str, DialogueReading]]:
    """Yield each dialogue's answers of every run, judged, by label."""
    for dialogue in dialogues:
        yield {
            s.label: read_dialogue(
                dialogue, s.answers.get(dialogue.dialogue_id, {}), gold.lexicon, s.dialect
            )
            for s in sources
        }


def _source(run: RunData) -> _Source:
    if not has_turns(run):
        raise BadInput(f"{run.directory.turns} holds no turn outputs; leave the dialogues out")
    dialect = run.config.model.box_dialect if run.config else declared_dialect(run.directory.turns)
    answers = read_responses(list_files(run.directory.turns, ".parquet"))
    return _Source(label=run.label, answers=answers, dialect=dialect)


def _listed(reading: DialogueReading) -> ListedDialogue:
    wrong = {c.claim.concept for c in checkable(reading) if c.verdict != "supported"}
    return ListedDialogue(
        dialogue_id=reading.dialogue.dialogue_id,
        turns=len(reading.turns),
        hallucinated=tuple(sorted(wrong)),
    )


def _write(report: str, name: str, document: Record) -> str:
    path = f"{DATA}/{name}.js"
    write_bytes(join(report, path), script(name, document), sync=False)
    return path


def script(name: str, document: Any) -> bytes:
    """Return data as a script, ``imcbench.receive("name", {...});`` as ASCII.

    A page opened from a disk can load scripts, where fetching is not possible. Infinities and NaN
    are refused with ValueError.
    """
    return f"imcbench.receive({_json(name)}, {_json(document)});\n".encode("ascii")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_UNSAFE)
