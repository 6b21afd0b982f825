"""``model init-tiny|describe|try``: a random checkpoint, what a checkpoint is, what it says."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from typer import Argument, Option, Typer

from actors.conversation import caption, system_prompt, user_message
from actors.gold import gold_text
from actors.schema import Dialogue
from conf.errors import BadInput, ConfigError
from pipeline.checkpoint.card import card_text
from pipeline.checkpoint.dataset_fit import fit_dataset
from pipeline.checkpoint.describe import describe_model
from pipeline.checkpoint.small_files import small_files
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.options import MODELS, Overrides, command
from pipeline.dataset.open import open_dataset
from pipeline.phantom.generate import plan_dialogue
from pipeline.trial.picture import draw_regions
from pipeline.trial.run import trial_config, trial_dialogue, try_dialogue
from pipeline.trial.text import trial_text

app = Typer(
    name="model", help="Make or look at checkpoints.", rich_help_panel=MODELS, no_args_is_help=True
)
Source = Annotated[str, Argument(metavar="SOURCE", help="folder, URI or hub id of a checkpoint")]
Trusted = Annotated[bool, Option("--trust-remote-code", help="run code that the checkpoint brings")]
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


@command(
    app,
    "describe",
    MODELS,
    "imcbench model describe s3://bucket/my-vlm",
    "imcbench model describe Qwen/Qwen2.5-VL-7B-Instruct --dataset data/phantom-200",
)
def _describe(
    source: Source,
    dataset: Annotated[
        str | None, Option("--dataset", metavar="URI", help="count tokens for its images")
    ] = None,
    answer: Annotated[int, Option("--answer-tokens", metavar="N", help="of each answer")] = 512,
    gpu: Annotated[float, Option("--gpu-gib", metavar="GIB", help="memory of one GPU")] = 80.0,
    trusted: Trusted = False,
) -> int:
    """Print what a checkpoint is, which backend runs it, how a dataset fits, and what it lacks."""
    with small_files(source) as (folder, files):
        card = describe_model(source, folder, files)
        fit, warnings = None, []
        if dataset is not None:
            rows = open_dataset(dataset).dialogues().to_pylist()
            dialogues = [Dialogue.from_row(row) for row in rows]
            dialect = card.dialect.choice or "none"
            try:
                fit = fit_dataset(folder, dialogues, dialect, answer, trusted=trusted)
            except (ConfigError, BadInput) as error:
                warnings.append(f"the dataset's tokens cannot be counted: {error}")
    print(card_text(card, fit, gpu_bytes=int(gpu * 2**30), warnings=warnings))
    return 0


@command(
    app,
    "try",
    MODELS,
    "imcbench model try s3://bucket/my-vlm",
    "imcbench model try models/my-vlm --backend transformers model.engine.dtype=bfloat16",
)
def _try(
    source: Source,
    overrides: Overrides,
    backend: Annotated[
        str | None, Option("--backend", metavar="NAME", help="vllm or transformers; else suggested")
    ] = None,
    dialect: Annotated[
        str | None, Option("--dialect", metavar="NAME", help="of boxes; else the suggested one")
    ] = None,
    seed: Annotated[int, Option(metavar="N", help="of the phantom dialogue")] = 0,
    picture: Annotated[
        Path, Option("--picture", metavar="FILE", help="PNG of the regions, drawn over the images")
    ] = Path("try.png"),
    trusted: Trusted = False,
) -> int:
    """Ask a checkpoint one phantom dialogue; print prompt and answers, draw its boxes."""
    with small_files(source) as (folder, files):
        card = describe_model(source, folder, files)
    backend = backend or card.backend.choice
    if backend is None:
        raise BadInput(f"{source}: no backend runs it: {card.backend.reason}; --backend tries one")
    dialect = dialect or card.dialect.choice
    if dialect is None:
        raise BadInput(f"{source}: its box dialect is {card.dialect.reason}: give --dialect")
    with TemporaryDirectory() as data:
        given = [*overrides, *(["model.trust_remote_code=true"] if trusted else [])]
        config = trial_config(source, backend, dialect, data, given)
        dialogue = trial_dialogue(Path(data), seed)
        trial = try_dialogue(config, dialogue)
        panels = draw_regions(dialogue, trial.turns, Path(data), picture)
    print(trial_text(trial))
    print(f"{picture}: {panels} regions" if panels else "no turn asked for a region: no picture")
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
