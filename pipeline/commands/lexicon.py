"""``dataset lexicon``: what a lexicon holds, and what it does not know of some texts."""

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated

from typer import Argument, Option, Typer

from actors.storage.files import join, read_json
from pipeline.claims.check_lexicon import lexicon_faults
from pipeline.claims.matcher import forms
from pipeline.claims.unknown_terms import Coverage, unknown_terms
from pipeline.commands.options import DATA, AsJson, command
from pipeline.dataset.lexicon import KINDS, SEVERITIES, Lexicon, packaged_document, packaged_lexicon
from pipeline.dataset.open import Dataset, open_dataset
from pipeline.dataset.texts import read_texts

app = Typer()
_PACKAGED = "clinical"


@command(
    app,
    "lexicon",
    DATA,
    "imcbench dataset lexicon --json > my-dataset/lexicon.json",
    "imcbench dataset lexicon my-dataset --coverage reports.csv --column findings",
)
def _lexicon(
    dataset: Annotated[
        str | None, Argument(metavar="URI", help="dataset folder; the packaged lexicon without it")
    ] = None,
    coverage: Annotated[
        str | None,
        Option(metavar="FILE", help="texts: .jsonl, .csv, or plain text with one text a line"),
    ] = None,
    column: Annotated[str, Option(metavar="NAME", help="key or column of the texts")] = "text",
    top: Annotated[int, Option(metavar="N", help="how many unknown terms to print")] = 50,
    as_json: AsJson = False,
) -> int:
    """Print what a lexicon holds; with --coverage the terms of some texts that it does not know.

    The terms are found by a list of common words and by endings, not by a parser: adjectives and
    names are among them, and an unknown word right before a known finding is taken for its
    adjective and left out. They are suggestions to read, not a measure.
    """
    opened = open_dataset(dataset) if dataset else None
    lexicon = opened.lexicon if opened else packaged_lexicon(_PACKAGED)
    if coverage is not None:
        found = unknown_terms(read_texts(coverage, column), lexicon)
        print(_coverage_json(found, top) if as_json else _coverage_text(found, top))
    elif as_json:
        document = _document(opened) if opened else packaged_document(_PACKAGED)
        print(json.dumps(document, ensure_ascii=False))
    else:
        print(_summary(lexicon))
    return 0


def _document(dataset: Dataset) -> object:
    return read_json(join(dataset.uri, dataset.document["lexicon"]))


def _summary(lexicon: Lexicon) -> str:
    concepts = lexicon.concepts.values()
    kinds = Counter(concept.kind for concept in concepts)
    severities = Counter(concept.severity for concept in concepts)
    lines = [
        f"{len(lexicon.concepts)} concepts: "
        + ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind]),
        f"{sum(len(forms(concept)) for concept in concepts)} forms, {len(lexicon.groups)} groups, "
        f"{sum(bool(concept.normal_when) for concept in concepts)} denied by statements of "
        "normality",
        "severity: " + ", ".join(f"{severities[tier]} {tier}" for tier in SEVERITIES),
        "languages: " + ", ".join(sorted(lexicon.languages)),
    ]
    return "\n".join((*lines, *(str(fault) for fault in lexicon_faults(lexicon))))


def _coverage_text(found: Coverage, top: int) -> str:
    head = (
        f"{found.sentences} sentences, {found.known} mentions known, {len(found.terms)} unknown "
        f"terms in {found.unknown} places"
    )
    rows = (f"{t.count:>6}  {t.term:<32}  {t.example[:80]}" for t in found.terms[:top])
    return "\n".join((head, *rows))


def _coverage_json(found: Coverage, top: int) -> str:
    terms = [asdict(term) for term in found.terms[:top]]
    return json.dumps({"sentences": found.sentences, "known": found.known, "terms": terms})
