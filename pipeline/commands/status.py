"""``status``: how a run stands, from its directory alone."""

import json
from dataclasses import asdict
from typing import Annotated

from typer import Argument, Typer

from pipeline.commands.options import LOOKING, AsJson, command
from pipeline.runs.directory import RunDirectory
from pipeline.runs.status import status, status_text

app = Typer()


@command(app, "status", LOOKING, "imcbench status s3://bucket/runs/my-vlm/3f2a --json")
def _status(
    run: Annotated[str, Argument(metavar="RUN", help="run directory, local or s3://")],
    as_json: AsJson = False,
) -> int:
    """Show how a run stands from its directory alone, on any machine that can read it."""
    current = status(RunDirectory(run))
    print(json.dumps(asdict(current)) if as_json else status_text(current))
    return 0
