"""What a run would do: the answer to ``run --dry-run``.

In: a prepared run and a connected cluster. Out: ``DryRun``; nothing is written or started.
"""

from dataclasses import dataclass

import pyarrow.compute as pc

from conf.errors import BadInput
from conf.load import to_yaml
from pipeline.cluster.capacity import capacity
from pipeline.cluster.resources import ActorResources, actor_resources
from pipeline.dataset.load import without
from pipeline.dataset.open import turn_counts
from pipeline.runs.run import Run
from pipeline.runs.turn_log import read_turn_log


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What is asked, what was answered before, and whether the cluster can hold the engines.

    ``engines`` is None, and ``problem`` one sentence, where it cannot. ``broken`` counts files of a
    killed writer whose dialogues will be done again.
    """

    config: str
    run_id: str
    run: str
    dialogues: int
    turns: int
    todo_dialogues: int
    todo_turns: int
    broken: int
    cluster: str
    engines: ActorResources | None
    problem: str | None


def look_ahead(run: Run) -> DryRun:
    """Return what a run would do; needs a connected cluster."""
    config = run.config
    log = read_turn_log(run.directory.turns)
    todo = without(run.dialogues, pc.unique(log.table["dialogue_id"]).to_pylist())
    engines = problem = None
    try:
        engines = actor_resources(config.compute, gpus_per_engine=config.model.gpus_per_engine)
    except BadInput as error:
        problem = str(error)
    return DryRun(
        config=to_yaml(config),
        run_id=run.run_id,
        run=run.directory.root,
        dialogues=run.dialogues.num_rows,
        turns=pc.sum(turn_counts(run.dialogues)).as_py(),
        todo_dialogues=todo.num_rows,
        todo_turns=pc.sum(turn_counts(todo)).as_py() or 0,
        broken=len(log.broken),
        cluster=str(capacity()),
        engines=engines,
        problem=problem,
    )


def dry_run_text(o: DryRun) -> str:
    """Write it for a terminal: the configuration, then one line for each thing."""
    lines = [
        o.config,
        f"fingerprint    {o.run_id}",
        f"run directory  {o.run}",
        f"asked          {o.dialogues} dialogues, {o.turns} turns",
        f"to do          {o.todo_dialogues} dialogues, {o.todo_turns} turns",
        f"cluster        {o.cluster}",
    ]
    if o.broken:
        lines.append(f"unreadable     {o.broken} turn files, which will be removed and done again")
    if o.engines is not None:
        e = o.engines
        lines.append(f"engines        {e.actors} x ({e.cpus:g} CPU, {e.gpus:g} GPU): can start")
    return "\n".join(lines)
