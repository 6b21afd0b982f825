"""``dataset import|presets``."""

import os
from typing import Annotated

from typer import Argument, Option, Typer

from conf.errors import BadInput
from pipeline.commands.options import DATA, Overrides, command
from pipeline.dataset.importers.mapping import load_mapping, presets
from pipeline.report.import_page import write_import_page

KEY = "IMCBENCH_PSEUDONYM_KEY"


def add_to(app: Typer) -> None:
    """Add the two commands to the family ``dataset``."""
    command(
        app,
        "import",
        DATA,
        "imcbench dataset import vqa-rad --source VQA_RAD --output data/vqa-rad",
        "imcbench dataset import mapping.yaml --source films --output data/films --dry-run",
    )(_import)
    command(app, "presets", DATA, "imcbench dataset presets")(_presets)


def _import(
    mapping: Annotated[str, Argument(metavar="MAPPING", help="YAML file, or a preset's name")],
    overrides: Overrides,
    source: Annotated[str, Option(metavar="DIR", help="folder that holds the files; only read")],
    output: Annotated[str, Option(metavar="URI", help="dataset to write")] = "",
    dry_run: Annotated[bool, Option("--dry-run", help="report and write nothing")] = False,
    strict: Annotated[
        bool, Option("--strict", help="end with 2, and write nothing, at any row lost or in doubt")
    ] = False,
) -> int:
    """Turn files of another format into a dataset, and report what was lost."""
    # pydicom and nibabel take a second to import, which no other command should wait for
    from pipeline.dataset.importers.importer import ImportPlan, import_dataset  # noqa: PLC0415

    spec = load_mapping(mapping, tuple(overrides))
    if not dry_run and not output:
        raise BadInput("--output is missing; --dry-run needs none")
    key = os.environ.get(KEY, "").encode() or None
    if strict or dry_run:
        report = import_dataset(ImportPlan(mapping=spec, source=source, output=None, key=key))
        if dry_run or not report.clean:
            print("\n".join(report.lines()))
            if strict and not report.clean:
                print("--strict: rows are lost or in doubt, see above; nothing was written")
                return 2
            return 0
    report = import_dataset(ImportPlan(mapping=spec, source=source, output=output, key=key))
    print("\n".join([*report.lines(), f"page: {write_import_page(output)}", f"{output}: written"]))
    return 0


def _presets() -> int:
    """List the mappings that come with the package."""
    for name in presets():
        m = load_mapping(name)
        print(f"{name:<16} {m.access:<13} {m.licence}")
        print(f"{'':<16} measures: {m.measures}; columns from {m.columns_from}")
    return 0
