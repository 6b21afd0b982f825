"""``model init-tiny``: a random-weight checkpoint for trying the real path."""

import argparse
from pathlib import Path

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it


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
