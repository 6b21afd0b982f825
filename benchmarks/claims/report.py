"""Print how well claims are read: ``python -m benchmarks.claims.report``.

In: a folder of labelled sentences (JSON Lines). Out: Markdown tables on standard output; with
``--errors`` the misread sentences of the tuning part, never those of the held-out one.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.claims.labelled import (
    CLASSES,
    Agreement,
    Labelled,
    Reader,
    agreement,
    bound,
    load,
    misread,
    rules,
)
from pipeline.dataset.lexicon import packaged_lexicon

SENTENCES = Path("tests/pipeline/claims/sentences")
_RESAMPLES = 1000
_SEED = 20260101


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Agreement of the claim rules with labels.")
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="folder of *.jsonl")
    parser.add_argument("--lexicon", default="clinical", help="name of a packaged lexicon")
    parser.add_argument("--errors", action="store_true", help="list misread tuning sentences")
    options = parser.parse_args(arguments)
    sentences = load(options.sentences)
    if not sentences:
        parser.error(f"no labelled sentences in {options.sentences}")
    read = rules(packaged_lexicon(options.lexicon))
    for name in ("all", "tuning", "held_out"):
        part = [s for s in sentences if name in ("all", s.split)]
        print(f"\n### {name}: {len(part)} sentences\n\n{table(part, read)}")
    print(f"\n### F1 by phenomenon\n\n{by_phenomenon(sentences, read)}")
    if options.errors:
        print("\n### misread (tuning)\n")
        for sentence, labels in misread([s for s in sentences if s.split == "tuning"], read):
            print(f"- {sentence.text!r}\n  - labelled: {sentence.expect}\n  - read: {labels}")


def table(sentences: Sequence[Labelled], read: Reader) -> str:
    """Return precision, recall and F1 by class, with a bootstrap interval over sentences."""
    intervals = _intervals(sentences, read)
    rows = [
        "| class | mentions | precision | recall | F1 | 95 % interval |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, counts in agreement(sentences, read).items():
        low, high = intervals[name]
        rows.append(
            f"| {name} | {counts.labelled} | {_share(counts.precision)} | {_share(counts.recall)} "
            f"| {_share(counts.f1)} | {low:.3f} to {high:.3f} |"
        )
    places = bound(sentences, read)
    exact = len(sentences) - len(misread(sentences, read))
    rows.append(f"\nSite and change right: {places.hits} of {places.labelled} mentions.")
    rows.append(f"Sentences read exactly as labelled: {exact} of {len(sentences)}.")
    return "\n".join(rows)


def by_phenomenon(sentences: Sequence[Labelled], read: Reader) -> str:
    """Return the overall F1 of each phenomenon, tuning beside held-out."""
    rows = ["| phenomenon | tuning | held-out |", "| --- | --- | --- |"]
    for phenomenon in sorted({s.phenomenon for s in sentences}):
        cells = []
        for split in ("tuning", "held_out"):
            part = [s for s in sentences if s.phenomenon == phenomenon and s.split == split]
            counts = agreement(part, read)["overall"]
            cells.append(f"{_share(counts.f1)} ({counts.labelled})")
        rows.append(f"| {phenomenon} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _intervals(sentences: Sequence[Labelled], read: Reader) -> dict[str, tuple[float, float]]:
    """Resample sentences; F1 = 2 hits / (predicted + labelled) of the sums."""
    names = (*CLASSES, "overall")
    single = [agreement([s], read) for s in sentences]
    hits = np.array([[one[n].hits for n in names] for one in single], dtype=np.int64)
    total = np.array([[_total(one[n]) for n in names] for one in single], dtype=np.int64)
    draws = np.random.default_rng(_SEED).integers(len(single), size=(_RESAMPLES, len(single)))
    f1 = 2 * hits[draws].sum(axis=1) / np.maximum(total[draws].sum(axis=1), 1)
    low, high = np.quantile(f1, (0.025, 0.975), axis=0)
    return {name: (float(low[n]), float(high[n])) for n, name in enumerate(names)}


def _total(counts: Agreement) -> int:
    return counts.predicted + counts.labelled


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
