"""One evaluation from configuration to report; reads like the diagram in the README.

dialogues -> generate -> turns/ -> score -> scores/ -> reduce -> summary -> report
"""

from dataclasses import replace

from actors.storage.files import read_parquet, write_parquet
from conf.errors import IncompleteRun
from conf.schema import RunConfig, ScoringConfig
from pipeline.cluster.connect import cluster
from pipeline.generate.generate import generate
from pipeline.leaderboard.catalog import enter, withdraw
from pipeline.reduce import reduce_scores
from pipeline.report.json_report import write_report
from pipeline.runs.directory import RunDirectory
from pipeline.runs.failed_turns import take_out_failed, too_many_failed
from pipeline.runs.manifest import now, read_manifest, write_manifest
from pipeline.runs.prepare import prepare, scored_with
from pipeline.runs.run import Run
from pipeline.score import score
from pipeline.tables.findings import write_findings
from pipeline.tables.outcomes import write_outcomes
from pipeline.tables.scores import read_scores


def evaluate(config: RunConfig, *, retry_failed: bool = False) -> RunDirectory:
    """Run everything; running it again resumes.

    Args:
        config: the run's.
        retry_failed: ask dialogues with failed turns again, too.

    Raises:
        BadInput: dataset or model cannot be used; nothing was generated.
        IncompleteRun: too many turns failed; scores, summary and report are written.
        InfrastructureError: the cluster failed; running again resumes.
    """
    run = prepare(config)
    if retry_failed:
        take_out_failed(run.directory)
    carry_out(run)
    return run.directory


def carry_out(run: Run) -> None:
    """Do what is left of a prepared run and enter it into the catalog; raises as ``evaluate``."""
    directory, config = run.directory, run.config
    with cluster():
        generate(run)
        score(run.gold, directory.turns, directory.root, config.model.box_dialect)
    summarise(directory, config.scoring)
    manifest = read_manifest(directory)
    problem = too_many_failed(run)
    if problem is not None:
        withdraw(config.output, manifest)
        failed = replace(manifest, status="failed", finished=None, scored=None)
        write_manifest(directory, failed)
        raise IncompleteRun(problem)
    # The marker comes last: whoever reads "complete" finds everything else.
    manifest = replace(manifest, status="complete", finished=now(), scored=scored_with(config))
    enter(config.output, manifest, read_parquet(directory.summary))
    write_manifest(directory, manifest)


def summarise(run: RunDirectory, scoring: ScoringConfig) -> None:
    """Reduce the scores and write summary and report."""
    summary = reduce_scores(read_scores(run.root), scoring)
    write_parquet(run.summary, summary)
    write_outcomes(run.root, summary)
    write_findings(run.root, scoring.confidence)
    write_report(run, summary, scoring)
