"""``sweep``, ``nightly``, ``leaderboard``: many checkpoints, their gates, their ranks."""

from collections.abc import Sequence
from typing import Annotated

from rich.table import Table
from typer import Argument, Option, Typer

from actors.storage.files import join, write_bytes, write_json
from conf.errors import BadInput
from conf.schema import METRICS
from conf.sweep import SweepConfig, load_sweep
from pipeline.commands.gate import print_gate
from pipeline.commands.options import A_RUN, DECISIONS, Config, Overrides, command, console
from pipeline.gate.gate import Gated
from pipeline.leaderboard.catalog import read_catalog
from pipeline.leaderboard.leaderboard import (
    board_table,
    boards,
    leaderboard_document,
    leaderboard_markdown,
    published_table,
)
from pipeline.leaderboard.tables import terminal_table
from pipeline.nightly import NightlyOutcome, exit_code, gate_in_order
from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import cell
from pipeline.sweep.sweep import SweptRun, sweep

app = Typer()
_INCOMPLETE = 3


@command(
    app,
    "sweep",
    A_RUN,
    "imcbench sweep --config nightly",
    "imcbench sweep --config nightly sweep.glob=s3://bucket/checkpoints/step-* sweep.parallel=2",
)
def _sweep(config: Config, overrides: Overrides) -> int:
    """Evaluate many checkpoints on the same dialogues; resumes.

    Exit codes: 0 all runs are complete, 2 bad input, 3 a run failed, 4 infrastructure.
    """
    rows = _swept(load_sweep(config, overrides))
    return _INCOMPLETE if any(r.status == "failed" for r in rows) else 0


@command(app, "nightly", DECISIONS, "imcbench nightly --config nightly output=s3://bucket/runs")
def _nightly(config: Config, overrides: Overrides) -> int:
    """Sweep, hold each run against the last accepted one, write the leaderboard.

    Exit codes: 0 nothing stops a run, 1 a gate does, 2 bad input, 3 a run failed.
    """
    settings = load_sweep(config, overrides)
    outcomes = gate_in_order(_swept(settings), settings.output, settings.gate, _print_gated)
    console().print(_outcome_table(outcomes))
    _write_leaderboard(settings.output)
    return exit_code(outcomes)


@command(app, "leaderboard", DECISIONS, "imcbench leaderboard runs --write")
def _leaderboard(
    root: Annotated[str, Argument(metavar="ROOT", help="output folder of runs")],
    write: Annotated[
        bool, Option("--write", help="write ROOT/leaderboard.md and leaderboard.json too")
    ] = False,
) -> int:
    """Rank the runs below a folder, beside the published figures."""
    ranked = boards(read_catalog(root))
    if not ranked:
        raise BadInput(f"{join(root, 'catalogue')} holds no finished run")
    for board in ranked:
        console().print(board_table(board))
    console().print(published_table())
    if write:
        _write_leaderboard(root)
    return 0


def _write_leaderboard(root: str) -> None:
    ranked = boards(read_catalog(root))
    write_bytes(join(root, "leaderboard.md"), leaderboard_markdown(ranked).encode())
    write_json(join(root, "leaderboard.json"), leaderboard_document(ranked))
    print(f"leaderboard: {join(root, 'leaderboard.md')}, {join(root, 'leaderboard.json')}")


def _swept(config: SweepConfig) -> list[SweptRun]:
    """Sweep and print the table."""
    rows = sweep(config)
    console().print(_sweep_table(rows))
    print(f"sweep: {join(config.output, 'sweep.json')}")
    return rows


def _print_gated(name: str, gated: Gated) -> None:
    print(f"\n{name} against {gated.baseline}")
    print_gate(gated)


def _sweep_table(swept: Sequence[SweptRun]) -> Table:
    shown = (OVERALL, *METRICS)
    titles = [name.replace("_", " ").capitalize() for name in shown]
    head = ("Run", "Status", "Dialogues", "Failed", *titles, "Reason")
    rows = []
    for run in swept:
        status = "resumed" if run.resumed else run.status
        counts = ["-" if n is None else str(n) for n in (run.n_dialogues, run.n_failed)]
        cells = [cell(run.values.get(name)) for name in shown]
        rows.append([run.name, status, *counts, *cells, run.reason or ""])
    caption = "percent; hallucination: lower is better"
    return terminal_table(head, rows, left=head, caption=caption)


def _outcome_table(outcomes: Sequence[NightlyOutcome]) -> Table:
    head = ("Run", "Against", "Outcome", "Accepted", "Reason")
    rows = [
        (o.name, o.against or "-", o.outcome, "yes" if o.accepted else "no", o.reason or "")
        for o in outcomes
    ]
    return terminal_table(head, rows, left=head, title="Verdicts")
