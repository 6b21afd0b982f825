"""The overall score: a weighted sum of metrics, each turned so that higher is better.

In: values of single metrics and their weights. Out: one value, or None where a metric is undefined.
"""

from collections.abc import Mapping

OVERALL = "overall"
INVERTED = frozenset({"hallucination_rate"})  # rates of something bad; they enter as 1 - value


def oriented(metric: str, value: float) -> float:
    """Turn a metric's value (0..1) so that higher is better."""
    return 1.0 - value if metric in INVERTED else value


def direction(metric: str) -> float:
    """Return the sign that makes a difference of this metric's values positive if it improves."""
    return -1.0 if metric in INVERTED else 1.0


def overall_value(values: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """Weigh the metrics into one score: sum of weight x oriented value, in 0..1.

    Returns:
        None where any weighted metric is missing or undefined: a sum over fewer metrics would be
        another score under the same name.
    """
    total = 0.0
    for metric, weight in weights.items():
        value = values.get(metric)
        if value is None:
            return None
        total += weight * oriented(metric, value)
    return total
