"""What was run, and which reporting items the run can answer for itself.

In: an ``Analysis``. Out: sections. The items follow TRIPOD-LLM (2025), STARD-AI (2025) and CLAIM
(2024) in substance; their own wording is not reproduced.
"""

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.blocks import Cell, Facts, Section, Table, Text, row
from pipeline.report.format import count, date
from pipeline.stats.percent import level, percent

Item = tuple[str, str, str | None]  # what, which guideline, the answer if the run has one

_OPEN = Cell("open", note="for the authors to state", tone="few")


def protocol(analysis: Analysis) -> Section:
    """Return model, dataset, prompt, sampling, versions."""
    data = analysis.data
    manifest = data.manifest
    items: list[tuple[str, str]] = [("Run directory holds", data.label)]
    if manifest is not None:
        items = [
            ("Model", manifest.model.name),
            ("Weights", manifest.model.weights),
            ("Fingerprint", manifest.run_id),
            ("Started", date(manifest.started)),
            ("Dataset", f"{manifest.dataset.name} {manifest.dataset.release}"),
            ("Dataset content", manifest.dataset.content),
            ("Prompt protocol", manifest.protocol.prompt),
            ("System prompt", manifest.protocol.system),
            ("Regions are written as", manifest.protocol.box_dialect),
        ]
    if data.config is not None:
        s, m = data.config.sampling, data.config.model
        items += [
            ("Backend", m.backend),
            ("Engine arguments", ", ".join(f"{k}={v}" for k, v in sorted(m.engine.items()))),
            (
                "Sampling",
                f"temperature {s.temperature:g}, top-p {s.top_p:g}, at most {s.max_tokens} tokens "
                f"per answer, seed {s.seed}",
            ),
        ]
    scoring = data.scoring
    items.append(
        ("Intervals", f"{level(scoring.confidence)}, {count(scoring.resamples)} resamples")
    )
    if manifest is not None:
        versions = ", ".join(f"{k} {v}" for k, v in manifest.software.items())
        items.append(("Software", versions))
    return Section("protocol", "Protocol and versions", (Facts(tuple(items)),))


def checklist(analysis: Analysis) -> Section:
    """Return the reporting items: filled from the run, or named as open."""
    rows = tuple(
        row(item, guide, _OPEN if answer is None else Cell(answer))
        for item, guide, answer in (*_filled(analysis), *_OPEN_ITEMS)
    )
    text = Text(
        "Items in the spirit of TRIPOD-LLM, STARD-AI and CLAIM. What a run knows is filled in; "
        "the rest stays open and belongs in the text of a publication."
    )
    table = Table("Reporting checklist", ("Item", "Guideline", "Answer"), rows)
    return Section("checklist", "Reporting checklist", (text, table))


def _filled(analysis: Analysis) -> list[Item]:
    """Return the items that the run answers; one that it did not record is open."""
    f = analysis.flow
    agreement = None
    if analysis.ceiling is not None:
        agreement = percent(analysis.ceiling.human_level.value) + " with the consensus"
    sample = f"{count(f.patients)}, {count(f.dialogues)}, {count(f.turns)}"
    intervals = f"{level(analysis.data.scoring.confidence)} intervals over patients"
    groups = "by specialty, source, modality, health system, language"
    return [
        *_of_manifest(analysis),
        ("Sample: patients, dialogues, turns", "STARD-AI, CLAIM", sample),
        ("Flow of cases, exclusions, failures", "STARD-AI", "under Failures and exclusions"),
        ("Handling of missing answers", "STARD-AI, TRIPOD-LLM", "they count as wrong"),
        ("Reference standard", "STARD-AI, CLAIM", "the dataset's expert annotation"),
        ("Annotator agreement", "STARD-AI, CLAIM", agreement),
        ("Measures and their definition", "TRIPOD-LLM, CLAIM", "under How to read this"),
        ("Uncertainty of estimates", "STARD-AI, CLAIM", intervals),
        ("Performance in subgroups, fairness", "TRIPOD-LLM, STARD-AI", groups),
        (
            "Compute used",
            "TRIPOD-LLM",
            None if analysis.effort is None else "under Throughput and cost",
        ),
    ]


def _of_manifest(analysis: Analysis) -> list[Item]:
    """Return the items that manifest and configuration answer; all open for a mere scoring."""
    manifest, config = analysis.data.manifest, analysis.data.config
    model = data = day = where = decoding = None
    if manifest is not None:
        model = f"{analysis.data.label}, {manifest.model.weights}"
        data = f"{manifest.dataset.name} {manifest.dataset.release}"
        day, where = date(manifest.started), "under Protocol and versions"
    if config is not None:
        decoding = f"temperature {config.sampling.temperature:g}, seed {config.sampling.seed}"
    return [
        ("Model name and version", "TRIPOD-LLM, CLAIM", model),
        ("Prompt, verbatim", "TRIPOD-LLM", where),
        ("Decoding settings and seed", "TRIPOD-LLM", decoding),
        ("Date of evaluation", "TRIPOD-LLM", day),
        ("Evaluation data and release", "TRIPOD-LLM, CLAIM", data),
        ("Software and versions", "CLAIM, TRIPOD-LLM", where),
    ]


_OPEN_ITEMS: tuple[Item, ...] = (
    ("Intended use and clinical setting", "STARD-AI, TRIPOD-LLM", None),
    ("Overlap of the model's training data with the evaluation data", "TRIPOD-LLM, CLAIM", None),
    ("Eligibility of patients, and when they were seen", "STARD-AI, CLAIM", None),
    ("Imaging devices and acquisition", "CLAIM", None),
    ("Who annotated, with which training and instructions", "STARD-AI, CLAIM", None),
    ("De-identification and ethics approval", "CLAIM, TRIPOD-LLM", None),
    ("Sample size rationale", "STARD-AI, CLAIM", None),
    ("Harm that wrong answers could do", "TRIPOD-LLM", None),
    ("Registration, protocol, funding, competing interests", "STARD-AI, TRIPOD-LLM", None),
    ("Availability of code, data and weights", "CLAIM, TRIPOD-LLM", None),
)
