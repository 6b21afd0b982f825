"""A run that is there, opened again: its configuration, its dataset, the dialogues it asked for.

In: the run directory. Out: ``OpenedRun``.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from actors.storage.files import exists, list_files, read_bytes, read_json
from conf.errors import BadInput
from conf.load import from_document
from conf.schema import RunConfig
from pipeline.dataset.open import Dataset, open_dataset
from pipeline.runs.directory import RunDirectory


@dataclass(frozen=True, kw_only=True)
class OpenedRun:
    """One run with its gold; ``dialogues`` are those it asked for, rows of DIALOGUE_SCHEMA."""

    run: RunDirectory
    config: RunConfig
    dataset: Dataset
    dialogues: pa.Table


def open_run(root: str) -> OpenedRun:
    """Open a run directory.

    Raises:
        BadInput: it is none, it has no turn outputs, or its dataset is not what it was.
        ConfigError: its configuration cannot be read.
    """
    run = RunDirectory(root)
    for needed in (run.config, run.manifest):
        if not exists(needed):
            raise BadInput(f"{root} is not a run directory: {needed} is missing")
    config = from_document(yaml.safe_load(read_bytes(run.config)))
    if not list_files(run.turns, ".parquet"):
        raise BadInput(f"{run.turns} holds no turn outputs; generate them first")
    dataset = open_dataset(config.dataset.uri)
    about = read_json(run.manifest)["dataset"]
    if about["content"] != dataset.content_id:
        raise BadInput(f"{dataset.uri} is not the dataset of {root}: its content has changed")
    dialogues = dataset.dialogues(config.dataset.limit)
    dropped = pa.array(about["dropped"], pa.string())
    keep = pc.invert(pc.is_in(dialogues["dialogue_id"], value_set=dropped))
    return OpenedRun(run=run, config=config, dataset=dataset, dialogues=dialogues.filter(keep))
