"""The form of a verdict: how it is asked for, and how a reply is read.

In: a rubric, and a judge's reply as text. Out: the text and the JSON schema that ask for a
verdict; a grade per criterion, or the reason for none. Nothing is guessed: a reply that
lacks a grade, or has one outside the scale, is no verdict at all.
"""

import json
from typing import Any

from conf.judge import Criterion, Rubric
from pipeline.parsing.reasoning import strip_reasoning

_REASON_LENGTH = 800  # characters; a schema-bound engine has to come to an end
_FENCE = "```"


class NoVerdict(Exception):
    """A reply that is not a verdict of the rubric; the message says why."""


def system_text(rubric: Rubric) -> str:
    """Return the rubric's system prompt, its criteria, and the form of the reply."""
    lines = [rubric.system.strip(), "", "Grade in whole numbers:"]
    lines += [
        f"- {c.name}, {c.least} to {c.most}: {' '.join(c.description.split())}"
        for c in rubric.criteria
    ]
    form = {"reason": "one or two sentences", **{c.name: _range(c) for c in rubric.criteria}}
    lines += ["", f"Reply with one JSON object and nothing else: {json.dumps(form)}"]
    return "\n".join(lines)


def verdict_schema(rubric: Rubric) -> str:
    """Return the JSON Schema of a verdict as text: the reason first, then a grade per criterion."""
    properties: dict[str, Any] = {"reason": {"type": "string", "maxLength": _REASON_LENGTH}}
    for c in rubric.criteria:
        properties[c.name] = {"type": "integer", "enum": list(range(c.least, c.most + 1))}
    return json.dumps(
        {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )


def read_verdict(text: str, rubric: Rubric) -> dict[str, int]:
    """Read the grades of a reply, by criterion; reasoning and a code fence are taken off first.

    Raises:
        NoVerdict: not one JSON object, a criterion without a grade, or a grade off its scale.
    """
    body = strip_reasoning(text).body
    if body.startswith(_FENCE) and body.endswith(_FENCE) and "\n" in body:
        body = body.split("\n", 1)[1].removesuffix(_FENCE).strip()
    try:
        document = json.loads(body)
    except ValueError:
        raise NoVerdict(f"invalid JSON: {_start(body)}") from None
    if not isinstance(document, dict):
        raise NoVerdict(f"not a JSON object: {_start(body)}")
    return {c.name: _grade(document, c) for c in rubric.criteria}


def _grade(document: dict[str, Any], criterion: Criterion) -> int:
    grade = document.get(criterion.name)
    scale = range(criterion.least, criterion.most + 1)
    # 4.0 is in range(1, 6); True would be as well.
    if not isinstance(grade, int | float) or isinstance(grade, bool) or grade not in scale:
        raise NoVerdict(
            f"{criterion.name} is {_start(repr(grade))}; it must be {_range(criterion)}"
        )
    return int(grade)


def _range(criterion: Criterion) -> str:
    return f"{criterion.least} to {criterion.most}"


def _start(text: str) -> str:
    return f"{text[:80]!r}" if len(text) <= 80 else f"{text[:77]!r}..."
