"""``status``: how a run stands, from its directory alone."""

import argparse
import json
from dataclasses import asdict

from pipeline.runs.directory import RunDirectory
from pipeline.runs.status import status, status_text

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    text = "tell how a run stands from its directory alone, on any machine that can read it"
    command = commands.add_parser("status", help=text, description=text)
    command.add_argument("run", metavar="RUN", help="run directory, local or s3://")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(handler=_status)


def _status(arguments: argparse.Namespace) -> int:
    found = status(RunDirectory(arguments.run))
    print(json.dumps(asdict(found)) if arguments.json else status_text(found))
    return 0
