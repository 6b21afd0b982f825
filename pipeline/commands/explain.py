"""``explain``: one dialogue of a run, turn by turn, and how each measure came about."""

from typing import Annotated

import pyarrow.compute as pc
from typer import Argument, Typer

from actors.schema import Dialogue
from actors.storage.files import list_files
from conf.errors import BadInput
from pipeline.commands.options import LOOKING, command
from pipeline.metrics.explain import explain
from pipeline.metrics.reading import read_dialogue
from pipeline.runs.open import open_run
from pipeline.tables.turns import read_responses

app = Typer()


@command(app, "explain", LOOKING, "imcbench explain runs/my-vlm/3f2a phantom-000017")
def _explain(
    run: Annotated[str, Argument(metavar="RUN", help="run directory")],
    dialogue_id: Annotated[str, Argument(metavar="DIALOGUE", help="dialogue id")],
) -> int:
    """Print one dialogue of a run: answers, claims with verdicts, boxes, the measures."""
    opened = open_run(run)
    rows = opened.dialogues.filter(pc.equal(opened.dialogues["dialogue_id"], dialogue_id))
    if not rows.num_rows:
        first = opened.dialogues["dialogue_id"][0].as_py()
        raise BadInput(f"{run} asked no dialogue {dialogue_id!r}; its first is {first!r}")
    dialogue = Dialogue.from_row(rows.to_pylist()[0])
    responses = read_responses(list_files(opened.directory.turns, ".parquet"), dialogue_id)
    answers = responses.get(dialogue_id, {})
    dialect = opened.config.model.box_dialect
    print(explain(read_dialogue(dialogue, answers, opened.gold.lexicon, dialect)))
    return 0
