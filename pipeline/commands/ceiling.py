"""``ceiling``: what a score can mean where the annotators disagree."""

from typer import Typer

from pipeline.commands.options import DECISIONS, DatasetFolder, command
from pipeline.dataset.ceiling import Ceiling, reference_ceiling
from pipeline.dataset.open import open_dataset
from pipeline.stats.intervals import Interval
from pipeline.stats.percent import cell, number
from pipeline.stats.resample import Resampling

app = Typer()
_PLAN = Resampling(resamples=2000, confidence=0.95, seed=0)


@command(app, "ceiling", DECISIONS, "imcbench ceiling s3://bucket/imcbench")
def _ceiling(dataset: DatasetFolder) -> int:
    """Print the turn accuracy that a dataset's annotators reach among themselves."""
    clusters: list[str] = []
    agreements: list[float | None] = []
    for table in open_dataset(dataset).batches():
        for row in table.select(["patient_id", "turns"]).to_pylist():
            clusters += [row["patient_id"]] * len(row["turns"])
            agreements += [turn["agreement"] for turn in row["turns"]]
    print("\n".join(ceiling_lines(reference_ceiling(clusters, agreements, _PLAN))))
    return 0


def ceiling_lines(ceiling: Ceiling) -> list[str]:
    """Return the ceiling in percent, one quantity a line; docs/statistics.md derives them."""
    least = ceiling.smallest_difference
    return [
        f"turns with an agreement: {ceiling.n_turns}, without: {ceiling.n_unknown}",
        f"human level: {_percent(ceiling.human_level)}",
        f"two annotators against each other, at least: {_percent(ceiling.between_annotators)}",
        f"two annotators against each other, at most: {_percent(ceiling.between_annotators_most)}",
        "difference of two human-level raters in 95 of 100: "
        + ("undefined" if least is None else f"up to {number(least, '.2f')} points"),
    ]


def _percent(interval: Interval) -> str:
    if interval.value is None:
        return f"undefined: {interval.reason}"
    return cell(interval.value, interval.low, interval.high)
