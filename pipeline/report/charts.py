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
_LINES = {"width": _WIDTH, "height": {"step": _STEP}}  # one line of the plot per mark
_LABEL: Spec = {"field": "label", "type": "nominal", "sort": None, "title": None}
_DESCRIPTION: Spec = {"field": "description", "type": "nominal"}

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
    """One value with its interval, and both in words; None is not drawn."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    description: str = ""


def interval_chart(marks: Sequence[Mark], label: str, axis: str, percent: bool = True) -> str:
    """Return dots with intervals, one line per mark, in the order given.

    Args:
        marks: values and bounds, shares of 1.
        label: what the chart shows.
        axis: title of the value axis.
        percent: an axis from 0 to 100%; False: differences in percentage points around 0.
    """
    x: Spec = {"type": "quantitative", "title": axis, "axis": {"format": "+.0f"}, "scale": {}}
    layers: list[Spec] = []
    if percent:
        ticks = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
        x |= {"axis": ticks, "scale": {"domain": [0, 1]}}
    else:
        zero = {"type": "rule", "color": "var(--ink-soft)", "aria": False}
        layers.append({"mark": zero, "encoding": {"x": {"datum": 0}}})
    # The dots come first: labels take the order of the first layer, and all marks have a dot.
    layers.append(_dots(90, y=_LABEL, x=x | {"field": "value"}))
    bounds = {"y": _LABEL, "x": x | {"field": "low"}, "x2": {"field": "high"}}
    layers.append(_strokes("rule", 2.5, bounds))
    return _drawn(_LINES, layers, marks, label, factor=1.0 if percent else 100.0)


def line_chart(marks: Sequence[Mark], label: str, axis: str) -> str:
    """Return shares along numbered positions (the labels) with a band of their intervals."""
    x = _LABEL | {"type": "ordinal", "title": axis, "axis": {"labelAngle": 0}}
    y: Spec = {"type": "quantitative", "title": None, "axis": {"format": ".0%"}}
    y |= {"scale": {"domain": [0, 1]}}
    layers = [
        _strokes("rule", 2, {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}),
        _strokes("line", 1, {"x": x, "y": y | {"field": "value"}}),
        _dots(70, x=x, y=y | {"field": "value"}),
    ]
    return _drawn({"width": 320, "height": 190}, layers, marks, label)


def bar_chart(marks: Sequence[Mark], label: str, axis: str) -> str:
    """Return counts as bars, one line per mark, in the order given."""
    x = {"field": "value", "type": "quantitative", "title": axis, "axis": {"format": ",.0f"}}
    layer: Spec = {
        "mark": {"type": "bar", "color": "var(--mark)", "height": 14},
        "encoding": {"x": x, "y": _LABEL, "description": _DESCRIPTION},
    }
    return _drawn(_LINES, [layer], marks, label)


def _dots(size: int, **encoding: Spec) -> Spec:
    mark = {"type": "circle", "color": "var(--mark)", "size": size, "opacity": 1}
    return {"mark": mark, "encoding": encoding | {"description": _DESCRIPTION}}


def _strokes(kind: str, width: float, encoding: Spec) -> Spec:
    mark = {"type": kind, "color": "var(--mark)", "strokeWidth": width, "aria": False}
    return {"mark": mark, "encoding": encoding}


def _drawn(
    size: Spec, layers: list[Spec], marks: Sequence[Mark], label: str, factor: float = 1.0
) -> str:
    """Return the chart of marks whose numbers are multiplied by ``factor``.

    Labels are data rows alone: in the specification itself one could be read as an expression.
    """
    rows = []
    for mark in marks:
        numbers = {"value": mark.value, "low": mark.low, "high": mark.high}
        scaled = {name: None if n is None else factor * n for name, n in numbers.items()}
        rows.append(asdict(mark) | scaled)
    spec = size | {
        "data": {"values": rows},
        "layer": layers,
        "config": _CONFIG,
        "padding": _PADDING,
    }
    # An empty list of base URLs: a specification can make the renderer fetch nothing.
    markup = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return clean(markup, label)
