"""A run that was carried out before, opened again.

In: the run directory. Out: ``Run``, with the dialogues that it asked.
"""

import yaml

from actors.storage.files import exists, list_files, read_bytes
from conf.errors import BadInput, ConfigError
from conf.load import from_document
from conf.schema import RunConfig
from pipeline.dataset.load import without
from pipeline.dataset.open import Gold, open_dataset
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import read_manifest
from pipeline.runs.run import Run


def open_run(root: str) -> Run:
    """Open a run directory.

    Raises:
        BadInput: it is none, it has no turn outputs, or its dataset is not what it was.
        ConfigError: its configuration cannot be read.
    """
    directory = RunDirectory(root)
    for needed in (directory.config, directory.manifest):
        if not exists(needed):
            raise BadInput(f"{root} is not a run directory: {needed} is missing")
    config = read_config(directory)
    if not list_files(directory.turns, ".parquet"):
        raise BadInput(f"{directory.turns} holds no turn outputs; generate them first")
    dataset = open_dataset(config.dataset.uri)
    manifest = read_manifest(directory)
    if manifest.dataset.content != dataset.content_id:
        raise BadInput(f"{dataset.uri} is not the dataset of {root}: its content has changed")
    dropped = manifest.dataset.dropped
    dialogues = without(dataset.dialogues(config.dataset.limit), dropped)
    gold = Gold(dataset=dataset, dialogues=dialogues, dropped=tuple(dropped))
    return Run(run_id=manifest.run_id, config=config, gold=gold, directory=directory)


def read_config(directory: RunDirectory) -> RunConfig:
    """Read a run's configuration, also one that an earlier version wrote; raises ConfigError."""
    try:
        document = yaml.safe_load(read_bytes(directory.config))
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise ConfigError(f"{directory.config} is not YAML: {where}") from error
    return from_document(document, earlier=True)
