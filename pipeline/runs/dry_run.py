"""What a run would do: the answer to ``run --dry-run``.

In: a prepared run and a connected cluster. Out: ``DryRun``; nothing is written or started.
"""

from dataclasses import dataclass

import pyarrow.compute as pc

from actors.backends.build import build_measure
from actors.backends.prompt_lengths import PromptLengths
from actors.schema import Dialogue
from conf.errors import BadInput, ConfigError
from conf.load import to_yaml
from pipeline.cluster.capacity import capacity
from pipeline.cluster.resources import ActorResources, actor_resources
from pipeline.dataset.load import without
from pipeline.dataset.open import turn_counts
from pipeline.runs.run import Run
from pipeline.runs.turn_log import read_turn_log

_SHOWN = 20  # dialogues that are named


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What is asked, what was answered before, and whether the cluster can hold the engines.

    ``engines`` is None, and ``problem`` one sentence, where it cannot, or where the checkpoint
    cannot be used. ``broken`` counts files of a killed writer whose dialogues will be done again.
    ``prompts`` is None where the backend cannot measure them without an engine, ``unmeasured`` why
    it could not here.
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
    prompts: PromptLengths | None
    unmeasured: str | None
    problem: str | None


def look_ahead(run: Run) -> DryRun:
    """Return what a run would do; needs a connected cluster."""
    config = run.config
    log = read_turn_log(run.directory.turns)
    todo = without(run.dialogues, pc.unique(log.table["dialogue_id"]).to_pylist())
    engines = prompts = unmeasured = problem = None
    try:
        engines = actor_resources(config.compute, gpus_per_engine=config.model.gpus_per_engine)
        prompts = _prompts(run)
    except (BadInput, ConfigError) as error:
        problem = str(error)
    except ImportError as error:
        unmeasured = f"{error}"
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
        prompts=prompts,
        unmeasured=unmeasured,
        problem=problem,
    )


def _prompts(run: Run) -> PromptLengths | None:
    measure = build_measure(run.config)
    if measure is None:
        return None
    dialogues = (
        Dialogue.from_row(row) for b in run.dialogues.to_batches() for row in b.to_pylist()
    )
    return measure.lengths(run.config, dialogues)


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
    if o.prompts is not None:
        lines += _prompt_lines(o.prompts)
    if o.unmeasured is not None:
        lines.append(f"prompts        not measured: {o.unmeasured}")
    return "\n".join(lines)


def _prompt_lines(prompts: PromptLengths) -> list[str]:
    """Say how long prompts become, and which dialogues cannot be asked whole."""
    lines = []
    if prompts.least:
        name, tokens = max(prompts.least.items(), key=lambda item: item[1])
        most = max(prompts.most.values())
        lines.append(
            f"longest prompt {tokens} tokens with its answer (dialogue {name}), up to {most} with "
            f"long answers before it; the context holds {prompts.context}"
        )
    lines += [f"cannot be asked {name}: {why}" for name, why in prompts.refused.items()]
    for names, words in (
        (prompts.too_long, "do not fit"),
        (prompts.perhaps_too_long, "fit only if answers are shorter than sampling.max_tokens"),
    ):
        if names:
            shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            lines.append(f"{len(names)} dialogues {words}: {shown}")
    return lines
