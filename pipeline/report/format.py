"""How counts, dates, durations and names read; ``pipeline.stats.percent`` writes shares.

In: counts, ISO dates, seconds, identifiers. Out: plain text.
"""

from datetime import UTC, datetime

from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import NONE

TITLES = {
    OVERALL: "Overall",
    "turn_accuracy": "Turn accuracy",
    "visual_consistency": "Visual consistency",
    "reasoning_coherence": "Reasoning coherence",
    "hallucination_rate": "Hallucination rate",
    "hallucination_rate_lenient": "Hallucination, lenient",
    "hallucination_false_finding": "False finding",
    "hallucination_wrong_site": "Wrong site",
    "hallucination_wrong_change": "Wrong change",
    "hallucination_false_denial": "False denial",
    "hallucination_change_without_prior": "Change without a prior",
    "hallucination_unverifiable": "Unverifiable",
    "error_cascade_right_after_wrong": "Right, after a wrong turn",
    "error_cascade_right_after_right": "Right, after a right turn",
    "referent_kept_after_switch": "Kept after a switch of image",
    "referent_kept_after_return": "Kept after another thing",
    "self_consistency": "Boxes agree on one image",
    "negative_control": "Same box for two things",
    "grounding_accuracy": "Regions found",
    "grounding_iou": "Mean overlap (IoU)",
    "health_system": "Health system",
}


def title(name: str) -> str:
    """Return the title of a metric, column or group kind."""
    words = name.replace("_", " ")
    return TITLES.get(name) or words[:1].upper() + words[1:]


def count(n: float | None) -> str:
    """Return a count, or a sum, with thousands separators."""
    if n is None:
        return NONE
    return f"{n:,.0f}" if float(n).is_integer() else f"{n:,.1f}"


def p_value(p: float | None) -> str:
    """Return a p-value; small ones as a bound."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def date(iso: str | None) -> str:
    """Return an ISO time as an English date in UTC; what is no ISO time stays as it is."""
    if not iso:
        return NONE
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def seconds(value: float | None) -> str:
    """Return a duration in its natural unit."""
    if value is None:
        return NONE
    if value < 1:
        return f"{1000 * value:.3g} ms"
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 7200 else f"{value / 3600:.1f} h"
