"""``report`` and ``view``: a run's pages written, and looked at in a browser."""

import argparse
import sys

from rich.console import Console

from actors.storage.files import read_parquet
from pipeline.report import summary_table
from pipeline.report.inputs import Options
from pipeline.report.serve import serve
from pipeline.report.write import write_full_report
from pipeline.runs.directory import RunDirectory

_Subparsers = argparse._SubParsersAction  # argparse has no public name for it
_PORT = 8765


def register(commands: "_Subparsers[argparse.ArgumentParser]") -> None:
    """Add the subcommands."""
    text = "write a run's report: report.json, report.md and a web page with a dialogue viewer"
    command = commands.add_parser("report", help=text, description=text)
    command.add_argument("run", metavar="RUN", help="run directory, or an output of score")
    command.add_argument(
        "--against", nargs="+", default=[], metavar="RUN", help="runs on the same dialogues"
    )
    command.add_argument(
        "--dataset", metavar="URI", help="dataset folder; default: as the run's configuration says"
    )
    command.add_argument("--no-dialogues", action="store_true", help="write no dialogue viewer")
    command.add_argument("--no-images", action="store_true", help="leave the images out")
    command.add_argument("--no-text", action="store_true", help="leave questions and answers out")
    command.add_argument(
        "--suppress-small",
        action="store_true",
        help="withhold groups of fewer than 10 patients everywhere, and single dialogues",
    )
    command.set_defaults(handler=_report)
    text = "show the reports below a folder in a browser, from a small server on this machine"
    command = commands.add_parser("view", help=text, description=text)
    command.add_argument(
        "root", metavar="ROOT", help="output folder, e.g. runs or s3://bucket/runs"
    )
    command.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1: this machine only")
    command.add_argument(
        "--port", type=int, default=_PORT, help=f"default {_PORT}; 0: any free one"
    )
    command.set_defaults(handler=_view)


def _report(arguments: argparse.Namespace) -> int:
    options = Options(
        images=not arguments.no_images,
        text=not arguments.no_text,
        dialogues=not arguments.no_dialogues,
        suppress_small=arguments.suppress_small,
    )
    page = write_full_report(arguments.run, arguments.against, arguments.dataset, options)
    run = RunDirectory(arguments.run)
    if not arguments.suppress_small:
        console = Console(width=None if sys.stdout.isatty() else 160)
        console.print(summary_table(read_parquet(run.summary)))
    print(f"report: {run.report('md')}, {run.report('json')}")
    print(f"page:   {page}")
    return 0


def _view(arguments: argparse.Namespace) -> int:
    serve(arguments.root, arguments.host, arguments.port)
    return 0
