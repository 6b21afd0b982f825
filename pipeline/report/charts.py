"""Charts drawn when the report is written: Vega-Lite specifications rendered to clean SVG.

In: marks with values in 0..1. Out: SVG text. Colours are the style sheet's custom properties, so
that one drawing serves light and dark; nothing is drawn, fetched or evaluated in the browser.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import vl_convert

from pipeline.report.svg import clean

_VEGA_LITE = "5.21"
_WIDTH = 250  # of the plot; with labels about 380, readable on a phone without scaling much
_STEP = 26
_LABEL_LIMIT = 230
# Room for fonts up to a fifth wider than the one that labels are measured with.
_PADDING = {"left": 20, "right": 22, "top": 4, "bottom": 4}
Spec = dict[str, Any]  # Vega-Lite JSON

_CONFIG: Spec = {
    "font": "sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--ink-soft)",
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 13,
        "titleFontSize": 12,
        "labelLimit": _LABEL_LIMIT,
    },
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One value with its interval, worded in ``told``; None is not drawn."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    told: str = ""


def interval_chart(marks: Sequence[Mark], label: str, axis: str, percent: bool = True) -> str:
    """Draw dots with intervals, one line per mark, in the order given.

    Args:
        marks: values and bounds, shares of 1.
        label: what the chart shows.
        axis: title of the value axis.
        percent: an axis from 0 to 100%; False: differences in percentage points around 0.
    """
    scale: Spec = {"domain": [0, 1]} if percent else {}
    ticks: Spec = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
    if not percent:
        ticks = {"format": "+.0f"}
    factor = 1.0 if percent else 100.0
    x = {"type": "quantitative", "title": axis, "axis": ticks, "scale": scale}
    y = {"field": "label", "type": "nominal", "sort": None, "title": None}
    told = {"field": "told", "type": "nominal"}
    layers: list[Spec] = []
    if not percent:
        zero = {"mark": {"type": "rule", "color": "var(--ink-soft)", "aria": False}}
        layers.append(zero | {"encoding": {"x": {"datum": 0}}})
    # The dots come first: labels take the order of the first layer, and all marks have a dot.
    layers += [
        {
            "mark": {"type": "circle", "color": "var(--mark)", "size": 90, "opacity": 1},
            "encoding": {"y": y, "x": x | {"field": "value"}, "description": told},
        },
        {
            "mark": {"type": "rule", "color": "var(--mark)", "strokeWidth": 2.5, "aria": False},
            "encoding": {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}},
        },
    ]
    return _drawn({"width": _WIDTH, "height": {"step": _STEP}}, layers, _rows(marks, factor), label)


def line_chart(marks: Sequence[Mark], label: str, axis: str) -> str:
    """Draw shares along numbered positions (the labels) with a band of their intervals."""
    x = {
        "field": "label",
        "type": "ordinal",
        "sort": None,
        "title": axis,
        "axis": {"labelAngle": 0},
    }
    y = {
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%"},
        "scale": {"domain": [0, 1]},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": "var(--mark)", "strokeWidth": 2, "aria": False},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "color": "var(--mark)", "strokeWidth": 1, "aria": False},
            "encoding": {"x": x, "y": y | {"field": "value"}},
        },
        {
            "mark": {"type": "circle", "color": "var(--mark)", "size": 70, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y | {"field": "value"},
                "description": {"field": "told", "type": "nominal"},
            },
        },
    ]
    return _drawn({"width": 320, "height": 190}, layers, _rows(marks, 1.0), label)


def bar_chart(marks: Sequence[Mark], label: str, axis: str) -> str:
    """Draw counts as bars, one line per mark, in the order given."""
    y = {"field": "label", "type": "nominal", "sort": None, "title": None}
    x = {"field": "value", "type": "quantitative", "title": axis, "axis": {"format": ",.0f"}}
    layer: Spec = {
        "mark": {"type": "bar", "color": "var(--mark)", "height": 14},
        "encoding": {"x": x, "y": y, "description": {"field": "told", "type": "nominal"}},
    }
    return _drawn({"width": _WIDTH, "height": {"step": _STEP}}, [layer], _rows(marks, 1.0), label)


def _rows(marks: Sequence[Mark], factor: float) -> list[Spec]:
    """Make data rows; the specification itself never holds a label, which could be an expression.

    What is None is not drawn.
    """
    rows = []
    for mark in marks:
        row = asdict(mark)
        for name in ("value", "low", "high"):
            row[name] = None if row[name] is None else factor * row[name]
        rows.append(row)
    return rows


def _drawn(size: Spec, layers: list[Spec], rows: list[Spec], label: str) -> str:
    spec = size | {
        "data": {"values": rows},
        "layer": layers,
        "config": _CONFIG,
        "padding": _PADDING,
    }
    # An empty list of base URLs: a specification can make the renderer fetch nothing.
    markup = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return clean(markup, label)
