"""The command line: one subcommand per phase, errors as one sentence.

In: arguments. Out: an exit code: 0 done, 1 a gate stops a run, 2 bad input, 3 a run is not
complete, 4 infrastructure, 70 a fault of this program, 130 interrupted.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

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
    worst,
)

_DEBUG = "--debug"
_USAGE, _FAULT, _INTERRUPTED = 2, 70, 130
_CAUSE_LENGTH = 300

app = typer.Typer(no_args_is_help=True)
_FAMILIES = (
    run, plan, judge, sweep, gate, ceiling, report, status, explain, worst, dataset, model,
)  # fmt: skip
for family in _FAMILIES:
    app.add_typer(family.app, rich_help_panel=family.app.rich_help_panel)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"imcbench {version('imcbench')}")
        raise typer.Exit


@app.callback()
def _before_each(
    _debug: Annotated[
        bool, typer.Option(_DEBUG, help="show the traceback of an error; at any place")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print it")
    ] = False,
) -> None:
    """Evaluate vision-language models on multi-turn, image-grounded medical dialogues."""
    configure_logging()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script ``imcbench`` and ``python -m pipeline``.

    Raises:
        Exception: whatever was not expected, with ``--debug`` alone.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    arguments = [word for word in words if word != _DEBUG]
    try:
        code: int = get_command(app).main(arguments, "imcbench", standalone_mode=False)
    except EvaluationError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:  # no message: typer has printed the help instead
        return _fail(error.format_message() or "a command is missing", _USAGE)
    except Exception as error:
        if _DEBUG in words:
            raise
        cause = " ".join(str(error).split())[:_CAUSE_LENGTH]
        return _fail(
            f"unexpected {type(error).__name__}: {cause}; this is a fault of imcbench, "
            f"{_DEBUG} shows where",
            _FAULT,
        )
    if code == _INTERRUPTED:
        return _fail("interrupted; what was finished is kept, run again to resume", code)
    return code


def _fail(sentence: str, code: int) -> int:
    print(f"imcbench: {sentence}", file=sys.stderr)
    return code
