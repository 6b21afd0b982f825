"""How well claims are read, against sentences labelled by hand.

In: labelled sentences (JSON Lines). Out: precision, recall and F1 per class, and how often the
place and the change of a rightly classed mention are right too.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.claims.extract import extract_assertions
from pipeline.dataset.lexicon import Lexicon

CLASSES = ("affirmed", "negated", "uncertain", "not_asserted")


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """One mention of a concept and its class in the sentence (one of ``CLASSES``)."""

    concept: str
    status: str
    site: str | None = None
    change: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """One sentence with every concept that it names."""

    text: str
    asks: str | None
    expect: tuple[Label, ...]
    split: str
    phenomenon: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Counts over mentions: ``hits`` were predicted and labelled so."""

    predicted: int
    labelled: int
    hits: int

    @property
    def precision(self) -> float | None:
        """Hits / predicted; None where nothing was predicted."""
        return self.hits / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Hits / labelled; None where nothing is labelled."""
        return self.hits / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """2 hits / (predicted + labelled); None where both are zero."""
        total = self.predicted + self.labelled
        return 2 * self.hits / total if total else None


Reader = Callable[[Labelled], tuple[Label, ...]]


def load(folder: Path) -> list[Labelled]:
    """Read every ``*.jsonl`` of a folder, in the order of the file names."""
    lines = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [
        Labelled(
            text=line["text"],
            asks=line.get("asks"),
            expect=tuple(
                Label(
                    concept=e["concept"],
                    status=e["class"],
                    site=e.get("site"),
                    change=e.get("change"),
                )
                for e in line["expect"]
            ),
            split=line["split"],
            phenomenon=line["phenomenon"],
        )
        for line in lines
    ]


def rules(lexicon: Lexicon) -> Reader:
    """Return the reader that is this package: a labelled concept without an assertion is none."""

    def read(sentence: Labelled) -> tuple[Label, ...]:
        labels = [
            Label(
                concept=a.claim.concept,
                status=(
                    "uncertain"
                    if a.certainty == "uncertain"
                    else ("affirmed" if a.claim.present else "negated")
                ),
                site=a.claim.site,
                change=a.claim.change,
            )
            for a in extract_assertions(sentence.text, lexicon, sentence.asks)
            if not a.normality  # the labels are of the concepts that a sentence names
        ]
        asserted = {label.concept for label in labels}
        silent = [
            Label(concept=label.concept, status="not_asserted")
            for label in sentence.expect
            if label.concept not in asserted
        ]
        return (*labels, *silent)

    return read


def agreement(sentences: Iterable[Labelled], read: Reader) -> dict[str, Agreement]:
    """Count by class, over (concept, class) pairs, and over all classes as ``overall``."""
    predicted: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for sentence in sentences:
        labels = Counter((label.concept, label.status) for label in read(sentence))
        expected = Counter((label.concept, label.status) for label in sentence.expect)
        for counts, total in ((labels, predicted), (expected, labelled), (labels & expected, hits)):
            for (_, status), n in counts.items():
                total[status] += n
                total["overall"] += n
    return {
        name: Agreement(predicted=predicted[name], labelled=labelled[name], hits=hits[name])
        for name in (*CLASSES, "overall")
    }


def bound(sentences: Iterable[Labelled], read: Reader) -> Agreement:
    """Count the rightly classed mentions whose site and change are both right, too.

    ``hits`` of ``labelled``: those labelled with a site or a change, or given one by mistake.
    """
    labelled = hits = 0
    for sentence in sentences:
        labels = set(read(sentence))
        classed = {(label.concept, label.status) for label in labels}
        given = {(f.concept, f.status) for f in labels if f.site or f.change}
        for label in sentence.expect:
            key = (label.concept, label.status)
            if key in classed and (label.site or label.change or key in given):
                labelled += 1
                hits += label in labels
    return Agreement(predicted=labelled, labelled=labelled, hits=hits)


def misread(
    sentences: Iterable[Labelled], read: Reader
) -> list[tuple[Labelled, tuple[Label, ...]]]:
    """Return the sentences whose labels are not met exactly, with what was read instead."""
    return [
        (sentence, labels)
        for sentence in sentences
        if Counter(labels := read(sentence)) != Counter(sentence.expect)
    ]
