"""``run``, ``generate``, ``score``, ``reduce``: an evaluation, whole or by phase."""

from dataclasses import replace
from typing import Annotated

from typer import Option, Typer

from actors.storage.files import exists
from conf.errors import BadInput
from conf.load import load
from conf.model import BOX_DIALECTS
from conf.schema import RunConfig, ScoringConfig
from pipeline.cluster.connect import cluster
from pipeline.commands.options import (
    A_RUN,
    Config,
    Overrides,
    RunFolder,
    command,
    number_by_metric,
    several,
)
from pipeline.commands.report import print_headline
from pipeline.dataset.open import Gold, open_dataset
from pipeline.generate.generate import generate
from pipeline.report.inputs import Options
from pipeline.report.write import write_full_report
from pipeline.run import evaluate, summarise
from pipeline.runs.directory import RunDirectory
from pipeline.runs.dry_run import dry_run_text, look_ahead
from pipeline.runs.open import read_config
from pipeline.runs.prepare import prepare
from pipeline.runs.turn_log import read_turn_log
from pipeline.score import score
from pipeline.tables.transcripts import is_transcript, write_turns
from pipeline.tables.turns import declared_dialect

app = Typer()
_MANY_CUT = 0.01  # share of answers that ended at the length limit

_DryRun = Annotated[
    bool,
    Option(
        "--dry-run",
        help="only print what would be done, where, and whether the cluster can hold it",
    ),
]
_RetryFailed = Annotated[
    bool,
    Option("--retry-failed", help="ask dialogues with failed turns again, whole; nothing else is"),
]
_Weights = Annotated[
    list[str],
    several(
        metavar="metric=weight",
        help="weights of the overall score, one for each measure; they must sum to 1",
    ),
]
_Resamples = Annotated[int | None, Option(metavar="N", help="bootstrap resamples")]


@command(
    app,
    "run",
    A_RUN,
    "imcbench run --config demo dataset.uri=data/phantom-200 model.source=path/to/checkpoint",
    "imcbench run --config full --dry-run dataset.uri=s3://bucket/imcbench output=s3://bucket/runs",
    "imcbench run --config runs/my-vlm/3f2a/config.yaml --retry-failed",
)
def _run(
    config: Config,
    overrides: Overrides,
    dry_run: _DryRun = False,
    retry_failed: _RetryFailed = False,
    page: Annotated[bool, Option(help="write the web page of the report")] = True,
) -> int:
    """Evaluate a model: generate, score, reduce, report; resumes."""
    loaded = load(config, overrides)
    if dry_run and retry_failed:
        raise BadInput("--dry-run changes nothing, so it cannot be given with --retry-failed")
    if dry_run:
        return _print_dry_run(loaded)
    run = evaluate(loaded, retry_failed=retry_failed)
    _print_results(run)
    _warn_of_cut_answers(run, loaded)
    if page:
        print(f"page:    {write_full_report(run.root, [], None, Options())}")
    return 0


@command(app, "generate", A_RUN, "imcbench generate --config demo dataset.uri=data/phantom-200")
def _generate(config: Config, overrides: Overrides, dry_run: _DryRun = False) -> int:
    """Only answer the turns that have no answer yet."""
    loaded = load(config, overrides)
    if dry_run:
        return _print_dry_run(loaded)
    prepared = prepare(loaded)
    with cluster():
        done = generate(prepared)
    print(f"{done.turns} turns, {done.failed} failed, {done.resumed} dialogues were there already")
    print(f"turn outputs: {prepared.directory.turns}")
    return 0


@command(
    app,
    "score",
    A_RUN,
    "imcbench score --dataset data/phantom-200 --turns other/turns --output runs/other",
    "imcbench score --dataset data/phantom-200 --turns logs/mine.eval --output runs/other",
)
def _score(
    dataset: Annotated[str, Option(metavar="URI", help="dataset folder")],
    turns: Annotated[
        str,
        Option(
            metavar="URI",
            help="folder of turn outputs; or chats as .jsonl; or an inspect_ai log, .eval or .json",
        ),
    ],
    output: Annotated[str, Option(metavar="URI", help="folder for the results")],
    weights: _Weights,
    resamples: _Resamples = None,
    box_dialect: Annotated[
        str | None,
        Option(
            metavar="NAME",
            autocompletion=lambda: list(BOX_DIALECTS),
            help="how the model writes regions; default: as the turn files declare, else norm1000",
        ),
    ] = None,
    limit: Annotated[int | None, Option(metavar="N", help="only the first N dialogues")] = None,
) -> int:
    """Score turn outputs, or the transcripts of another system, against their dataset; no GPU."""
    if box_dialect not in (None, *BOX_DIALECTS):
        may = ", ".join(BOX_DIALECTS)
        raise BadInput(f"--box-dialect is {box_dialect!r}; choose one of {may}")
    opened = open_dataset(dataset)
    gold = Gold(dataset=opened, dialogues=opened.dialogues(limit))
    run = RunDirectory(output)
    if is_transcript(turns):
        turns = write_turns(turns, gold.dialogues, output)
    with cluster():
        score(gold, turns, output, box_dialect or declared_dialect(turns))
    summarise(run, _scoring(run, weights, resamples))
    _print_results(run)
    return 0


@command(
    app,
    "reduce",
    A_RUN,
    "imcbench reduce runs/my-vlm/3f2a --weights turn_accuracy=0.4 visual_consistency=0.2 "
    "reasoning_coherence=0.2 hallucination_rate=0.2",
)
def _reduce(run: RunFolder, weights: _Weights, resamples: _Resamples = None) -> int:
    """Sum up a run's scores again, with other weights or resamples."""
    directory = RunDirectory(run)
    summarise(directory, _scoring(directory, weights, resamples))
    _print_results(directory)
    return 0


def _print_dry_run(config: RunConfig) -> int:
    prepared = prepare(config, dry=True)
    with cluster():
        expected = look_ahead(prepared)
    print(dry_run_text(expected))
    if expected.problem:
        raise BadInput(expected.problem)
    return 0


def _scoring(run: RunDirectory, weights: list[str], resamples: int | None) -> ScoringConfig:
    """Return the run's own scoring section, or the defaults, under what the options change."""
    scoring = ScoringConfig()
    if exists(run.config):
        scoring = read_config(run).scoring
    if resamples is not None:
        scoring = replace(scoring, resamples=resamples)
    if weights:
        scoring = replace(scoring, weights=number_by_metric(weights, "weight"))
    return scoring


def _warn_of_cut_answers(run: RunDirectory, config: RunConfig) -> None:
    log = read_turn_log(run.turns)
    answered = log.table.num_rows - log.failed
    if answered and log.cut_off >= _MANY_CUT * answered:
        print(
            f"warning: {log.cut_off} of {answered} answers ({log.cut_off / answered:.1%}) were cut "
            f"off at sampling.max_tokens={config.sampling.max_tokens}; what they would have said "
            "after that counts as not said"
        )


def _print_results(run: RunDirectory) -> None:
    print_headline(run)
    print(f"summary: {run.summary}")
    print(f"report:  {run.report('md')}, {run.report('json')}")
