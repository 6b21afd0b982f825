"""Turn outputs to scores: stateless Ray tasks, one per turns file.

In: a folder of turn-output Parquet (at least dialogue_id, turn, status, response) and the dialogues
that were asked for. Out: scores/*.parquet, one row per dialogue and metric, with the dialogue's
groups and patient beside it, findings/*.parquet, one row per annotated finding, and
outcomes/*.parquet, what became of the turns that each measure reads. A dialogue without any row is
scored as failed at every turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import ray

from actors.boxes.dialects import dialect_named
from actors.schema import Dialogue
from actors.storage.files import (
    join,
    list_files,
    parquet_schema,
    read_parquet,
    remove,
    write_parquet,
)
from conf.errors import BadInput
from pipeline.cluster.tasks import results
from pipeline.dataset.open import Gold
from pipeline.metrics.finding_outcomes import finding_outcomes
from pipeline.metrics.outcomes import outcome_counts
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.score_dialogue import score_reading
from pipeline.tables.findings import FOLDER as FINDINGS
from pipeline.tables.findings import FindingTable
from pipeline.tables.outcomes import FOLDER as OUTCOMES
from pipeline.tables.outcomes import OutcomeTable
from pipeline.tables.schemas import JUDGED
from pipeline.tables.scores import ScoreTable
from pipeline.tables.turns import NEEDED, answered_without_sizes, read_responses


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What one scoring task reads and writes; files that share a dialogue go together."""

    name: str
    files: tuple[str, ...]
    dialogue_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What one task writes: rows of SCORE_SCHEMA, FINDING_SCHEMA and OUTCOME_SCHEMA."""

    scores: pa.Table
    findings: pa.Table
    outcomes: pa.Table


def score(gold: Gold, turns: str, output: str, box_dialect: str) -> int:
    """Score every dialogue of ``gold`` and return the number of score files.

    Args:
        gold: the dialogues that were asked for.
        turns: folder of turn-output Parquet.
        output: folder whose scores/ is written; score files of an earlier pass are replaced,
            those of judges stay.
        box_dialect: how the model wrote its regions.

    Raises:
        BadInput: a file lacks a column or the sizes that the dialect needs, or a row names an
            unknown dialogue, turn or status, or names a turn twice; the message says where.
    """
    units = plan_units(turns, gold.dialogues)
    if dialect_named(box_dialect).input_pixels:
        for unit in units:
            _check_sizes(unit, box_dialect)
    shared = ray.put(gold)
    tasks = [_score_unit.remote(unit, shared, output, box_dialect) for unit in units]
    results(tasks, "scoring")
    written = {f"{unit.name}.parquet" for unit in units}
    for folder in ("scores", FINDINGS, OUTCOMES):
        for old in list_files(join(output, folder), ".parquet"):
            name = old.rsplit("/", 1)[-1]
            if name not in written and not name.startswith(JUDGED):
                remove(old)
    return len(units)


def plan_units(turns: str, dialogues: pa.Table) -> list[Unit]:
    """Check the turn outputs' keys and cut them into tasks; raises as ``score``."""
    files = list_files(turns, ".parquet")
    if not files:
        raise BadInput(f"{turns} holds no .parquet file")
    turns_of = {
        row["dialogue_id"]: {t["turn"] for t in row["turns"]}
        for row in dialogues.select(["dialogue_id", "turns"]).to_pylist()
    }
    recorded: set[tuple[str, int]] = set()
    by_file: dict[str, set[str]] = {}
    for uri in files:
        keys = _read_keys(uri)
        for dialogue_id, turn in zip(*keys, strict=True):
            if turn not in turns_of.get(dialogue_id, ()):
                raise BadInput(f"{uri}: dialogue {dialogue_id!r} turn {turn} is not in the dataset")
            if (dialogue_id, turn) in recorded:
                raise BadInput(f"{uri}: dialogue {dialogue_id!r} turn {turn} has two rows")
            recorded.add((dialogue_id, turn))
        by_file[uri] = set(keys[0])
    units = [
        Unit(
            name=group[0].rsplit("/", 1)[-1].removesuffix(".parquet"),
            files=tuple(group),
            dialogue_ids=tuple(sorted(set().union(*(by_file[f] for f in group)))),
        )
        for group in _connected(by_file)
    ]
    missing = tuple(sorted(set(turns_of) - {d for d, _ in recorded}))
    if missing:
        units.append(Unit(name="without-rows", files=(), dialogue_ids=missing))
    return units


@ray.remote(num_cpus=1)
def _score_unit(unit: Unit, gold: Gold, output: str, box_dialect: str) -> None:
    """Score one unit and write its files; running it again writes the same."""
    scored = score_unit(unit, gold, box_dialect)
    write_parquet(join(output, FINDINGS, f"{unit.name}.parquet"), scored.findings)
    write_parquet(join(output, OUTCOMES, f"{unit.name}.parquet"), scored.outcomes)
    write_parquet(join(output, "scores", f"{unit.name}.parquet"), scored.scores)


def score_unit(unit: Unit, gold: Gold, box_dialect: str) -> Scored:
    """Score one unit's dialogues."""
    responses = read_responses(unit.files)
    wanted = pa.array(unit.dialogue_ids, pa.string())
    rows = gold.dialogues.filter(pc.is_in(gold.dialogues["dialogue_id"], value_set=wanted))
    scores, findings, outcomes = ScoreTable(), FindingTable(), OutcomeTable()
    for row in rows.to_pylist():
        answers = responses.get(row["dialogue_id"], {})
        dialogue = Dialogue.from_row(row)
        reading = read_dialogue(dialogue, answers, gold.lexicon, box_dialect)
        scores.add(row, score_reading(reading))
        findings.add(row, finding_outcomes(reading))
        outcomes.add(row, outcome_counts(reading))
    return Scored(scores=scores.table(), findings=findings.table(), outcomes=outcomes.table())


def _read_keys(uri: str) -> tuple[list[str], list[int]]:
    """Read a turn file's dialogue ids and turns, having checked its columns."""
    names = parquet_schema(uri).names
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BadInput(f"{uri} lacks the column {missing[0]!r}")
    table = read_parquet(uri, columns=["dialogue_id", "turn"])
    return table["dialogue_id"].to_pylist(), table["turn"].to_pylist()


def _check_sizes(unit: Unit, box_dialect: str) -> None:
    """Raise BadInput for an answered turn without the sizes that the dialect's boxes refer to."""
    for uri in unit.files:
        without = answered_without_sizes(uri)
        if without:
            raise BadInput(
                f"{uri}: {without} answered turns have no input_sizes, the size at which each "
                f"image entered the model; boxes in the dialect {box_dialect} cannot be read "
                "without them"
            )


def _connected(by_file: Mapping[str, set[str]]) -> list[list[str]]:
    """Group files that share a dialogue, directly or through others; order follows the listing."""
    groups: list[tuple[list[str], set[str]]] = []
    owner: dict[str, int] = {}
    for uri, ids in by_file.items():
        touched = sorted({owner[d] for d in ids if d in owner})
        target = touched[0] if touched else len(groups)
        if not touched:
            groups.append(([], set()))
        for other in touched[1:]:
            groups[target][0].extend(groups[other][0])
            groups[target][1].update(groups[other][1])
            owner.update(dict.fromkeys(groups[other][1], target))
            groups[other] = ([], set())
        groups[target][0].append(uri)
        groups[target][1].update(ids)
        owner.update(dict.fromkeys(ids, target))
    return [files for files, _ in groups if files]
