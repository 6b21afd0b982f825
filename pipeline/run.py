"""One evaluation from configuration to report; reads like the diagram in the README.

dialogues -> generate -> turns/ -> score -> scores/ -> reduce -> summary -> report
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actors.conversation import system_prompt
from actors.weights import weights_id
from conf.load import fingerprint, to_yaml
from conf.schema import RunConfig, ScoringConfig
from pipeline.checkpoint import check_checkpoint
from pipeline.cluster import cluster
from pipeline.dataset import Dataset, Gold, open_dataset
from pipeline.errors import BadInput
from pipeline.generate import Generated, generate
from pipeline.reduce import reduce_scores
from pipeline.report import write_report
from pipeline.score import score
from pipeline.storage import (
    RunDirectory,
    exists,
    read_json,
    write_bytes,
    write_json,
    write_parquet,
)
from pipeline.tables import read_scores
from pipeline.validate import row_faults
from pipeline.versions import software

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run whose inputs were checked: what will be asked, and where it goes."""

    config: RunConfig
    dataset: Dataset
    dialogues: pa.Table
    run: RunDirectory
    run_id: str


def evaluate(config: RunConfig) -> RunDirectory:
    """Run everything; running it again resumes.

    Raises:
        BadInput: dataset or model cannot be used; nothing was generated.
        InfrastructureError: the cluster failed; running again resumes.
    """
    prepared = prepare(config)
    with cluster():
        generate_turns(prepared)
        gold = Gold(dialogues=prepared.dialogues, lexicon=prepared.dataset.lexicon)
        score(gold, prepared.run.turns, prepared.run.root, config.model.box_dialect)
    summarise(prepared.run, config.scoring)
    return prepared.run


def prepare(config: RunConfig) -> Prepared:
    """Check the dataset, name the run, write its configuration and manifest.

    Raises:
        BadInput: the dataset has faults (and may not drop those dialogues), or holds none.
    """
    dataset = open_dataset(config.dataset.uri)
    dialogues = dataset.dialogues(config.dataset.limit)
    faults = row_faults(dialogues, dataset.lexicon)
    if faults and not config.dataset.drop_faulty:
        raise BadInput(
            f"{dataset.uri} has {len(faults)} faults, the first: {faults[0]}; "
            "see 'imcbench dataset validate', or set dataset.drop_faulty=true"
        )
    dropped = sorted({f.dialogue_id for f in faults})
    keep = pc.invert(pc.is_in(dialogues["dialogue_id"], value_set=pa.array(dropped, pa.string())))
    dialogues = dialogues.filter(keep)
    if not dialogues.num_rows:
        raise BadInput(f"{dataset.uri}: every dialogue has a fault, the first: {faults[0]}")
    source = config.model.source
    if config.model.backend == "vllm":
        check_checkpoint(source)
        weights = weights_id(source)
    else:
        weights = f"scripted:{source}"
    run_id = fingerprint(
        config,
        dataset_id=dataset.content_id,
        weights_id=weights,
        protocol=system_prompt(config.model.box_dialect),
    )
    run = RunDirectory.of(config.output, config.model.name, run_id)
    write_bytes(run.config, to_yaml(config).encode())
    if not exists(run.manifest):
        write_json(run.manifest, _manifest(config, dataset, run_id, weights, dropped))
    return Prepared(config=config, dataset=dataset, dialogues=dialogues, run=run, run_id=run_id)


def generate_turns(prepared: Prepared) -> Generated:
    """Answer what is missing and note the pass in the manifest."""
    metadata = {"run_id": prepared.run_id, "box_dialect": prepared.config.model.box_dialect}
    done = generate(prepared.config, prepared.dialogues, prepared.run, metadata | software())
    if done.resumed:
        logger.info("%d dialogues were there already", done.resumed)
    manifest = read_json(prepared.run.manifest)
    if done.dialogues:
        manifest["passes"].append(
            {
                "finished": _now(),
                "dialogues": done.dialogues,
                "turns": done.turns,
                "failed": done.failed,
                "tokens": done.tokens,
                "seconds": round(done.seconds, 1),
            }
        )
    manifest["status"] = "generated"
    write_json(prepared.run.manifest, manifest)
    return done


def summarise(run: RunDirectory, scoring: ScoringConfig) -> None:
    """Reduce the scores and write summary and report."""
    summary = reduce_scores(read_scores(run.root), scoring)
    write_parquet(run.summary, summary)
    write_report(run, summary, scoring)


def _manifest(
    config: RunConfig, dataset: Dataset, run_id: str, weights: str, dropped: list[str]
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "status": "started",
        "started": _now(),
        "model": {"name": config.model.name, "weights": weights},
        "dataset": {
            "name": dataset.name,
            "release": dataset.document["release"],
            "content": dataset.content_id,
            "dropped": dropped,
        },
        "protocol": {
            "prompt": config.conversation.prompt,
            "system": system_prompt(config.model.box_dialect),
            "box_dialect": config.model.box_dialect,
        },
        "software": software(),
        "passes": [],
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
