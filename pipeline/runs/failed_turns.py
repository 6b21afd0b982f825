"""Turns that failed: whether a run has too many of them, and how they are asked again.

In: a run's turns/*.parquet. Out: the sentence that refuses the run, or the files without the
dialogues that are to be asked again.
"""

import logging
from dataclasses import replace

import pyarrow.compute as pc

from actors.storage.files import list_files, read_parquet, remove, write_parquet
from pipeline.dataset.load import without
from pipeline.dataset.open import turn_counts
from pipeline.runs.directory import RunDirectory
from pipeline.runs.lease import hold
from pipeline.runs.manifest import read_manifest, write_manifest
from pipeline.runs.run import Run
from pipeline.runs.turn_log import read_turn_log

logger = logging.getLogger(__name__)


def too_many_failed(run: Run) -> str | None:
    """Return why a run that was asked to its end is not complete; None where it is.

    What a provider, a network or an engine failed says nothing about the model, though it is
    scored as wrong: above ``compute.max_failed_share`` the scores are no result.
    """
    log = read_turn_log(run.directory.turns)
    asked = pc.sum(turn_counts(run.dialogues)).as_py()
    most = run.config.compute.max_failed_share
    if log.failed <= most * asked:
        return None
    reason, count = next(iter(log.failures().items()))
    return (
        f"{run.directory.root} is not complete: {log.failed} of {asked} turns failed, more than "
        f"compute.max_failed_share={most:g} allows, {count} of them with: "
        f"{' '.join(reason.split()).rstrip('.')}; remove the cause and run it again with "
        "--retry-failed, or raise compute.max_failed_share"
    )


def take_out_failed(run: RunDirectory) -> int:
    """Take the dialogues with a failed turn out of the turn files, so that they are missing.

    Whole dialogues: what was asked after a failed turn had another history. The manifest says
    ``started`` before the first row goes. A process that is killed half-way leaves files with and
    without such rows, and either way a run that can be resumed.

    Returns:
        How many dialogues are to be asked again.

    Raises:
        BadInput: the directory holds no manifest.
        InfrastructureError: another process generates this run.
    """
    with hold(run.root) as lease:
        log = read_turn_log(run.turns)
        failed = log.table.filter(pc.equal(log.table["status"], "failed"))["dialogue_id"]
        dialogues = pc.unique(failed).to_pylist()
        if not dialogues:
            return 0
        begun = replace(read_manifest(run), status="started", finished=None, scored=None)
        write_manifest(run, begun)
        for uri in list_files(run.turns, ".parquet"):
            if uri in log.broken:
                continue  # generation removes it
            rows = read_parquet(uri)
            kept = without(rows, dialogues)
            lease.check()
            if kept.num_rows == 0:
                remove(uri)
            elif kept.num_rows < rows.num_rows:
                write_parquet(uri, kept)
    logger.info("%d dialogues with failed turns are asked again", len(dialogues))
    return len(dialogues)
