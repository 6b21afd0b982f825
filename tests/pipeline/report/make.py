"""Small datasets and runs made the real way, without a cluster: phantom rows, scripted answers."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from actors.boxes.write import format_box
from actors.gold import gold_text
from actors.schema import DIALOGUE_SCHEMA, TURN_SCHEMA, Dialogue, Turn
from actors.storage.files import join, read_parquet, write_bytes, write_json, write_parquet
from conf.load import load
from pipeline.phantom.build import dataset_document, write_part
from pipeline.phantom.catalogue.modalities import lexicon_document
from pipeline.run import summarise
from pipeline.runs.prepare import prepare
from pipeline.score import plan_units, score_unit

Answer = Callable[[Dialogue, Turn], str | None]


def make_dataset(folder: Path, count: int) -> str:
    """Write a phantom dataset of ``count`` dialogues."""
    part = write_part(str(folder), seed=0, first=0, last=count)
    lexicon = json.dumps(lexicon_document()).encode()
    write_bytes(str(folder / "lexicon.json"), lexicon)
    files = {"lexicon.json": hashlib.sha256(lexicon).hexdigest()}
    write_json(str(folder / "dataset.json"), dataset_document(0, [part], files))
    return str(folder)


def rewrite(folder: str, change: Callable[[int, Dialogue], Dialogue]) -> None:
    """Change every dialogue of a dataset and drop the hashes that no longer hold."""
    file = join(folder, "dialogues/part-00000.parquet")
    rows = read_parquet(file).to_pylist()
    changed = [change(n, Dialogue.from_row(row)).to_row() for n, row in enumerate(rows)]
    write_parquet(file, pa.Table.from_pylist(changed, schema=DIALOGUE_SCHEMA))
    document = json.loads(Path(folder, "dataset.json").read_text())
    write_json(join(folder, "dataset.json"), document | {"files": {}})


def gold_answers(error_rate: float, seed: int = 0) -> Answer:
    """Answer as the expert does; at the given rate say nothing to the point."""
    rng = random.Random(seed)

    def answer(dialogue: Dialogue, turn: Turn) -> str | None:
        if rng.random() < error_rate:
            return "There is a nodule. I cannot say more. [0, 0, 20, 20]"
        text = gold_text(turn)
        if turn.region_id is None:
            return text
        region = dialogue.region(turn.region_id)
        image = dialogue.image(region.image_id)
        size = (image.width, image.height)
        return f"{text} {format_box('norm1000', region.box, size, input_size=size)}"

    return answer


def make_run(dataset: str, output: Path, name: str, answer: Answer, *overriding: str) -> str:
    """Answer, score and sum up; give the run directory. An answer of None is a failed turn."""
    overrides = [
        f"dataset.uri={dataset}",
        f"output={output}",
        f"model.name={name}",
        "model.backend=scripted",
        "model.source=gold",
        "scoring.resamples=200",
        *overriding,
    ]
    config = load("demo", overrides)
    prepared = prepare(config)
    rows = []
    for row in prepared.dialogues.to_pylist():
        dialogue = Dialogue.from_row(row)
        for turn in dialogue.turns:
            text = answer(dialogue, turn)
            rows.append(_turn_row(prepared.run_id, name, dialogue, turn, text))
    turns = pa.Table.from_pylist(rows, schema=TURN_SCHEMA)
    write_parquet(join(prepared.directory.turns, "part-0.parquet"), turns)
    gold = prepared.gold
    for unit in plan_units(prepared.directory.turns, prepared.dialogues):
        scored = score_unit(unit, gold, config.model.box_dialect)
        write_parquet(join(prepared.directory.scores, f"{unit.name}.parquet"), scored.scores)
        for folder, table in (("findings", scored.findings), ("outcomes", scored.outcomes)):
            write_parquet(join(prepared.directory.root, folder, f"{unit.name}.parquet"), table)
    summarise(prepared.directory, replace(config.scoring))
    return prepared.directory.root


def _turn_row(
    run_id: str, name: str, dialogue: Dialogue, turn: Turn, text: str | None
) -> dict[str, object]:
    return {
        "run_id": run_id,
        "model": name,
        "dialogue_id": dialogue.dialogue_id,
        "turn": turn.turn,
        "status": "failed" if text is None else "ok",
        "error": "EngineError: out of <memory>" if text is None else None,
        "question": turn.question,
        "response": text,
        "finish_reason": None if text is None else "stop",
        "prompt_tokens": 100,
        "cached_tokens": 40,
        "completion_tokens": 12,
        "latency_s": 0.25,
        "attempt": 1,
        "input_sizes": None,
    }
