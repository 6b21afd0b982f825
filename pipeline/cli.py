"""The command line: one subcommand per phase, errors as one sentence.

In: arguments. Out: an exit code: 0 done, 1 a gate stops a run, 2 bad input, 3 a run is not
complete, 4 infrastructure, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence

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

_DESCRIPTION = "Evaluate vision-language models on multi-turn, image-grounded medical dialogues."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script ``imcbench`` and ``python -m pipeline``."""
    arguments = parser().parse_args(argv)
    try:
        configure_logging()
        code: int = arguments.handler(arguments)
    except EvaluationError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted; what was finished is kept, run again to resume", 130)
    return code


def parser() -> argparse.ArgumentParser:
    """Build the parser of all subcommands."""
    top = argparse.ArgumentParser(prog="imcbench", description=_DESCRIPTION)
    commands = top.add_subparsers(required=True, metavar="command")
    parts = (run, plan, status, report, judge, explain, sweep, gate, ceiling, dataset, model)
    for part in parts:
        part.register(commands)
    return top


def _say(sentence: str, code: int) -> int:
    print(f"imcbench: {sentence}", file=sys.stderr)
    return code
