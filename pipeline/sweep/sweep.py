"""A sweep: many checkpoints on the same dialogues, on one cluster.

In: a ``SweepConfig``. Out: one run directory per checkpoint and variant, and one ``SweptRun`` each,
also for those that failed; ``<output>/sweep.json`` holds the latest sweep's.

A run that was carried out before is found by its fingerprint and not carried out again. The dataset
is read and checked once for all runs. Each run has an engine lifetime of its own; where that was
asked for, runs that can share one are answered ahead, and then carried out like the others.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Literal

from actors.storage.files import join, match_folders, read_parquet, write_json
from conf.errors import EvaluationError
from conf.schema import METRICS
from conf.sweep import Planned, SweepConfig, SweepSection, plan
from pipeline.cluster.connect import cluster
from pipeline.cluster.resources import side_by_side
from pipeline.dataset.load import load_gold
from pipeline.dataset.open import Gold
from pipeline.run import carry_out
from pipeline.runs.directory import RunDirectory
from pipeline.runs.prepare import is_complete, prepare
from pipeline.runs.run import Run
from pipeline.stats.composite import OVERALL
from pipeline.sweep.processes import RunProcesses
from pipeline.sweep.shared_engines import generate_ahead
from pipeline.tables.schemas import ALL

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SweptRun:
    """One line of a sweep's table.

    ``run`` is relative to the output folder. ``values`` (0..1) are of all dialogues, by metric;
    None where undefined. ``resumed``: it was complete before.
    """

    name: str
    checkpoint: str
    variant: str
    status: Literal["complete", "failed"]
    reason: str | None = None
    run: str | None = None
    resumed: bool = False
    n_dialogues: int | None = None
    n_failed: int | None = None
    values: dict[str, float | None]


def sweep(config: SweepConfig) -> list[SweptRun]:
    """Carry out every run of a sweep; one that fails does not stop the others.

    Returns:
        One line per planned run, in the plan's order.

    Raises:
        ConfigError: a planned run is not valid; nothing was started.
        BadInput: the dataset cannot be used.
    """
    folders = match_folders(config.sweep.glob) if config.sweep.glob else []
    planned = plan(config, folders)
    gold = load_gold(planned[0].config.dataset)
    with cluster():
        rows = _all(planned, gold, config.sweep)
    document = {"schema_version": 1, "runs": [asdict(row) for row in rows]}
    write_json(join(config.output, "sweep.json"), document)
    return rows


def _all(planned: Sequence[Planned], gold: Gold, runs: SweepSection) -> list[SweptRun]:
    """Carry out the runs: one after the other here, or ``parallel`` processes at a time."""
    parallel = runs.parallel
    if runs.engines == "reloaded":
        generate_ahead(planned, gold)
    if parallel == 1:
        return [_one(item, gold, carry_out) for item in planned]
    shared = [_sharing(item, parallel) for item in planned]
    with RunProcesses() as processes:
        pool = ThreadPoolExecutor(parallel)
        try:
            return list(pool.map(lambda item: _one(item, gold, processes.carry_out), shared))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _sharing(item: Planned, parallel: int) -> Planned:
    compute = side_by_side(item.config.compute, parallel)
    return replace(item, config=replace(item.config, compute=compute))


def _one(item: Planned, gold: Gold, carry_out: Callable[[Run], None]) -> SweptRun:
    """Carry out one run. Catches broadly: what it caught is the line's reason, and is logged."""
    config = item.config
    line = SweptRun(
        name=config.model.name,
        checkpoint=item.checkpoint,
        variant=item.variant,
        status="failed",
        values={},
    )
    try:
        run = prepare(config, gold)
        line = replace(line, run=join(config.model.name, run.run_id))
        done = is_complete(run)
        if not done:
            carry_out(run)
        return replace(_finished(line, run.directory), resumed=done)
    except EvaluationError as error:
        return replace(line, reason=str(error))
    except Exception as error:
        logger.exception("%s failed", config.model.name)
        return replace(line, reason=repr(error))


def _finished(line: SweptRun, run: RunDirectory) -> SweptRun:
    """Fill in what came out of a run."""
    rows = [
        r for r in read_parquet(run.summary).to_pylist() if (r["group_kind"], r["group"]) == ALL
    ]
    values = {r["metric"]: r["value"] for r in rows if r["metric"] in (OVERALL, *METRICS)}
    return replace(
        line,
        status="complete",
        n_dialogues=rows[0]["n_dialogues"],
        n_failed=rows[0]["n_failed"],
        values=values,
    )
