"""``gate``: whether a candidate is worse than the baseline; for CI by its exit code."""

from dataclasses import replace
from typing import Annotated

from typer import Option, Typer

from conf.sweep import DEFAULT_MARGIN, GateConfig
from pipeline.commands.options import DECISIONS, command, number_by_metric, several
from pipeline.gate.gate import Gated, gate_runs, write_gate
from pipeline.gate.render import gate_table

app = Typer()
_DEFAULT = GateConfig()
_SIDE = {"metavar": "RUN", "help": "run directory, or an output of score"}


@command(
    app,
    "gate",
    DECISIONS,
    "imcbench gate --baseline runs/main/91bc --candidate runs/my-vlm/3f2a",
    "imcbench gate --baseline runs/main/91bc --candidate runs/my-vlm/3f2a --strict "
    "--margin turn_accuracy=0.01 hallucination_rate=0.03",
)
def _gate(
    baseline: Annotated[str, Option(**_SIDE)],
    candidate: Annotated[str, Option(**_SIDE)],
    margin: Annotated[
        list[str],
        several(
            metavar="metric=0.01",
            help=f"tolerated loss, 0 to 1; default {DEFAULT_MARGIN} for each of the four measures",
        ),
    ],
    alpha: Annotated[float, Option(metavar="A", help="false alarms")] = _DEFAULT.alpha,
    resamples: Annotated[int, Option(metavar="N")] = _DEFAULT.resamples,
    seed: Annotated[int, Option(metavar="N", help="of the draws")] = _DEFAULT.seed,
    strict: Annotated[
        bool, Option("--strict", help="pass only what is shown not to be worse")
    ] = False,
    output: Annotated[
        str | None,
        Option(metavar="URI", help="folder of gate.json and gate.xml; default: the candidate"),
    ] = None,
) -> int:
    """Compare a candidate with a baseline on the same dialogues; fails on a regression.

    Exit codes: 0 pass, 1 regression (--strict: not shown non-inferior),
    2 bad input, 3 a run is not complete, 4 infrastructure.
    """
    settings = GateConfig(alpha=alpha, resamples=resamples, seed=seed, strict=strict)
    margins = settings.margins | number_by_metric(margin, "margin")
    gated = gate_runs(baseline, candidate, replace(settings, margins=margins))
    write_gate(gated, output or candidate)
    print_gate(gated)
    return 0 if gated.passes else 1


def print_gate(gated: Gated) -> None:
    """Print the table and the notes on the runs."""
    print(gate_table(gated.result))
    for note in gated.notes:
        print(note)
