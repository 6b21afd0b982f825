"""The phase of generation: dialogues to turn outputs, one engine actor or many, one writer.

In: a run. Out: turns/*.parquet, every asked turn as exactly one row. Dialogues that are there are
skipped, so running again resumes, whatever the number of actors.
"""

from functools import partial

from actors.dialogue_actor import DialogueActor
from actors.supervision.attempts import AttemptLedger
from conf.errors import InfrastructureError
from pipeline.generate.progress import TurnProgress, engine_state, request_state
from pipeline.generate.run_pass import Generated, RunPass
from pipeline.generate.stream import answers, running_ledger, tasks_of
from pipeline.runs.lease import hold
from pipeline.runs.run import Run


def generate(run: Run) -> Generated:
    """Answer every turn of every dialogue that has no rows yet, and note the pass.

    Raises:
        IncompleteRun: ``compute.max_cost`` is spent; finished rows are kept.
        InfrastructureError: actors cannot start, the cluster is gone, or another process generates
            this run; finished rows are kept.
    """
    with hold(run.directory.root) as lease, RunPass(run, lease) as run_pass:
        if not run_pass.is_finished:
            _answer(run_pass)
        return run_pass.finish()


def _answer(run_pass: RunPass) -> None:
    run = run_pass.run
    compute = run.config.compute
    run_pass.check_cost()
    tasks = tasks_of(run_pass.todo, compute.dialogues_per_task)
    with (
        running_ledger(
            AttemptLedger, compute.max_attempts, answered=run_pass.resumed > 0
        ) as ledger,
        TurnProgress(
            run_pass.total,
            run.name,
            partial(engine_state, ledger),
            beside=partial(request_state, ledger) if run.config.model.is_served else str,
        ) as progress,
    ):
        arguments = {"run_id": run.run_id, "config": run.config, "ledger": ledger}
        for table in answers(tasks, DialogueActor, arguments, run.config):
            run_pass.add(table)
            run_pass.check_cost()
            progress.show(turns=run_pass.turns, failed=run_pass.failed, tokens=run_pass.tokens)
    if not run_pass.is_finished:
        raise InfrastructureError(
            f"{run_pass.turns} of {run_pass.total} turns came back; "
            "run the same command again to resume"
        )
