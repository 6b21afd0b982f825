"""The full report of a run: report.json, report.md, and the web page below report/.

In: run directories. Out: files in the first one.
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.storage.files import join, write_bytes, write_json
from conf.errors import BadInput
from pipeline.dataset.access import may_leave
from pipeline.dataset.open import Gold
from pipeline.report.analysis.analyse import Analysis, analyse
from pipeline.report.analysis.groups import SMALL
from pipeline.report.blocks import Section
from pipeline.report.format import date
from pipeline.report.inputs import Options, RunData, distinct, load_gold, load_run
from pipeline.report.json_report import full_document
from pipeline.report.markdown import markdown
from pipeline.report.page import Page, write_page
from pipeline.report.sections import breakdown, findings, overview, protocol, quality, turns
from pipeline.report.sections.comparison import comparison, leaderboard
from pipeline.report.viewer.write import clear_viewer, has_turns, write_viewer
from pipeline.tables.schemas import ALL

REPORT = "report"


def write_full_report(
    root: str, against: Sequence[str], dataset_uri: str | None, options: Options
) -> str:
    """Write everything and return the page's path.

    Args:
        root: run directory.
        against: run directories on the same dialogues to compare it with.
        dataset_uri: where the dataset lies; None: as the run's configuration says.
        options: what the page may carry of the data; images of a dataset that may not leave
            (``pipeline.dataset.access``) are left out in any case.

    Raises:
        BadInput: a run lacks its summary, the runs do not cover the same dialogues, or the dataset
            cannot be opened or is another one; with suppression: the whole run is too small.
    """
    data, *others = distinct([load_run(root), *(load_run(other) for other in against)])
    gold = load_gold(data, dataset_uri)
    if gold is not None and not may_leave(gold.dataset):
        options = replace(options, images=False)
    analysis = analyse(data, others, gold, options.suppress_small)
    if ALL in analysis.groups.hidden:
        raise BadInput(f"{root}: fewer than {SMALL} patients in all; nothing may be shown")
    sections = _sections(analysis)
    title = f"Evaluation of {data.label}"
    write_json(data.directory.report("json"), full_document(analysis))
    write_bytes(data.directory.report("md"), markdown(title, sections).encode())
    report = join(data.directory.root, REPORT)
    why = _no_viewer(data, gold, options)
    if gold is not None and not why:
        uri = dataset_uri or (data.config.dataset.uri if data.config else "")
        write_viewer(analysis, gold, uri, options, report)
    else:
        clear_viewer(report, keep=set())
    write_page(_page(analysis, sections, why, options), report)
    return join(report, "index.html")


def _no_viewer(data: RunData, gold: Gold | None, options: Options) -> str:
    """Return why there are no dialogues to look at; empty where there are."""
    if not options.dialogues:
        return "The dialogues were left out of this report."
    if options.suppress_small:
        return "Small groups are suppressed, so single dialogues are not shown."
    if gold is None:
        return "No dataset was named, so the dialogues cannot be shown."
    return "" if has_turns(data) else "No turn outputs lie beside the scores."


def _page(analysis: Analysis, sections: tuple[Section, ...], why: str, options: Options) -> Page:
    manifest = analysis.data.manifest
    subtitle = "Multi-turn medical dialogues about images"
    if manifest is not None:
        dataset = manifest.dataset
        subtitle = f"{dataset.name} {dataset.release}, {date(manifest.started)}"
    return Page(
        title=f"Evaluation of {analysis.data.label}",
        subtitle=subtitle,
        sections=sections,
        dialogues=not why,
        why=why,
        images=options.images,
        text=options.text,
    )


def _sections(analysis: Analysis) -> tuple[Section, ...]:
    """Return all sections; the comparison only where there is something to compare with."""
    compared = (comparison(analysis),) if analysis.comparisons else ()
    return (
        overview.overview(analysis),
        *compared,
        breakdown.specialties(analysis),
        breakdown.other_groups(analysis),
        turns.by_turn(analysis),
        turns.grounding(analysis),
        turns.hallucination(analysis),
        turns.answers(analysis),
        findings.findings(analysis),
        findings.open_turns(analysis),
        quality.losses(analysis),
        quality.weights(analysis),
        quality.annotators(analysis),
        quality.cost(analysis),
        leaderboard(analysis),
        protocol.protocol(analysis),
        overview.how_to_read(analysis),
        overview.limits(analysis),
        protocol.checklist(analysis),
    )
