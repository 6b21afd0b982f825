"""Summary rows by group, with the patients behind each, and which groups are too small.

In: summary rows and score rows. Out: ``Groups``. A group of fewer than ``SMALL`` patients gets no
value in tables and charts; with suppression its row leaves the files too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.report.inputs import Row, RunData
from pipeline.tables.schemas import ALL, GROUP_COLUMNS, TURN_INDEX

SMALL = 10  # patients; the customary threshold of small-number suppression in health statistics
SUPPRESSED = f"suppressed: fewer than {SMALL} patients in this group, or in the one it would reveal"
_WITHHELD = ("value", "numerator", "denominator", "ci_low", "ci_high", "n_dialogues")

Key = tuple[str, str]  # group kind, group


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Summary rows by (kind, group, metric), patients by (kind, group), and the hidden groups."""

    rows: Mapping[tuple[str, str, str], Row]
    patients: Mapping[Key, int]
    hidden: frozenset[Key]

    def row(self, metric: str, key: Key = ALL) -> Row | None:
        """Return a row; None where the summary has none."""
        return self.rows.get((*key, metric))

    def few(self, key: Key) -> bool:
        """Return whether a group is too small for a value."""
        return key in self.hidden or self.patients.get(key, 0) < SMALL

    def names(self, kind: str) -> list[str]:
        """Return the groups of a kind, sorted; turn numbers as numbers."""
        names = {group for k, group, _ in self.rows if k == kind}
        return sorted(names, key=lambda g: (int(g) if kind == TURN_INDEX else 0, g))

    def documents(self) -> list[Row]:
        """Return all rows in order, those of hidden groups without their numbers."""
        return [
            row | dict.fromkeys(_WITHHELD) | {"n_unscored": 0, "n_failed": 0, "reason": SUPPRESSED}
            if (row["group_kind"], row["group"]) in self.hidden
            else row
            for row in self.rows.values()
        ]


def group_rows(data: RunData, suppress_small: bool) -> Groups:
    """Return a run's summary by group.

    Args:
        data: the run.
        suppress_small: hide groups below ``SMALL`` patients, and where that would leave one hidden
            group of its kind (its numbers are then the total less the others), the next one too.
    """
    patients = _patients(data.scores)
    small = {key for key, n in patients.items() if n < SMALL}
    rows = {(r["group_kind"], r["group"], r["metric"]): r for r in data.summary}
    hidden = _with_complements(small, patients) if suppress_small else set()
    return Groups(rows=rows, patients=patients, hidden=frozenset(hidden))


def _with_complements(small: set[Key], patients: Mapping[Key, int]) -> set[Key]:
    hidden = set(small)
    for kind in {kind for kind, _ in small}:
        if sum(k == kind for k, _ in small) == 1 and kind != ALL[0]:
            others = sorted((n, key) for key, n in patients.items() if key[0] == kind)
            hidden.update(key for _, key in others[:2])
    return hidden


def _patients(scores: pd.DataFrame) -> dict[Key, int]:
    """Return the number of patients of every group."""
    patients: dict[Key, int] = {ALL: int(scores["patient_id"].nunique())}
    for kind in GROUP_COLUMNS:
        counts = scores.groupby(kind)["patient_id"].nunique()
        patients.update({(kind, str(group)): int(n) for group, n in counts.items()})
    at_turn = scores[scores["metric"].str.contains("@")]
    turn = at_turn["metric"].str.partition("@")[2]
    counts = at_turn.groupby(turn)["patient_id"].nunique()
    patients.update({(TURN_INDEX, str(group)): int(n) for group, n in counts.items()})
    return patients
