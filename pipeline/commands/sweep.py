"""``sweep``, ``nightly``, ``leaderboard``: many checkpoints, their verdicts, their ranks."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from actors.storage.files import join, write_bytes, write_json
from conf.errors import BadInput
from conf.schema import METRICS
from conf.sweep import SweepConfig, load_sweep
from pipeline.commands.gate import show
from pipeline.gate.gate import Gated
from pipeline.leaderboard.catalog import read_catalogue
from pipeline.leaderboard.leaderboard import (
    board_table,
    boards,
    leaderboard_document,
    leaderboard_markdown,
    published_table,
)
from pipeline.nightly import Verdict, exit_code, judge
from pipeline.stats.composite import OVERALL
from pipeline.sweep.sweep import SweptRun, sweep

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_INCOMPLETE = 3


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommands."""
    for name, handler, text, codes in (
        (
            "sweep",
            _sweep,
            "evaluate many checkpoints on the same dialogues; resumes",
            "exit codes: 0 all runs are complete, 2 bad input, 3 a run failed, 4 infrastructure",
        ),
        (
            "nightly",
            _nightly,
            "sweep, hold each run against the last accepted one, write the leaderboard",
            "exit codes: 0 nothing stops a run, 1 a gate does, 2 bad input, 3 a run failed",
        ),
    ):
        command = commands.add_parser(name, help=text, description=text, epilog=codes)
        command.add_argument(
            "--config", required=True, metavar="FILE", help="YAML file, or the preset nightly"
        )
        command.add_argument(
            "overrides", nargs="*", metavar="key=value", help="e.g. sweep.glob=s3://bucket/step-*"
        )
        command.set_defaults(handler=handler)
    text = "rank the runs below a folder, beside the published figures"
    command = commands.add_parser("leaderboard", help=text, description=text)
    command.add_argument("root", metavar="ROOT", help="output folder of runs")
    command.add_argument(
        "--write", action="store_true", help="write ROOT/leaderboard.md and leaderboard.json too"
    )
    command.set_defaults(handler=_leaderboard)


def _sweep(arguments: argparse.Namespace) -> int:
    config = load_sweep(arguments.config, arguments.overrides)
    return _INCOMPLETE if any(r.status == "failed" for r in _swept(config)) else 0


def _nightly(arguments: argparse.Namespace) -> int:
    config = load_sweep(arguments.config, arguments.overrides)
    verdicts = judge(_swept(config), config.output, config.gate, _tell)
    _console().print(_verdict_table(verdicts))
    _write_leaderboard(config.output)
    return exit_code(verdicts)


def _leaderboard(arguments: argparse.Namespace) -> int:
    found = boards(read_catalogue(arguments.root))
    if not found:
        raise BadInput(f"{join(arguments.root, 'catalogue')} holds no finished run")
    for board in found:
        _console().print(board_table(board))
    _console().print(published_table())
    if arguments.write:
        _write_leaderboard(arguments.root)
    return 0


def _write_leaderboard(root: str) -> None:
    found = boards(read_catalogue(root))
    write_bytes(join(root, "leaderboard.md"), leaderboard_markdown(found).encode())
    write_json(join(root, "leaderboard.json"), leaderboard_document(found))
    print(f"leaderboard: {join(root, 'leaderboard.md')}, {join(root, 'leaderboard.json')}")


def _swept(config: SweepConfig) -> list[SweptRun]:
    """Sweep and print the table."""
    rows = sweep(config)
    _console().print(_sweep_table(rows))
    print(f"sweep: {join(config.output, 'sweep.json')}")
    return rows


def _tell(name: str, gated: Gated) -> None:
    print(f"\n{name} against {gated.baseline}")
    show(gated)


def _sweep_table(rows: Sequence[SweptRun]) -> Table:
    shown = (OVERALL, *METRICS)
    table = Table(caption="percent; hallucination: lower is better")
    for name in ("Run", "Status", "Dialogues", "Failed", *shown, "Reason"):
        table.add_column(name.replace("_", " ").capitalize())
    for row in rows:
        status = "resumed" if row.resumed else row.status
        counts = ["-" if n is None else str(n) for n in (row.n_dialogues, row.n_failed)]
        values = [row.values.get(name) for name in shown]
        cells = ["n/a" if v is None else f"{100 * v:.1f}" for v in values]
        table.add_row(row.name, status, *counts, *cells, row.reason or "")
    return table


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="Verdicts")
    for name in ("Run", "Against", "Outcome", "Accepted", "Reason"):
        table.add_column(name)
    for v in verdicts:
        accepted = "yes" if v.accepted else "no"
        table.add_row(v.name, v.against or "-", v.outcome, accepted, v.reason or "")
    return table


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160)
