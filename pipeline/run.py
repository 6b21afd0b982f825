"""One evaluation from configuration to report; reads like the diagram in the README.

dialogues -> generate -> turns/ -> score -> scores/ -> reduce -> summary -> report
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict

from actors.reload_check import Probe, Reference
from actors.storage.files import (
    read_json,
    read_parquet,
    write_json,
    write_parquet,
)
from conf.schema import RunConfig, ScoringConfig
from pipeline.cluster.capacity import capacity
from pipeline.cluster.connect import cluster
from pipeline.cluster.resources import ActorResources, wanted
from pipeline.dataset.open import Gold
from pipeline.generate.generate import generate
from pipeline.generate.run_pass import Asked, Generated
from pipeline.leaderboard.catalog import enter
from pipeline.reduce import reduce_scores
from pipeline.report.json_report import write_report
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import now, software
from pipeline.runs.prepare import Prepared, prepare, scored_with
from pipeline.score import score
from pipeline.tables.scores import read_scores

logger = logging.getLogger(__name__)


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
    done = {"status": "complete", "finished": now(), "scored": scored_with(config.scoring)}
    manifest = read_json(run.manifest) | done
    enter(config.output, manifest, read_parquet(run.summary))
    write_json(run.manifest, manifest)
    return run


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
