"""Measure negation on sentences that others labelled: the NegEx and ConText test set.

In: ``rsAnnotations-1-120-random.txt`` of https://github.com/chapmanbe/negex, 2,376 mentions in
de-identified clinical reports, each labelled for negation and temporality by its authors (not
distributed with this project). Out: tables on standard output; with ``--negspacy`` the same for
negspacy, which must then be installed.

``python -m benchmarks.claims.on_negex_set rsAnnotations-1-120-random.txt``
"""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.claims.labelled import Agreement
from pipeline.claims import extract_assertions
from pipeline.dataset.lexicon import Concept, Lexicon


class AnnotatedMention(NamedTuple):
    """One labelled mention; ``start`` and ``end`` are its characters in ``text``."""

    phrase: str
    text: str
    start: int
    end: int
    negated: bool
    temporality: str


Classifier = Callable[[AnnotatedMention], str]


def rows(path: Path) -> list[AnnotatedMention]:
    """Read the mentions whose phrase is marked, in capitals, in its sentence."""
    mentions = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) < 6 or fields[3] not in ("Affirmed", "Negated"):
            continue
        phrase, text = fields[1].strip('"'), fields[2].strip('"')
        start = text.find(phrase.upper())
        if start >= 0:
            end = start + len(phrase)
            text = f"{text[:start]}{phrase}{text[end:]}"
            mentions.append(
                AnnotatedMention(phrase, text, start, end, fields[3] == "Negated", fields[4])
            )
    return mentions


def rules(row: AnnotatedMention) -> str:
    """Return the verdict of this project, with the marked phrase as the one finding it knows."""
    lexicon = _lexicon(row.phrase)
    for a in extract_assertions(row.text, lexicon):
        if a.start < row.end and row.start < a.end:
            if a.certainty == "uncertain":
                return "uncertain"
            return "affirmed" if a.claim.present else "negated"
    return "not asserted"


@cache
def _lexicon(phrase: str) -> Lexicon:
    concept = Concept(id="marked", name=phrase, kind="finding", checkable=True)
    return Lexicon({concept.id: concept})


def negspacy(termset: str) -> Classifier:
    """Return the verdict of negspacy on the marked mention."""
    import spacy  # noqa: PLC0415 - needed by this comparison alone
    from negspacy.negation import Negex  # noqa: F401, PLC0415 - registers the component
    from negspacy.termsets import termset as terms  # noqa: PLC0415

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    settings = {"neg_termset": terms(termset).get_patterns(), "ent_types": []}
    negex = nlp.create_pipe("negex", config=settings)

    def classify(row: AnnotatedMention) -> str:
        doc = nlp.make_doc(row.text)
        span = doc.char_span(row.start, row.end, label="FINDING", alignment_mode="expand")
        doc.ents = [span]
        negex(nlp.get_pipe("sentencizer")(doc))
        return "negated" if doc.ents[0]._.negex else "affirmed"

    return classify


def main() -> None:
    """Print negation agreement, and what becomes of historical and hypothetical mentions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--negspacy", action="store_true")
    options = parser.parse_args()
    sentences = rows(options.annotations)
    classifiers: dict[str, Classifier] = {"rules of this project": rules}
    if options.negspacy:
        classifiers |= {f"negspacy {t}": negspacy(t) for t in ("en", "en_clinical")}
    for name, classify in classifiers.items():
        read = [(row, classify(row)) for row in sentences]
        counts = Agreement(
            predicted=sum(v == "negated" for _, v in read),
            labelled=sum(row.negated for row in sentences),
            hits=sum(v == "negated" and row.negated for row, v in read),
        )
        print(f"\n## {name}: {len(sentences)} mentions, {counts.labelled} negated")
        print(f"negated: precision {counts.precision:.3f}, recall {counts.recall:.3f}")
        print(f"negated: F1 {counts.f1:.3f}")
        for temporality in ("Recent", "Historical", "Not particular"):
            part = [v for row, v in read if row.temporality == temporality and not row.negated]
            silent = sum(v in ("not asserted", "uncertain") for v in part)
            print(f"{temporality}, not negated: {silent} of {len(part)} give no certain claim")


if __name__ == "__main__":
    main()
