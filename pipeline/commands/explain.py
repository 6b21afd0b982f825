"""``explain``: one dialogue of a run, turn by turn, and how each measure came about."""

import argparse

import pyarrow.compute as pc

from actors.schema import Dialogue
from actors.storage.files import list_files
from conf.errors import BadInput
from pipeline.metrics.explain import explain
from pipeline.metrics.reading import read_dialogue
from pipeline.runs.open import open_run
from pipeline.tables.turns import read_responses

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    text = "print one dialogue of a run: answers, claims with verdicts, boxes, the measures"
    command = commands.add_parser("explain", help=text, description=text)
    command.add_argument("run", metavar="RUN", help="run directory")
    command.add_argument("dialogue", metavar="DIALOGUE", help="dialogue id")
    command.set_defaults(handler=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    opened = open_run(arguments.run)
    wanted = arguments.dialogue
    rows = opened.dialogues.filter(pc.equal(opened.dialogues["dialogue_id"], wanted))
    if not rows.num_rows:
        first = opened.dialogues["dialogue_id"][0].as_py()
        raise BadInput(f"{arguments.run} asked no dialogue {wanted!r}; its first is {first!r}")
    dialogue = Dialogue.from_row(rows.to_pylist()[0])
    answers = read_responses(list_files(opened.directory.turns, ".parquet"), wanted).get(wanted, {})
    dialect = opened.config.model.box_dialect
    print(explain(read_dialogue(dialogue, answers, opened.gold.lexicon, dialect)))
    return 0
