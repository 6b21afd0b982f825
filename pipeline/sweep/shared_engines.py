"""Runs that one engine can answer, one after the other: found, and generated in one stream.

A group starts two engines, the second of which reloads the weights once the first has shown what it
has to answer then.

In: the runs of a sweep. Out: their turn outputs, as far as that went; whatever is left is for an
engine per run. Two runs may share an engine if everything that it is made of is the same but the
values of its weights.
"""

import contextlib
import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial

import pyarrow as pa
import ray

from actors.checkpoints import engine_id
from actors.reload_check import Probe, Reference
from conf.errors import EvaluationError, InfrastructureError
from conf.schema import RunConfig
from conf.sweep import Planned
from pipeline.dataset.open import Gold
from pipeline.generate.progress import TurnProgress, engine_state
from pipeline.generate.run_pass import RunPass
from pipeline.generate.stream import answers, running_ledger, tasks_of
from pipeline.runs.lease import hold
from pipeline.runs.prepare import is_complete, prepare
from pipeline.runs.run import Run
from pipeline.sweep.reloading_actor import RUN_ID, ReloadingActor, ReloadLedger

logger = logging.getLogger(__name__)

_STARTS = 2  # engines that a group starts


def generate_ahead(planned: Sequence[Planned], gold: Gold) -> None:
    """Answer what is missing of all runs that can share an engine with another; raises nothing."""
    for group in groups(candidates(planned, gold)):
        generate_group(group)


def candidates(planned: Iterable[Planned], gold: Gold) -> list[tuple[Run, str]]:
    """Prepare the runs that could share an engine, each with a key that says with which others.

    Runs of other backends or with an adapter, complete ones and those whose tensors are not known
    are left out.
    Catches broadly: a run that is at fault meets its fault again when it is carried out, which
    keeps the reason.
    """
    keyed = []
    for item in planned:
        if item.config.model.backend != "vllm" or item.config.model.adapter is not None:
            continue
        try:
            run = prepare(item.config, gold)
            files = None if is_complete(run) else engine_id(item.config.model.source)
        except Exception as error:
            logger.info("%s shares no engine: %r", item.config.model.name, error)
            continue
        if files is not None:
            keyed.append((run, _key(item.config, files)))
    return keyed


def groups(keyed: Iterable[tuple[Run, str]]) -> list[list[Run]]:
    """Return the runs of equal keys, in their order; groups of fewer than three are left out.

    The first two of a group start an engine each: only a third saves one. A copy of another run
    under a second name is left out, too: their rows could not be distinguished.
    """
    by_key: dict[str, dict[str, Run]] = {}
    for run, key in keyed:
        by_key.setdefault(key, {}).setdefault(run.run_id, run)
    return [list(runs.values()) for runs in by_key.values() if len(runs) > _STARTS]


def generate_group(group: Sequence[Run]) -> bool:
    """Answer what is missing of some runs with two engines; False, and why in the log, if not.

    Catches broadly: what stays unanswered is carried out with an engine per run, which says what is
    wrong with a run itself.
    """
    names = ", ".join(run.config.model.name for run in group)
    try:
        _with_two_engines(group)
    except EvaluationError as error:
        logger.warning(
            "reloading the engine of %s was given up, each run gets its own now: %s", names, error
        )
        return False
    except Exception:
        logger.exception(
            "reloading the engine of %s was given up, each run gets its own now", names
        )
        return False
    return True


def _with_two_engines(group: Sequence[Run]) -> None:
    """Answer one checkpoint's runs first: what its engine shows, the other must reproduce."""
    left = list(group)
    reference = None
    while left and reference is None:
        source = left[0].config.model.source
        same = [run for run in left if run.config.model.source == source]
        reference = _generate(same, Probe())
        left = [run for run in left if run.config.model.source != source]
    _generate(left, Probe(reference=reference))


def _generate(runs: Sequence[Run], probe: Probe) -> Reference | None:
    """Answer what is missing of some runs with one kind of actor, run after run.

    A run's pass is noted as soon as its last row came; its seconds count from the end of the one
    before it.

    Returns:
        What an engine showed, if that was asked for and anything was missing.

    Raises:
        InfrastructureError: actors cannot start, an engine cannot be reloaded, the cluster is gone,
            or another process generates one of the runs; finished rows are kept.
    """
    with contextlib.ExitStack() as stack:
        leases = [stack.enter_context(hold(run.directory.root)) for run in runs]
        passes = [
            stack.enter_context(RunPass(run, lease))
            for run, lease in zip(runs, leases, strict=True)
        ]
        missing = {p.run.run_id: p for p in passes if not p.is_finished}
        for run_pass in passes:
            if run_pass.is_finished:
                run_pass.finish(runs=len(runs))
        return _stream(missing, len(runs), probe) if missing else None


def _stream(missing: dict[str, RunPass], runs: int, probe: Probe) -> Reference | None:
    """Answer what the runs lack with one pool of actors, and add each answer to its run."""
    passes = list(missing.values())
    total = sum(p.total for p in passes)
    first = passes[0].run
    compute = first.config.compute
    name = f"{first.name} and {len(passes) - 1} more" if len(passes) > 1 else first.name
    since = time.monotonic()
    with (
        running_ledger(ReloadLedger, compute.max_attempts, answered=False) as ledger,
        TurnProgress(total, name, partial(engine_state, ledger)) as progress,
    ):
        configs = {p.run.run_id: p.run.config for p in passes}
        arguments = {"configs": configs, "ledger": ledger, "probe": probe}
        tasks = [task for p in passes for task in _tasks(p, compute.dialogues_per_task)]
        for table in answers(tasks, ReloadingActor, arguments, first.config):
            run_pass = missing[table[RUN_ID][0].as_py()]
            run_pass.add(table)
            if run_pass.is_finished:
                now = time.monotonic()
                run_pass.finish(seconds=now - since, runs=runs)
                since = now
            progress.show(
                turns=sum(p.turns for p in passes),
                failed=sum(p.failed for p in passes),
                tokens=sum(p.tokens for p in passes),
            )
        failure, reference = ray.get(ledger.outcome.remote())
    if failure is not None:
        raise InfrastructureError(failure)
    if not all(p.is_finished for p in passes):
        raise InfrastructureError(
            f"{sum(p.turns for p in passes)} of {total} turns came back; "
            "run the same command again to resume"
        )
    return reference if isinstance(reference, Reference) else None


def _tasks(run_pass: RunPass, size: int) -> list[pa.Table]:
    """Cut what a run lacks into tasks, with a column that names the run."""
    ids = pa.array([run_pass.run.run_id] * run_pass.todo.num_rows, pa.string())
    return tasks_of(run_pass.todo.append_column(RUN_ID, ids), size)


def _key(config: RunConfig, files: str) -> str:
    parts = {
        "files": files,
        "engine": config.model.engine,
        "trust_remote_code": config.model.trust_remote_code,
        "chat": asdict(config.model.chat),
        "ends_reasoning": config.sampling.thinking_tokens is not None,
        "compute": asdict(config.compute),
        "dataset": asdict(config.dataset),
    }
    return json.dumps(parts, sort_keys=True, default=str)
