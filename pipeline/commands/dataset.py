"""``dataset build-phantom|validate|describe|migrate``; others have files of their own."""

from collections import Counter
from itertools import chain
from typing import Annotated

from typer import Argument, Option, Typer

from actors.schema import Dialogue
from actors.storage.files import exists, join
from conf.errors import BadInput
from pipeline.claims import unread_reason
from pipeline.claims.check_lexicon import lexicon_faults
from pipeline.cluster.connect import cluster
from pipeline.commands.import_data import add_to
from pipeline.commands.lexicon import app as lexicon
from pipeline.commands.options import DATA, DatasetFolder, command
from pipeline.dataset.describe import describe, description_text
from pipeline.dataset.open import Dataset, migrate, open_dataset
from pipeline.dataset.validate import validate
from pipeline.phantom.build import build

app = Typer(
    name="dataset",
    help="Build, check or describe a dataset.",
    rich_help_panel=DATA,
    no_args_is_help=True,
)
app.add_typer(lexicon)
_FAULTS_SHOWN = 100
add_to(app)


@command(
    app, "build-phantom", DATA, "imcbench dataset build-phantom data/phantom-200 --dialogues 200"
)
def _build_phantom(
    target: Annotated[
        str, Argument(metavar="URI", help="folder to write; must not hold a dataset yet")
    ],
    dialogues: Annotated[int, Option(metavar="N", help="how many")] = 8000,
    seed: Annotated[int, Option(metavar="N", help="of the drawing")] = 0,
) -> int:
    """Draw the synthetic phantom dataset; same seed, same bytes."""
    if exists(join(target, "dataset.json")):
        raise BadInput(f"{target} holds a dataset already")
    if dialogues < 1 or seed < 0:
        raise BadInput("--dialogues must be at least 1 and --seed at least 0")
    with cluster():
        document = build(target, dialogues=dialogues, seed=seed)
    counts = ", ".join(f"{n} {what}" for what, n in document["counts"].items())
    print(f"{target}: {counts}")
    return 0


@command(app, "validate", DATA, "imcbench dataset validate s3://bucket/imcbench --no-images")
def _validate(
    dataset: DatasetFolder,
    no_images: Annotated[bool, Option("--no-images", help="do not open the image files")] = False,
) -> int:
    """Report every fault (of the lexicon, then dialogue, column, value) and what goes unscored."""
    opened = open_dataset(dataset)
    _ = opened.content_id  # compares the files with dataset.json
    count = 0
    faults = validate(opened, check_images=not no_images)
    for fault in chain(lexicon_faults(opened.lexicon), faults):
        count += 1
        if count <= _FAULTS_SHOWN:
            print(fault)
    if count > _FAULTS_SHOWN:
        print(f"and {count - _FAULTS_SHOWN} more")
    for note in _unread(opened):
        print(note)
    print(f"{opened.uri}: {count} faults" if count else f"{opened.uri}: no faults")
    return 2 if count else 0


def _unread(opened: Dataset) -> list[str]:
    """Return what will go unscored because claims in a dialogue's language are not read."""
    languages: Counter[str] = Counter()
    for table in opened.batches():
        languages.update(table.column("language").to_pylist())
    reasons = {tag: unread_reason(opened.lexicon, tag) for tag in languages}
    return [
        f"{languages[tag]} dialogues will have no hallucination_rate, reasoning_coherence or score "
        f"of a text or concept turn: {reason}"
        for tag, reason in sorted(reasons.items())
        if reason is not None
    ]


@command(app, "describe", DATA, "imcbench dataset describe data/phantom-200")
def _describe(dataset: DatasetFolder) -> int:
    """Print what a dataset holds."""
    rows = (row for table in open_dataset(dataset).batches() for row in table.to_pylist())
    print(description_text(describe(Dialogue.from_row(row) for row in rows)))
    return 0


@command(app, "migrate", DATA, "imcbench dataset migrate data/phantom-200")
def _migrate(dataset: DatasetFolder) -> int:
    """Make a dataset of an earlier format one of the present format, in place."""
    done = migrate(dataset)
    print(f"{dataset}: {'is of version 2 now' if done else 'is of version 2 already'}")
    return 0
