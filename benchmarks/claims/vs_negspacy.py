"""Compare the claim rules with negspacy (NegEx for spaCy) on the labelled sentences.

In: tests/pipeline/claims/sentences. Out: tables on standard output. Both sides get the same
mentions, matched by this project's lexicon matcher, so only the assertion step differs. NegEx
knows negated or not: whatever is hedged or not asserted counts as affirmed there.

Needs ``pip install negspacy``, which is no dependency of the project:
``python -m benchmarks.claims.vs_negspacy``
"""

from pathlib import Path
from typing import Any

from benchmarks.claims.labelled import Label, Labelled, Reader, load, rules
from benchmarks.claims.report import SENTENCES, table
from pipeline.claims import packaged_lexicon
from pipeline.claims.matcher import Mention, matcher_for
from pipeline.claims.tokens import tokenise
from pipeline.dataset.lexicon import Lexicon

_OWN = ("finding", "diagnosis", "attribute")


def negspacy_reader(lexicon: Lexicon, termset: str) -> Reader:
    """Return a reader that asks negspacy for the polarity of every mention."""
    import spacy  # noqa: PLC0415 - needed by this comparison alone
    from negspacy.negation import Negex  # noqa: F401, PLC0415 - registers the component
    from negspacy.termsets import termset as terms  # noqa: PLC0415

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    negex = nlp.create_pipe(
        "negex", config={"neg_termset": terms(termset).get_patterns(), "ent_types": []}
    )
    sentencizer = nlp.get_pipe("sentencizer")

    def read(sentence: Labelled) -> tuple[Label, ...]:
        doc = nlp.make_doc(sentence.text)
        spans: dict[tuple[int, int], tuple[Any, str]] = {}
        for concept, start, end in mentions(sentence.text, lexicon):
            span = doc.char_span(start, end, label="CONCEPT", alignment_mode="expand")
            if span is not None:
                spans.setdefault((span.start, span.end), (span, concept))
        doc.ents = spacy.util.filter_spans([span for span, _ in spans.values()])
        negex(sentencizer(doc))
        labels = dict.fromkeys(
            Label(concept=spans[(e.start, e.end)][1], status="negated" if e._.negex else "affirmed")
            for e in doc.ents
            if (e.start, e.end) in spans
        )
        return tuple(labels)

    return read


def mentions(text: str, lexicon: Lexicon) -> list[tuple[str, int, int]]:
    """Find every mention of a finding, diagnosis or attribute: concept, start and end."""
    tokens = tokenise(text)
    items = matcher_for(lexicon).items(tokens.words, 0, len(tokens.words))
    return [
        (item.ids[0], tokens.starts[item.lo], tokens.ends[item.hi - 1])
        for item in items
        if isinstance(item, Mention) and item.kind in _OWN
    ]


def polarity(sentences: list[Labelled], read: Reader) -> tuple[int, int]:
    """Count mentions labelled affirmed or negated, and those read so: (right, all)."""
    right = total = 0
    for sentence in sentences:
        labels = {(label.concept, label.status) for label in read(sentence)}
        for label in sentence.expect:
            if label.status in ("affirmed", "negated"):
                total += 1
                right += (label.concept, label.status) in labels
    return right, total


def main() -> None:
    """Print both sides on the held-out part and on all sentences."""
    lexicon = packaged_lexicon("clinical")
    named = [s for s in load(Path(SENTENCES)) if _names_its_labels(s, lexicon)]
    readers = {
        "rules of this project": rules(lexicon),
        "negspacy en": negspacy_reader(lexicon, "en"),
        "negspacy en_clinical": negspacy_reader(lexicon, "en_clinical"),
    }
    for part in ("held_out", "all"):
        sentences = [s for s in named if part in ("all", s.split)]
        for name, read in readers.items():
            right, total = polarity(sentences, read)
            print(f"\n## {name}, {part}, {len(sentences)} sentences\n\n{table(sentences, read)}")
            print(f"Polarity right, of mentions that are affirmed or negated: {right} of {total}.")


def _names_its_labels(sentence: Labelled, lexicon: Lexicon) -> bool:
    """Keep sentences that name all they are labelled for: no bare yes or no, no lone place."""
    kinds = {lexicon.concepts[label.concept].kind for label in sentence.expect}
    return sentence.asks is None and kinds <= set(_OWN)


if __name__ == "__main__":
    main()
