"""Values that follow from the summary but are no ratio of sums: balanced accuracy, baselines.

In: rows of a summary. Out: one row per group and value, for report.json. They have no interval of
their own; the rows that they come from have.
"""

from collections.abc import Iterable, Mapping
from typing import Any

_RECALLS = ("boolean_recall_yes", "boolean_recall_no")
_BOOLEAN = "constant_"
_CHOICE = "constant_choice_"


def derived_values(summary: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, per group, what the constant answers are worth and the balanced accuracy.

    Returns:
        Rows of group_kind, group, metric, value and detail (the constant answer), in the
        summary's order: ``balanced_accuracy`` (mean of the recalls of yes and no; absent where
        one class is), ``constant_boolean`` and ``constant_choice`` (the best constant answer's
        share of right turns).
    """
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for row in summary:
        if row["value"] is not None:
            groups.setdefault((row["group_kind"], row["group"]), {})[row["metric"]] = row["value"]
    return [
        {"group_kind": kind, "group": group} | row
        for (kind, group), values in groups.items()
        for row in _of_group(values)
    ]


def _of_group(values: Mapping[str, float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if all(name in values for name in _RECALLS):
        balanced = sum(values[name] for name in _RECALLS) / len(_RECALLS)
        rows.append({"metric": "balanced_accuracy", "value": balanced, "detail": None})
    choice = {n.removeprefix(_CHOICE): v for n, v in values.items() if n.startswith(_CHOICE)}
    boolean = {n: values[_BOOLEAN + n] for n in ("yes", "no") if _BOOLEAN + n in values}
    for name, shares in (("constant_boolean", boolean), ("constant_choice", choice)):
        if shares:
            best = max(sorted(shares), key=lambda n: shares[n])
            rows.append({"metric": name, "value": shares[best], "detail": best})
    return rows
