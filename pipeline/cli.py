"""The command line: one subcommand per phase, errors as one sentence.

In: arguments. Out: an exit code: 0 done, 1 a gate stops a run, 2 bad input, 3 a run is not
complete, 4 infrastructure, 130 interrupted.
"""

import sys
from collections.abc import Sequence

import typer
from typer.main import get_command

from actors.logs import configure_logging
from conf.errors import EvaluationError
from pipeline.commands import (
    ceiling,
    dataset,
    explain,
    gate,
    judge,
    model,
    plan,
    report,
    run,
    status,
    sweep,
)

_USAGE, _INTERRUPTED = 2, 130

app = typer.Typer(no_args_is_help=True)
for family in (run, plan, judge, sweep, gate, ceiling, report, status, explain, dataset, model):
    app.add_typer(family.app, rich_help_panel=family.app.rich_help_panel)


@app.callback()
def _before_each() -> None:
    """Evaluate vision-language models on multi-turn, image-grounded medical dialogues."""
    configure_logging()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script ``imcbench`` and ``python -m pipeline``."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code: int = get_command(app).main(arguments, "imcbench", standalone_mode=False)
    except EvaluationError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:  # no message: typer has printed the help instead
        return _fail(error.format_message() or "a command is missing", _USAGE)
    if code == _INTERRUPTED:
        return _fail("interrupted; what was finished is kept, run again to resume", code)
    return code


def _fail(sentence: str, code: int) -> int:
    print(f"imcbench: {sentence}", file=sys.stderr)
    return code
