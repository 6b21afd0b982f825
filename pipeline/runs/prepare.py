"""A run before anything is asked: its inputs checked, its directory named, its manifest begun.

In: a configuration. Out: ``Run``.
"""

from dataclasses import asdict, replace
from typing import Any

from actors.boxes.dialects import dialect_named
from actors.checkpoints import weights_id
from actors.conversation import system_prompt
from actors.hub import at_commit, is_hub_id
from actors.logs import bind
from actors.storage.files import exists, join, read_bytes, write_bytes
from conf.backends import RUN_BACKENDS
from conf.errors import BadInput
from conf.load import fingerprint, to_yaml
from conf.model import ModelConfig
from conf.schema import RunConfig
from pipeline.checkpoint.check import check_checkpoint
from pipeline.dataset.access import refuse_remote
from pipeline.dataset.load import load_gold
from pipeline.dataset.open import Gold
from pipeline.runs.cost import check_limit, current_price
from pipeline.runs.directory import RunDirectory
from pipeline.runs.manifest import Manifest, read_manifest, software, write_manifest
from pipeline.runs.run import Run


def prepare(config: RunConfig, gold: Gold | None = None, *, dry: bool = False) -> Run:
    """Check the model, name the run, write its configuration and manifest.

    Args:
        config: the run's.
        gold: saves reading the dataset again where many runs share it.
        dry: write nothing.

    Raises:
        BadInput: dataset or checkpoint cannot be used, the dataset may not go to an endpoint, or
            the backend cannot give what the box dialect needs.
        InfrastructureError: a hub cannot be reached.
    """
    _check_dialect(config.model)
    config = replace(config, model=_resolved(config.model))
    price = current_price(config.model)
    check_limit(config, price)
    gold = gold or load_gold(config.dataset)
    refuse_remote(gold.dataset, config.model.backend, f"model {config.model.name}")
    source = config.model.source
    if config.model.loads_checkpoint:
        check_checkpoint(config.model)
        weights = weights_id(source)
        if config.model.adapter is not None:
            weights = f"{weights}+{_adapter_id(config.model.adapter)}"
    else:
        weights = f"{config.model.backend}:{source}"
    run_id = fingerprint(
        config,
        dataset_id=gold.dataset.content_id,
        weights_id=weights,
        protocol=system_prompt(config.model.box_dialect),
    )
    bind(run_id=run_id)
    directory = RunDirectory.of(config.output, config.model.name, run_id)
    if not dry:
        write_bytes(directory.config, to_yaml(config).encode())
        new = not exists(directory.manifest)
        manifest = Manifest.new(config, gold, run_id, weights) if new else read_manifest(directory)
        if new or (manifest.price is None and price is not None):
            write_manifest(directory, replace(manifest, price=price))
    return Run(run_id=run_id, config=config, gold=gold, directory=directory)


def is_complete(run: Run) -> bool:
    """Return whether a run was carried out and scored as this version would score it."""
    manifest = read_manifest(run.directory)
    return manifest.status == "complete" and manifest.scored == scored_with(run.config)


def scored_with(config: RunConfig) -> dict[str, Any]:
    """Return what the manifest notes of a scoring: the version of its code, and its settings."""
    return {
        "imcbench": software().get("imcbench"),
        "max_failed_share": config.compute.max_failed_share,
        **asdict(config.scoring),
    }


def _resolved(model: ModelConfig) -> ModelConfig:
    """Return the model with its hub's commit, and with its template's text where a file is named.

    So the run's configuration says all, its fingerprint covers it, and every actor reads the same.
    """
    if model.loads_checkpoint and is_hub_id(model.source):
        model = replace(model, source=at_commit(model.source))
    template = model.chat.template
    if template is None or "{" in template:
        return model
    if not exists(template):
        raise BadInput(f"model.chat.template {template} is no file, and no Jinja template")
    return replace(model, chat=replace(model.chat, template=read_bytes(template).decode()))


def _adapter_id(adapter: str) -> str:
    if not exists(join(adapter, "adapter_config.json")):
        raise BadInput(f"model.adapter {adapter} holds no adapter_config.json")
    return weights_id(adapter)


def _check_dialect(model: ModelConfig) -> None:
    needed = dialect_named(model.box_dialect).input_pixels
    if needed and not RUN_BACKENDS[model.backend].gives_input_sizes:
        raise BadInput(
            f"model.box_dialect {model.box_dialect} needs the size at which each image enters the "
            f"model, which model.backend {model.backend} does not give; choose another of the two"
        )
