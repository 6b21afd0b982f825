"""One evaluation from configuration to report; reads like the diagram in the README.

dialogues -> generate -> turns/ -> score -> scores/ -> reduce -> summary -> report
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from actors.checkpoints import weights_id
from actors.conversation import system_prompt
from actors.logs import bind
from actors.reload_check import Probe, Reference
from actors.storage.files import (
    exists,
    read_json,
    read_parquet,
    write_bytes,
    write_json,
    write_parquet,
)
from conf.load import fingerprint, to_yaml
from conf.schema import RunConfig, ScoringConfig
from pipeline.catalogue import enter
from pipeline.checkpoint.check import check_checkpoint
from pipeline.cluster.capacity import capacity
from pipeline.cluster.connect import cluster
from pipeline.cluster.resources import ActorResources, wanted
from pipeline.dataset.load import Inputs, read_inputs
from pipeline.dataset.open import Dataset, Gold
from pipeline.generate import generate
from pipeline.manifest import new_manifest, now
from pipeline.reduce import reduce_scores
from pipeline.report import write_report
from pipeline.run_pass import Asked, Generated
from pipeline.runs.directory import RunDirectory
from pipeline.score import score
from pipeline.tables.scores import read_scores
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
    return carry_out(prepare(config))


def carry_out(prepared: Prepared) -> RunDirectory:
    """Do what is left of a prepared run and enter it into the catalogue; raises as ``evaluate``."""
    config, run = prepared.config, prepared.run
    with cluster():
        generate_turns(prepared)
        gold = Gold(dialogues=prepared.dialogues, lexicon=prepared.dataset.lexicon)
        score(gold, run.turns, run.root, config.model.box_dialect)
    summarise(run, config.scoring)
    # The marker comes last: whoever reads "complete" finds everything else.
    done = {"status": "complete", "finished": now(), "scored": _scored(config.scoring)}
    manifest = read_json(run.manifest) | done
    enter(config.output, manifest, read_parquet(run.summary))
    write_json(run.manifest, manifest)
    return run


def is_complete(prepared: Prepared) -> bool:
    """Tell whether this run was carried out, with these weights and this version's scoring."""
    manifest = read_json(prepared.run.manifest)
    scored = _scored(prepared.config.scoring)
    return bool(manifest["status"] == "complete" and manifest["scored"] == scored)


def prepare(config: RunConfig, inputs: Inputs | None = None, *, dry: bool = False) -> Prepared:
    """Check the model, name the run, write its configuration and manifest.

    ``inputs`` saves reading the dataset again where many runs share it; ``dry`` writes nothing.

    Raises:
        BadInput: dataset or checkpoint cannot be used.
    """
    inputs = inputs or read_inputs(config.dataset)
    source = config.model.source
    if config.model.backend == "vllm":
        check_checkpoint(source)
        weights = weights_id(source)
    else:
        weights = f"scripted:{source}"
    run_id = fingerprint(
        config,
        dataset_id=inputs.dataset.content_id,
        weights_id=weights,
        protocol=system_prompt(config.model.box_dialect),
    )
    run = RunDirectory.of(config.output, config.model.name, run_id)
    bind(run_id=run_id)
    prepared = Prepared(
        config=config, dataset=inputs.dataset, dialogues=inputs.dialogues, run=run, run_id=run_id
    )
    if dry:
        return prepared
    write_bytes(run.config, to_yaml(config).encode())
    if not exists(run.manifest):
        write_json(run.manifest, new_manifest(config, inputs, run_id, weights))
    return prepared


def generate_turns(prepared: Prepared) -> Generated:
    """Answer what is missing and note the pass in the manifest."""
    passes: list[Generated] = []

    def note(_: Asked, done: Generated) -> None:
        _note_pass(prepared, done)
        passes.append(done)

    generate([_asked(prepared)], note)
    return passes[0]


def generate_together(runs: Sequence[Prepared], probe: Probe) -> Reference | None:
    """Do the same for several runs in one pass, whose engines reload the weights in between.

    A run's pass is noted when it ends; those before one that fails are noted and complete.
    """
    by_id = {p.run_id: p for p in runs}
    return generate(
        [_asked(p) for p in runs],
        lambda asked, done: _note_pass(by_id[asked.run_id], done, engines_for=len(runs)),
        probe,
    )


def _asked(prepared: Prepared) -> Asked:
    metadata = {"run_id": prepared.run_id, "box_dialect": prepared.config.model.box_dialect}
    return Asked(
        config=prepared.config,
        dialogues=prepared.dialogues,
        run=prepared.run,
        metadata=metadata | software(),
    )


def _note_pass(prepared: Prepared, done: Generated, *, engines_for: int = 1) -> None:
    if done.resumed:
        logger.info("%d dialogues were there already", done.resumed)
    manifest = read_json(prepared.run.manifest)
    if done.dialogues:
        noted = {
            "finished": now(),
            "dialogues": done.dialogues,
            "turns": done.turns,
            "failed": done.failed,
            "tokens": done.tokens,
            "seconds": round(done.seconds, 1),
            "engines": asdict(_engines(prepared.config)),
        }
        if engines_for > 1:
            noted["engines_shared_by"] = engines_for
        manifest["passes"].append(noted)
    manifest["status"] = "generated"
    write_json(prepared.run.manifest, manifest)


def summarise(run: RunDirectory, scoring: ScoringConfig) -> None:
    """Reduce the scores and write summary and report."""
    summary = reduce_scores(read_scores(run.root), scoring)
    write_parquet(run.summary, summary)
    write_report(run, summary, scoring)


def _engines(config: RunConfig) -> ActorResources:
    """What the engines took: the unit of a measured rate."""
    return wanted(config.compute, capacity(), gpus_per_engine=config.model.gpus_per_engine)


def _scored(scoring: ScoringConfig) -> dict[str, Any]:
    return {"imcbench": software().get("imcbench"), **asdict(scoring)}
