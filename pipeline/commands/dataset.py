"""``dataset build-phantom|validate|describe``."""

import argparse

from actors.schema import Dialogue
from actors.storage.files import exists, join
from conf.errors import BadInput
from pipeline.cluster.connect import cluster
from pipeline.dataset.describe import describe, description_text
from pipeline.dataset.open import open_dataset
from pipeline.dataset.validate import validate
from pipeline.phantom.build import build

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_FAULTS_SHOWN = 100


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommands."""
    text = "build, check or describe a dataset"
    top = commands.add_parser("dataset", help=text, description=text)
    parts = top.add_subparsers(required=True, metavar="command")
    text = "draw the synthetic phantom dataset; same seed, same bytes"
    build = parts.add_parser("build-phantom", help=text, description=text)
    build.add_argument("target", metavar="URI", help="folder to write; must not hold a dataset yet")
    build.add_argument("--dialogues", type=int, default=8000, metavar="N", help="default 8000")
    build.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    build.set_defaults(handler=_build)
    text = "report every fault: dialogue, column, value"
    check = parts.add_parser("validate", help=text, description=text)
    check.add_argument("dataset", metavar="URI", help="dataset folder")
    check.add_argument("--no-images", action="store_true", help="do not open the image files")
    check.set_defaults(handler=_validate)
    text = "print what a dataset holds"
    tell = parts.add_parser("describe", help=text, description=text)
    tell.add_argument("dataset", metavar="URI", help="dataset folder")
    tell.set_defaults(handler=_describe)


def _build(arguments: argparse.Namespace) -> int:
    if exists(join(arguments.target, "dataset.json")):
        raise BadInput(f"{arguments.target} holds a dataset already")
    if arguments.dialogues < 1 or arguments.seed < 0:
        raise BadInput("--dialogues must be at least 1 and --seed at least 0")
    with cluster():
        document = build(arguments.target, dialogues=arguments.dialogues, seed=arguments.seed)
    counts = ", ".join(f"{n} {what}" for what, n in document["counts"].items())
    print(f"{arguments.target}: {counts}")
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    dataset = open_dataset(arguments.dataset)
    _ = dataset.content_id  # compares the files with dataset.json
    count = 0
    for fault in validate(dataset, check_images=not arguments.no_images):
        count += 1
        if count <= _FAULTS_SHOWN:
            print(fault)
    if count > _FAULTS_SHOWN:
        print(f"and {count - _FAULTS_SHOWN} more")
    print(f"{dataset.uri}: {count} faults" if count else f"{dataset.uri}: no faults")
    return 2 if count else 0


def _describe(arguments: argparse.Namespace) -> int:
    dataset = open_dataset(arguments.dataset)
    rows = (row for table in dataset.batches() for row in table.to_pylist())
    print(description_text(describe(Dialogue.from_row(row) for row in rows)))
    return 0
