"""``plan``: time and GPU hours of an evaluation, from a measured rate."""

import json
from dataclasses import asdict
from typing import Annotated

from typer import Option, Typer

from actors.schema import Dialogue
from conf.errors import BadInput
from conf.load import load
from conf.schema import RunConfig
from pipeline.commands.options import A_RUN, AsJson, Config, Overrides, command
from pipeline.dataset.open import open_dataset, turn_counts
from pipeline.runs.cost import cost_text, current_price, estimate_cost
from pipeline.runs.directory import RunDirectory
from pipeline.runs.estimate import ENGINE_START_S, Estimate, Speed, engines_of, estimate, speed_of
from pipeline.runs.status import clock

app = Typer()
# What a plan does not depend on need not be given.
_UNUSED = ("model.name=any", "model.source=any", "model.box_dialect=none", "output=any")


@command(
    app,
    "plan",
    A_RUN,
    "imcbench plan --config full dataset.uri=s3://bucket/imcbench --gpus 16 --rate 8",
    "imcbench plan --config full dataset.uri=data/imcbench --gpus 16 --from runs/my-vlm/3f2a",
    "imcbench plan --config endpoint dataset.uri=data/imcbench model.source=gpt-4o",
)
def _plan(
    config: Config,
    overrides: Overrides,
    gpus: Annotated[int | None, Option(metavar="N", help="GPUs of the cluster")] = None,
    rate: Annotated[float | None, Option(metavar="R", help="turns/s per GPU, engine full")] = None,
    measured_on: Annotated[
        str | None, Option("--from", metavar="RUN", help="measure it on a finished run")
    ] = None,
    engine_start: Annotated[
        float | None,
        Option(metavar="S", help=f"seconds; default: as measured, else {ENGINE_START_S:g}"),
    ] = None,
    checkpoints: Annotated[int, Option(metavar="N", help="how many to evaluate")] = 1,
    price: Annotated[float | None, Option(metavar="P", help="price of one GPU hour")] = None,
    answer_tokens: Annotated[
        int | None,
        Option(metavar="N", help="of a served model's answer; default: sampling.max_tokens"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Estimate time and GPU hours from a measured rate, or a provider's bill; needs no cluster."""
    if price is not None and price < 0:
        raise BadInput(f"--price is {price}; it must be 0 or more")
    planned = load(config, [*_UNUSED, *overrides])
    if planned.model.is_served:
        print(_bill(planned, answer_tokens, as_json=as_json))
        return 0
    if gpus is None:
        raise BadInput("--gpus is missing: how many GPUs has the cluster?")
    speed = _speed(rate, measured_on, engine_start)
    dialogues = open_dataset(planned.dataset.uri).dialogues(planned.dataset.limit)
    estimated = estimate(
        turn_counts(dialogues).to_pylist(),
        engines_of(planned),
        speed,
        gpus=gpus,
        checkpoints=checkpoints,
    )
    print(json.dumps(asdict(estimated)) if as_json else _text(estimated, price))
    return 0


def _bill(planned: RunConfig, answer_tokens: int | None, *, as_json: bool) -> str:
    dialogues = open_dataset(planned.dataset.uri).dialogues(planned.dataset.limit)
    estimated = estimate_cost(
        (Dialogue.from_row(row) for row in dialogues.to_pylist()),
        planned,
        current_price(planned.model),
        answer_tokens=answer_tokens or planned.sampling.max_tokens,
    )
    return json.dumps(asdict(estimated)) if as_json else cost_text(estimated)


def _speed(rate: float | None, measured_on: str | None, engine_start: float | None) -> Speed:
    if rate is not None and measured_on is None:
        speed = Speed(turns_per_gpu_s=rate)
    elif measured_on is not None and rate is None:
        speed = speed_of(RunDirectory(measured_on))
    else:
        raise BadInput("give either --rate or --from")
    if engine_start is None:
        return speed
    return Speed(turns_per_gpu_s=speed.turns_per_gpu_s, engine_start_s=engine_start)


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
