"""Shares, differences of shares and their intervals as text, in percent.

In: shares and differences of 1; None where undefined. Out: plain text.
"""

from collections.abc import Collection

NONE = "n/a"
FEW = "†"  # behind a value of few clusters
FEW_NOTE = f"{FEW}: fewer than 20 patients."


def number(share: float, form: str = ".1f") -> str:
    """Return a share in hundredths without a unit, in a form such as ``+.1f``."""
    return f"{100 * share:{form}}"


def cell(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share with its interval for a table whose caption names the unit."""
    if value is None:
        return NONE
    if low is None or high is None:
        return number(value)
    return f"{number(value)} ({number(low)}-{number(high)})"


def flagged(text: str, flags: Collection[str] | None) -> str:
    """Return a value's text, marked where its interval is of few clusters."""
    return f"{text}{FEW}" if flags and "few_clusters" in flags else text


def percent(value: float | None) -> str:
    """Return a share with the unit."""
    return NONE if value is None else f"{number(value)}%"


def span(low: float | None, high: float | None) -> str:
    """Return an interval of shares with the unit; empty where there is none."""
    return "" if low is None or high is None else f"{number(low)} to {number(high)}%"


def with_span(value: float | None, low: float | None, high: float | None) -> str:
    """Return a share with its interval and the unit."""
    interval = span(low, high)
    return f"{percent(value)} ({interval})" if interval else percent(value)


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points, signed."""
    return NONE if value is None else number(value, "+.1f")


def points_span(low: float | None, high: float | None) -> str:
    """Return an interval of differences in percentage points; empty where there is none."""
    if low is None or high is None:
        return ""
    return f"{number(low, '+.1f')} to {number(high, '+.1f')}"


def level(confidence: float) -> str:
    """Return the confidence of intervals."""
    return f"{number(confidence, 'g')}%"
