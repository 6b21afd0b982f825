"""``report`` and ``view``: a run's pages written, and looked at in a browser."""

from typing import Annotated

from typer import Argument, Option, Typer

from actors.storage.files import read_parquet
from pipeline.commands.options import LOOKING, RunFolder, command, console, several
from pipeline.report.headline import summary_table
from pipeline.report.inputs import Options
from pipeline.report.serve import serve
from pipeline.report.write import write_full_report
from pipeline.runs.directory import RunDirectory

app = Typer()


@command(
    app,
    "report",
    LOOKING,
    "imcbench report runs/my-vlm/3f2a --against runs/other/91bc runs/third/07de",
    "imcbench report runs/my-vlm/3f2a --suppress-small --no-text",
)
def _report(
    run: RunFolder,
    against: Annotated[list[str], several(metavar="RUN", help="runs on the same dialogues")],
    dataset: Annotated[
        str | None,
        Option(metavar="URI", help="dataset folder; default: as the run's configuration says"),
    ] = None,
    no_dialogues: Annotated[
        bool, Option("--no-dialogues", help="write no dialogue viewer")
    ] = False,
    no_images: Annotated[bool, Option("--no-images", help="leave the images out")] = False,
    no_text: Annotated[bool, Option("--no-text", help="leave questions and answers out")] = False,
    suppress_small: Annotated[
        bool,
        Option(
            "--suppress-small",
            help="withhold groups of fewer than 10 patients everywhere, and single dialogues",
        ),
    ] = False,
) -> int:
    """Write a run's report: report.json, report.md and a web page with a dialogue viewer."""
    options = Options(
        images=not no_images,
        text=not no_text,
        dialogues=not no_dialogues,
        suppress_small=suppress_small,
    )
    page = write_full_report(run, against, dataset, options)
    directory = RunDirectory(run)
    if not suppress_small:
        print_headline(directory)
    print(f"report: {directory.report('md')}, {directory.report('json')}")
    print(f"page:   {page}")
    return 0


@command(app, "view", LOOKING, "imcbench view runs", "imcbench view s3://bucket/runs --port 0")
def _view(
    root: Annotated[
        str, Argument(metavar="ROOT", help="output folder, e.g. runs or s3://bucket/runs")
    ],
    host: Annotated[str, Option(help="the default is reached from this machine only")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, Option(metavar="N", help="0: any free one")] = 8765,
) -> int:
    """Show the reports below a folder in a browser, from a small server on this machine."""
    serve(root, host, port)
    return 0


def print_headline(run: RunDirectory) -> None:
    """Print the headline table of a run's summary."""
    console().print(summary_table(read_parquet(run.summary)))
