"""``gate``: is a candidate worse than the baseline? For people, and for CI by its exit code."""

import argparse
from dataclasses import replace

from conf.errors import ConfigError
from conf.sweep import DEFAULT_MARGIN, GateConfig
from pipeline.gate.gate import Gated, gate_runs, write_gate
from pipeline.gate.render import gate_table

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_CODES = (
    "exit codes: 0 pass, 1 regression (with --strict: not shown non-inferior), 2 bad input, "
    "3 a run is not complete, 4 infrastructure"
)


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    text = "compare a candidate with a baseline on the same dialogues; fails on a regression"
    command = commands.add_parser("gate", help=text, description=text, epilog=_CODES)
    for side in ("baseline", "candidate"):
        command.add_argument(
            f"--{side}", required=True, metavar="RUN", help="run directory, or an output of score"
        )
    default = GateConfig()
    command.add_argument(
        "--margin",
        nargs="+",
        action="extend",
        default=[],
        metavar="metric=0.01",
        help=f"tolerated loss, 0 to 1; default {DEFAULT_MARGIN} for each of the four measures",
    )
    command.add_argument(
        "--alpha", type=float, default=default.alpha, help="false alarms; default %(default)s"
    )
    command.add_argument(
        "--resamples", type=int, default=default.resamples, metavar="N", help="default %(default)s"
    )
    command.add_argument("--seed", type=int, default=default.seed, metavar="N", help="of the draws")
    command.add_argument(
        "--strict", action="store_true", help="pass only what is shown not to be worse"
    )
    command.add_argument(
        "--output", metavar="URI", help="folder of gate.json and gate.xml; default: the candidate"
    )
    command.set_defaults(handler=_gate)


def _gate(arguments: argparse.Namespace) -> int:
    margins = dict(_margin(item) for item in arguments.margin)
    settings = GateConfig(
        alpha=arguments.alpha,
        resamples=arguments.resamples,
        seed=arguments.seed,
        strict=arguments.strict,
    )
    settings = replace(settings, margins=settings.margins | margins)
    folder = arguments.output or arguments.candidate
    gated = gate_runs(arguments.baseline, arguments.candidate, settings)
    write_gate(gated, folder)
    show(gated)
    return 0 if gated.passes else 1


def show(gated: Gated) -> None:
    """Print the table, and what to know about the runs."""
    print(gate_table(gated.result))
    for note in gated.notes:
        print(note)


def _margin(item: str) -> tuple[str, float]:
    metric, _, value = item.partition("=")
    try:
        return metric, float(value)
    except ValueError:
        raise ConfigError(f"margin {item!r} is not of the form metric=number") from None
