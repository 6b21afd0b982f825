"""``judge``: have models grade a run's answers, beside the rules."""

from typing import Annotated, Any

from typer import Argument, Option, Typer

from actors.storage.files import exists, read_json
from conf.errors import InfrastructureError
from conf.judge import load_judging
from pipeline.cluster.connect import cluster
from pipeline.commands.options import A_RUN, command, several
from pipeline.judge.labels import read_labels
from pipeline.judge.run import judge_run
from pipeline.run import summarise
from pipeline.runs.open import open_run

app = Typer()


@command(
    app,
    "judge",
    A_RUN,
    "imcbench judge runs/my-vlm/3f2a --config judge --set judges.0.model=my-judge",
    "imcbench judge runs/my-vlm/3f2a --config my-judges.yaml --labels experts.csv",
)
def _judge(
    run: Annotated[str, Argument(metavar="RUN", help="run directory")],
    config: Annotated[str, Option(metavar="FILE", help="YAML of judges and rubrics, or judge")],
    overrides: Annotated[
        list[str],
        several(
            "--set",
            metavar="key=value",
            help="change the configuration, e.g. judges.0.model=my-judge",
        ),
    ],
    labels: Annotated[
        str | None,
        Option(
            metavar="URI",
            help="expert grades to calibrate against: Parquet or CSV with the columns "
            "dialogue_id, turn (0: whole dialogue), rubric, criterion, grade",
        ),
    ] = None,
) -> int:
    """Have judge models grade a run's answers by rubrics, beside the rules; resumes."""
    judging = load_judging(config, overrides)
    opened = open_run(run)
    expert_labels = read_labels(labels) if labels else {}
    with cluster():
        done = judge_run(judging, opened, expert_labels)
    for one in done:
        print(f"{one.judge}: {one.asked} asked, {one.resumed} judged before, {one.failed} failed")
    if exists(opened.directory.summary):
        summarise(opened.directory, opened.config.scoring)
    for rubric in read_json(opened.directory.judges)["rubrics"]:
        _print_rubric(rubric)
    print(f"agreement and failures: {opened.directory.judges}")
    silent = [one.judge for one in done if one.asked and one.failed == one.asked]
    if silent:
        raise InfrastructureError(f"no verdict could be had from {', '.join(silent)}")
    return 0


def _print_rubric(rubric: dict[str, Any]) -> None:
    for criterion in rubric["criteria"]:
        alpha = criterion["krippendorff_alpha"]
        means = ", ".join(
            f"{judge} {'n/a' if mean is None else f'{mean:.2f}'}"
            for judge, mean in criterion["mean_grade"].items()
        )
        agreed = "n/a" if alpha is None else f"{alpha:.3f}"
        print(
            f"{rubric['rubric']} {criterion['criterion']}: mean grade {means}; "
            f"Krippendorff's alpha {agreed} over {criterion['units_compared']} units"
        )
    for judge, counts in rubric["judges"].items():
        for reason, count in counts["reasons"].items():
            print(f"  {judge}: {count} without a verdict: {reason}")
