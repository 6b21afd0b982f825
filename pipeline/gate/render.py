"""The gate's result: a table for people, a dict for gate.json, JUnit XML for CI.

In: a ``GateResult``. Out: text or plain data; nothing here decides.
"""

from typing import Any
from xml.etree import ElementTree

from pipeline.gate.verdict import Comparison, GateResult
from pipeline.stats.percent import number

SCHEMA_VERSION = 1

_LEFT = ("group", "metric", "verdict")
_HEAD = (*_LEFT[:2], "baseline", "candidate", "difference", "bound", "margin", "p", "verdict")
_SENTENCES = {
    "pass": "pass: every overall comparison is shown non-inferior",
    "inconclusive": "no regression found, but non-inferiority is not shown for all overall metrics",
    "regression": "regression: at least one loss is significant and beyond its margin",
}


def gate_table(result: GateResult) -> str:
    """Return the comparisons as text, one line each; differences are in points (hundredths)."""
    rows = [_HEAD, *(_cells(c) for c in result.comparisons)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if name in _LEFT else cell.rjust(width)
            for name, cell, width in zip(_HEAD, cells, widths, strict=True)
        ).rstrip()
        for cells in rows
    ]
    level = f"alpha {result.alpha:g}, {result.resamples} resamples, seed {result.seed}"
    counted = f"{result.n_dialogues} dialogues in {result.n_clusters} clusters"
    return "\n".join([*lines, "", f"{counted}; {level}", _SENTENCES[result.outcome]])


def gate_document(result: GateResult) -> dict[str, Any]:
    """Return the plain data of gate.json; what is undefined is null beside its reason."""
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": result.outcome,
        "alpha": result.alpha,
        "resamples": result.resamples,
        "seed": result.seed,
        "n_dialogues": result.n_dialogues,
        "n_clusters": result.n_clusters,
        "comparisons": [_entry(c) for c in result.comparisons],
    }


def gate_junit(result: GateResult, strict: bool) -> str:
    """Return the comparisons as a JUnit test suite.

    A regression is a failure. What is not shown non-inferior is skipped, or under ``strict`` a
    failure too, so that the suite is green exactly where the gate passes.
    """
    suite = ElementTree.Element("testsuite", name="gate")
    failures = skipped = 0
    for one in result.comparisons:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"gate.{one.group_kind}.{one.group}", name=one.metric
        )
        if one.verdict == "non_inferior":
            continue
        failed = strict or one.verdict == "regression"
        failures, skipped = failures + failed, skipped + (not failed)
        kind, sentence = "failure" if failed else "skipped", _sentence(one)
        ElementTree.SubElement(case, kind, message=sentence).text = sentence
    suite.set("tests", str(len(result.comparisons)))
    suite.set("failures", str(failures))
    suite.set("skipped", str(skipped))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _cells(one: Comparison) -> tuple[str, ...]:
    """Return one line of the table."""
    paired = one.paired
    return (
        f"{one.group_kind}: {one.group}",
        one.metric,
        _points(paired.baseline),
        _points(paired.candidate),
        _points(paired.difference, sign="+"),
        _points(one.bound, sign="+"),
        _points(one.margin),
        "-" if one.p_adjusted is None else f"{one.p_adjusted:.4f}",
        one.verdict if one.reason is None else f"{one.verdict} ({one.reason})",
    )


def _entry(one: Comparison) -> dict[str, Any]:
    """Return one comparison of gate.json; values and differences are shares, 0..1."""
    paired = one.paired
    return {
        "group_kind": one.group_kind,
        "group": one.group,
        "metric": one.metric,
        "verdict": one.verdict,
        "reason": one.reason,
        "baseline": paired.baseline,
        "candidate": paired.candidate,
        "difference": paired.difference,
        "ci_low": paired.low,
        "ci_high": paired.high,
        "bound": one.bound,
        "margin": one.margin,
        "p_worse": paired.p_worse,
        "p_adjusted": one.p_adjusted,
        "level": one.level,
        "standard_error": paired.standard_error,
        "minimum_detectable": paired.minimum_detectable,
        "n_clusters": paired.n_clusters,
    }


def _sentence(one: Comparison) -> str:
    """Return one comparison as a sentence."""
    paired = one.paired
    if paired.difference is None:
        return f"{one.verdict}: {one.reason}"
    return (
        f"{one.verdict}: {_points(paired.baseline)} to {_points(paired.candidate)}, difference "
        f"{_points(paired.difference, sign='+')} points (better is positive), lower bound "
        f"{_points(one.bound, sign='+')}, margin {_points(one.margin)}"
        + ("" if one.reason is None else f"; {one.reason}")
    )


def _points(value: float | None, sign: str = "") -> str:
    """Return a share or difference in points, never -0.00; a dash for what is undefined."""
    return "-" if value is None else number(value, f"{sign}z.2f")
