"""What a report is made from: a run directory read into memory, and the gold it was scored on.

In: a run directory (or an output of ``score``), perhaps the dataset's URI. Out: ``RunData``, the
dialogues that were scored.
"""

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from actors.storage.files import exists, read_json, read_parquet
from conf.errors import BadInput
from conf.schema import RunConfig, ScoringConfig
from pipeline.dataset.open import Gold, open_dataset
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import manifest_of
from pipeline.runs.open import read_config
from pipeline.tables.scored_run import ScoredRun
from pipeline.tables.scores import read_scores

Row = dict[str, Any]  # one row of SUMMARY_SCHEMA


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the page may carry of the data."""

    images: bool = True
    text: bool = True
    dialogues: bool = True
    suppress_small: bool = False


@dataclass(frozen=True, kw_only=True)
class RunData(ScoredRun):
    """A scored run as a report needs it; ``config`` is None for a mere scoring."""

    label: str
    config: RunConfig | None
    scoring: ScoringConfig
    summary: tuple[Row, ...]

    @property
    def run_id(self) -> str | None:
        """The fingerprint, where the run has one."""
        return None if self.manifest is None else self.manifest.run_id


def load_run(root: str) -> RunData:
    """Read a run directory.

    Raises:
        BadInput: it has no summary or no scores.
    """
    run = RunDirectory(root.rstrip("/"))
    if not exists(run.summary):
        raise BadInput(f"{run.summary} is missing; run score or reduce first")
    config = None
    if exists(run.config):
        config = read_config(run)
    manifest = manifest_of(run)
    return RunData(
        directory=run,
        label=manifest.model.name if manifest else run.root.rsplit("/", 1)[-1],
        config=config,
        manifest=manifest,
        scoring=_scoring(run, config),
        summary=tuple(read_parquet(run.summary).to_pylist()),
        scores=read_scores(run.root),
    )


def distinct(runs: list[RunData]) -> list[RunData]:
    """Return the runs with the fingerprint, or else a number, in labels that several share."""
    labels = [run.label for run in runs]
    named = [
        replace(run, label=f"{run.label} {run.run_id or n}") if labels.count(run.label) > 1 else run
        for n, run in enumerate(runs, start=1)
    ]
    labels = [run.label for run in named]
    return [
        replace(run, label=f"{run.label} ({n})") if labels.count(run.label) > 1 else run
        for n, run in enumerate(named, start=1)
    ]


def load_gold(data: RunData, dataset_uri: str | None) -> Gold | None:
    """Read the dialogues that the run's scores are about.

    Args:
        data: the run; its configuration names the dataset unless ``dataset_uri`` does.
        dataset_uri: where the dataset lies now; None: as configured.

    Returns:
        None where neither names a dataset.

    Raises:
        BadInput: the dataset cannot be opened, is not the one of the run, or lacks a dialogue.
    """
    uri = dataset_uri or (data.config.dataset.uri if data.config else None)
    if uri is None:
        return None
    dataset = open_dataset(uri)
    stated = data.manifest.dataset.content if data.manifest else None
    if stated is not None and dataset.content_id != stated:
        raise BadInput(f"{uri} is not the dataset of {data.directory.root}: its content differs")
    wanted = pa.array(data.scores["dialogue_id"].unique().tolist(), pa.string())
    dialogues = dataset.dialogues()
    dialogues = dialogues.filter(pc.is_in(dialogues["dialogue_id"], value_set=wanted))
    if dialogues.num_rows != len(wanted):
        missing = len(wanted) - dialogues.num_rows
        raise BadInput(f"{uri} lacks {missing} of the dialogues scored in {data.directory.root}")
    return Gold(dataset=dataset, dialogues=dialogues)


def _scoring(run: RunDirectory, config: RunConfig | None) -> ScoringConfig:
    """Return what the summary was made with: as report.json says, else the configuration."""
    scoring = config.scoring if config else ScoringConfig()
    if not exists(run.report("json")):
        return scoring
    document = read_json(run.report("json"))
    return ScoringConfig(
        weights=dict(document["weights"]),
        confidence=float(document["confidence"]),
        resamples=int(document["resamples"]),
    )
