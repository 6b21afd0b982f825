"""``model init-tiny|describe``: a random-weight checkpoint, and what a checkpoint is."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from actors.conversation import caption, system_prompt, user_message
from actors.gold import gold_text
from conf.errors import BadInput
from pipeline.checkpoint.describe import card_text, describe_model
from pipeline.checkpoint.tiny import init_tiny
from pipeline.phantom.generate import plan_dialogue

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_CORPUS, _CORPUS_SEED = 1000, 1_000_003  # dialogues and phantom seed for the tokenizer


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommands."""
    text = "make or look at checkpoints"
    top = commands.add_parser("model", help=text, description=text)
    parts = top.add_subparsers(required=True, metavar="command")
    text = "write a small Idefics3 with random weights, its tokenizer, processor and chat template"
    init = parts.add_parser("init-tiny", help=text, description=text)
    init.add_argument("folder", type=Path, metavar="FOLDER", help="where the checkpoint goes")
    init.add_argument("--seed", type=int, default=0, metavar="N", help="of the weights, default 0")
    init.set_defaults(handler=_init_tiny)
    text = "print a checkpoint's architecture, context and box dialect, and what it lacks"
    describe = parts.add_parser("describe", help=text, description=text)
    describe.add_argument("source", metavar="SOURCE", help="folder or URI with config.json")
    describe.set_defaults(handler=_describe)


def _init_tiny(arguments: argparse.Namespace) -> int:
    if arguments.folder.exists() and any(arguments.folder.iterdir()):
        raise BadInput(f"{arguments.folder} is not empty")
    count = init_tiny(arguments.folder, phantom_corpus(_CORPUS), seed=arguments.seed)
    print(f"{arguments.folder}: Idefics3 with {count:,} random parameters")
    return 0


def _describe(arguments: argparse.Namespace) -> int:
    print(card_text(describe_model(arguments.source)))
    return 0


def phantom_corpus(dialogues: int) -> Iterator[str]:
    """Yield what is said in phantom dialogues of a seed that no evaluation uses."""
    yield system_prompt("norm1000")
    for index in range(dialogues):
        dialogue = plan_dialogue(_CORPUS_SEED, index).dialogue
        yield from (caption(image) for image in dialogue.images)
        for turn in dialogue.turns:
            yield user_message(turn, ()).text
            yield gold_text(turn)
