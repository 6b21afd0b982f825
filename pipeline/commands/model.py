"""``model init-tiny|describe``: a random-weight checkpoint, and what a checkpoint is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from actors.conversation import caption, system_prompt, user_message
from actors.gold import gold_text
from conf.errors import BadInput
from pipeline.checkpoint.describe import card_text, describe_model
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.options import MODELS, command
from pipeline.phantom.generate import plan_dialogue

app = Typer(
    name="model", help="Make or look at checkpoints.", rich_help_panel=MODELS, no_args_is_help=True
)
_CORPUS, _CORPUS_SEED = 1000, 1_000_003  # dialogues and phantom seed for the tokenizer


@command(app, "init-tiny", MODELS, "imcbench model init-tiny models/tiny --seed 1")
def _init_tiny(
    folder: Annotated[Path, Argument(metavar="FOLDER", help="where the checkpoint goes")],
    seed: Annotated[int, Option(metavar="N", help="of the weights")] = 0,
) -> int:
    """Write a small Idefics3 with random weights, its tokenizer, processor and chat template."""
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty")
    count = init_tiny(folder, phantom_corpus(_CORPUS), seed=seed)
    print(f"{folder}: Idefics3 with {count:,} random parameters")
    return 0


@command(app, "describe", MODELS, "imcbench model describe s3://bucket/my-vlm")
def _describe(
    source: Annotated[str, Argument(metavar="SOURCE", help="folder or URI with config.json")],
) -> int:
    """Print a checkpoint's architecture, context and box dialect, and what it lacks."""
    print(card_text(describe_model(source)))
    return 0


def phantom_corpus(dialogues: int) -> Iterator[str]:
    """Yield the texts of phantom dialogues of a seed that no evaluation uses."""
    yield system_prompt("norm1000")
    for index in range(dialogues):
        dialogue = plan_dialogue(_CORPUS_SEED, index).dialogue
        yield from (caption(image) for image in dialogue.images)
        for turn in dialogue.turns:
            yield user_message(turn, ()).text
            yield gold_text(turn)
