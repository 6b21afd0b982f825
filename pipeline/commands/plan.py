"""``plan``: time and GPU hours of an evaluation, from a measured rate."""

import argparse
import json
from dataclasses import asdict

from conf.errors import BadInput
from conf.load import load
from pipeline.commands.run import add_config
from pipeline.dataset.open import open_dataset, turn_counts
from pipeline.runs.directory import RunDirectory
from pipeline.runs.estimate import ENGINE_START_S, Estimate, Speed, engines_of, estimate, speed_of
from pipeline.runs.status import clock

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
# What a plan does not depend on need not be given.
_UNUSED = ("model.name=any", "model.source=any", "model.box_dialect=none", "output=any")


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    text = "estimate time and GPU hours from a measured rate; needs no cluster"
    command = commands.add_parser("plan", help=text, description=text)
    add_config(command)
    command.add_argument("--gpus", type=int, required=True, metavar="N", help="GPUs there are")
    measured = command.add_mutually_exclusive_group(required=True)
    measured.add_argument("--rate", type=float, metavar="R", help="turns/s per GPU, engine full")
    measured.add_argument("--from", dest="run", metavar="RUN", help="measure it on a finished run")
    command.add_argument(
        "--engine-start",
        type=float,
        metavar="S",
        help=f"seconds; default: as measured, else {ENGINE_START_S:g}",
    )
    command.add_argument("--checkpoints", type=int, default=1, metavar="N", help="default 1")
    command.add_argument("--price", type=float, metavar="P", help="price of one GPU hour")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(handler=_plan)


def _plan(arguments: argparse.Namespace) -> int:
    config = load(arguments.config, [*_UNUSED, *arguments.overrides])
    if arguments.price is not None and arguments.price < 0:
        raise BadInput(f"--price is {arguments.price}; it must be 0 or more")
    dialogues = open_dataset(config.dataset.uri).dialogues(config.dataset.limit)
    found = estimate(
        turn_counts(dialogues).to_pylist(),
        engines_of(config),
        _speed(arguments),
        gpus=arguments.gpus,
        checkpoints=arguments.checkpoints,
    )
    if arguments.json:
        print(json.dumps(asdict(found)))
    else:
        print(_text(found, arguments.price))
    return 0


def _speed(arguments: argparse.Namespace) -> Speed:
    if arguments.run is not None:
        speed = speed_of(RunDirectory(arguments.run))
    else:
        speed = Speed(turns_per_gpu_s=arguments.rate)
    if arguments.engine_start is None:
        return speed
    return Speed(turns_per_gpu_s=speed.turns_per_gpu_s, engine_start_s=arguments.engine_start)


def _text(e: Estimate, price: float | None) -> str:
    lines = [
        f"asked       {e.dialogues} dialogues, {e.turns} turns, at most {e.longest} in one; "
        f"{e.checkpoints} checkpoints",
        f"engines     {e.actors} a checkpoint (compute.actors={e.actors}), {e.gpus_per_actor:g} "
        f"GPUs each; {e.at_once} checkpoints at once, {e.waves} after one another",
        f"checkpoint  {clock(e.engine_start_s)} engine start, {clock(e.full_s)} full, "
        f"{clock(e.tail_s)} tail",
        f"time        {clock(e.seconds)}",
        f"GPU hours   {e.gpu_hours:.1f}",
    ]
    if price is not None:
        lines.append(f"cost        {e.gpu_hours * price:.2f} at {price:g} a GPU hour")
    return "\n".join(lines)
