"""``run``, ``generate``, ``score``, ``reduce``: an evaluation, whole or by phase."""

import argparse
import sys
from dataclasses import replace

import yaml
from rich.console import Console

from actors.storage.files import exists, read_bytes, read_parquet
from conf.errors import BadInput, ConfigError
from conf.load import from_document, load
from conf.schema import BOX_DIALECTS, METRICS, RunConfig, ScoringConfig
from pipeline.cluster.connect import cluster
from pipeline.dataset.open import Gold, open_dataset
from pipeline.generate.generate import generate
from pipeline.report import summary_table
from pipeline.run import evaluate, summarise
from pipeline.runs.directory import RunDirectory
from pipeline.runs.dry_run import dry_run, dry_run_text
from pipeline.runs.prepare import prepare
from pipeline.score import score
from pipeline.tables.turns import declared_dialect

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommands."""
    for name, handler, text in (
        ("run", _run, "evaluate a model: generate, score, reduce, report; resumes"),
        ("generate", _generate, "only answer the turns that have no answer yet"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        add_config(command)
        command.add_argument(
            "--dry-run",
            action="store_true",
            help="only say what would be done, where, and whether the cluster can hold it",
        )
        command.set_defaults(handler=handler)
    text = "score any folder of turn-output Parquet against its dataset; needs no GPU"
    command = commands.add_parser("score", help=text, description=text)
    command.add_argument("--dataset", required=True, metavar="URI", help="dataset folder")
    command.add_argument("--turns", required=True, metavar="URI", help="folder of turn outputs")
    command.add_argument("--output", required=True, metavar="URI", help="folder for the results")
    command.add_argument(
        "--box-dialect",
        choices=BOX_DIALECTS,
        help="how the model writes regions; default: as the turn files declare, else norm1000",
    )
    command.add_argument("--limit", type=int, metavar="N", help="only the first N dialogues")
    _add_scoring(command)
    command.set_defaults(handler=_score)
    text = "sum up a run's scores again, with other weights or resamples"
    command = commands.add_parser("reduce", help=text, description=text)
    command.add_argument("run", metavar="RUN", help="run directory, or an output of score")
    _add_scoring(command)
    command.set_defaults(handler=_reduce)


def add_config(command: argparse.ArgumentParser) -> None:
    """Add --config and the overrides."""
    command.add_argument(
        "--config", required=True, metavar="FILE", help="YAML file, or the preset demo or full"
    )
    command.add_argument(
        "overrides", nargs="*", metavar="key=value", help="e.g. output=s3://bucket/runs"
    )


def _add_scoring(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--weights",
        nargs=len(METRICS),
        metavar="metric=weight",
        help="weights of the overall score; they must sum to 1",
    )
    command.add_argument("--resamples", type=int, metavar="N", help="bootstrap resamples")


def _run(arguments: argparse.Namespace) -> int:
    config = load(arguments.config, arguments.overrides)
    if arguments.dry_run:
        return _dry_run(config)
    run = evaluate(config)
    _show(run)
    return 0


def _dry_run(config: RunConfig) -> int:
    prepared = prepare(config, dry=True)
    with cluster():
        ahead = dry_run(prepared)
    print(dry_run_text(ahead))
    if ahead.problem:
        raise BadInput(ahead.problem)
    return 0


def _generate(arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        return _dry_run(load(arguments.config, arguments.overrides))
    prepared = prepare(load(arguments.config, arguments.overrides))
    with cluster():
        done = generate(prepared)
    print(f"{done.turns} turns, {done.failed} failed, {done.resumed} dialogues were there already")
    print(f"turn outputs: {prepared.directory.turns}")
    return 0


def _score(arguments: argparse.Namespace) -> int:
    dataset = open_dataset(arguments.dataset)
    dialect = arguments.box_dialect or declared_dialect(arguments.turns)
    gold = Gold(dataset=dataset, dialogues=dataset.dialogues(arguments.limit))
    run = RunDirectory(arguments.output)
    with cluster():
        score(gold, arguments.turns, arguments.output, dialect)
    summarise(run, _scoring(arguments, run))
    _show(run)
    return 0


def _reduce(arguments: argparse.Namespace) -> int:
    run = RunDirectory(arguments.run)
    summarise(run, _scoring(arguments, run))
    _show(run)
    return 0


def _scoring(arguments: argparse.Namespace, run: RunDirectory) -> ScoringConfig:
    """Take the run's own scoring section, or the defaults, then what the arguments say."""
    scoring = ScoringConfig()
    if exists(run.config):
        scoring = from_document(yaml.safe_load(read_bytes(run.config))).scoring
    if arguments.resamples is not None:
        scoring = replace(scoring, resamples=arguments.resamples)
    if arguments.weights:
        scoring = replace(scoring, weights=dict(_weight(item) for item in arguments.weights))
    return scoring


def _weight(item: str) -> tuple[str, float]:
    metric, _, value = item.partition("=")
    try:
        return metric, float(value)
    except ValueError:
        raise ConfigError(f"weight {item!r} is not of the form metric=number") from None


def _show(run: RunDirectory) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(summary_table(read_parquet(run.summary)))
    print(f"summary: {run.summary}")
    print(f"report:  {run.report('md')}, {run.report('json')}")
