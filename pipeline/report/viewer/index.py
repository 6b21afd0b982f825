"""The viewer's index: what is needed to list, search and filter all dialogues, in columns.

In: score rows, comparisons, the concepts each dialogue hallucinated. Out: JSON values. Names that
repeat are stored once; 8,000 dialogues come to well under a megabyte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from conf.schema import METRICS
from pipeline.report.analysis.comparison import Comparison

SHARD = 40  # dialogues per data script: some 150 KB, so that one opens at once

_FACETS = ("specialty", "source", "modality", "health_system", "language")


@dataclass(frozen=True, kw_only=True)
class ListedDialogue:
    """A dialogue beyond its scores: its turns, and the concepts hallucinated."""

    dialogue_id: str
    turns: int
    hallucinated: tuple[str, ...]


def index_document(
    listed: Sequence[ListedDialogue], scores: pd.DataFrame, comparisons: Sequence[Comparison]
) -> dict[str, Any]:
    """Return the index; the n-th dialogue of ``listed`` is in shard n // SHARD + 1."""
    ids = [one.dialogue_id for one in listed]
    facts = scores.drop_duplicates("dialogue_id").set_index("dialogue_id").loc[ids]
    names = {facet: sorted(facts[facet].unique().tolist()) for facet in _FACETS}
    columns = {facet: [names[facet].index(v) for v in facts[facet]] for facet in _FACETS}
    concepts = sorted({c for one in listed for c in one.hallucinated})
    at = {c: n for n, c in enumerate(concepts)}
    return {
        "shard": SHARD,
        "metrics": list(METRICS),
        "names": names,
        "concepts": concepts,
        "ids": ids,
        "turns": [one.turns for one in listed],
        "facets": columns,
        "values": {metric: _values(scores, metric, ids) for metric in METRICS},
        "failed": _numerators(scores, "failed_turns", ids),
        "hallucinated": [[at[c] for c in one.hallucinated] for one in listed],
        "against": [
            {
                "run": one.other.label,
                "gained": [one.flips.gained.get(d, 0) for d in ids],
                "lost": [one.flips.lost.get(d, 0) for d in ids],
            }
            for one in comparisons
        ],
    }


def _values(scores: pd.DataFrame, metric: str, ids: list[str]) -> list[float | None]:
    """Return each dialogue's value in 0..1, None where it is unscored."""
    rows = scores[(scores["metric"] == metric) & (scores["denominator"] > 0)]
    shares = rows["numerator"] / rows["denominator"]
    ratio: Mapping[str, float] = dict(zip(rows["dialogue_id"], shares, strict=True))
    return [None if d not in ratio else round(float(ratio[d]), 4) for d in ids]


def _numerators(scores: pd.DataFrame, metric: str, ids: list[str]) -> list[int]:
    rows = scores[scores["metric"] == metric]
    counts: Mapping[str, float] = dict(zip(rows["dialogue_id"], rows["numerator"], strict=True))
    return [int(counts.get(d, 0)) for d in ids]
