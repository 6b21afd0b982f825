"""``judge``: have models grade a run's answers, beside the rules."""

import argparse
from typing import Any

from actors.storage.files import exists, read_json
from conf.errors import InfrastructureError
from conf.judge import load_judging
from pipeline.cluster.connect import cluster
from pipeline.judge.labels import read_labels
from pipeline.judge.run import judge_run
from pipeline.run import summarise
from pipeline.runs.open import open_run

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    text = "have judge models grade a run's answers by rubrics, beside the rules; resumes"
    command = commands.add_parser("judge", help=text, description=text)
    command.add_argument("run", metavar="RUN", help="run directory")
    command.add_argument(
        "--config", required=True, metavar="FILE", help="YAML of judges and rubrics, or judge"
    )
    command.add_argument(
        "--labels",
        metavar="URI",
        help="expert grades to calibrate against: Parquet or CSV with the columns "
        "dialogue_id, turn (0: whole dialogue), rubric, criterion, grade",
    )
    command.add_argument(
        "--set",
        nargs="+",
        default=[],
        dest="overrides",
        metavar="key=value",
        help="change the configuration, e.g. judges.0.model=my-judge",
    )
    command.set_defaults(handler=_judge)


def _judge(arguments: argparse.Namespace) -> int:
    config = load_judging(arguments.config, arguments.overrides)
    opened = open_run(arguments.run)
    labels = read_labels(arguments.labels) if arguments.labels else {}
    with cluster():
        done = judge_run(config, opened, labels)
    for one in done:
        print(f"{one.judge}: {one.asked} asked, {one.resumed} judged before, {one.failed} failed")
    if exists(opened.directory.summary):
        summarise(opened.directory, opened.config.scoring)
    document = read_json(opened.directory.judges)
    for rubric in document["rubrics"]:
        _show(rubric)
    print(f"agreement and failures: {opened.directory.judges}")
    silent = [one.judge for one in done if one.asked and one.failed == one.asked]
    if silent:
        raise InfrastructureError(f"no verdict could be had from {', '.join(silent)}")
    return 0


def _show(rubric: dict[str, Any]) -> None:
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
