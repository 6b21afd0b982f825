"""Values of a row: a column, a constant, or something derived from columns.

In: what a mapping says (docs/import.md lists the forms). Out: a function from a row to the value.
A row is a plain dict; names that begin with ``@`` are not the file's but the reader's.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from conf.errors import ConfigError

Row = Mapping[str, Any]  # nested dicts, lists and scalars, as JSON has them
Value = Callable[[Row], Any]
_FORMS = ("column", "constant", "template", "first_true")
_STEPS = ("part", "regex", "split", "map", "default")
_FIELD = re.compile(r"\{([^{}]+?)(?::(\d+))?\}")  # {column} or {column:2}, its first two characters
_TRUE = frozenset({"1", "1.0", "true", "yes", "y", "present"})


class RowFault(Exception):
    """A row cannot be used; ``reason`` is one of few, the text is about this row."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(text or reason)
        self.reason = reason


def parse_value(spec: Any, at: str) -> Value:
    """Make the function that a mapping's value stands for.

    Args:
        spec: text (a column), a list of values, or a mapping with one of ``column``, ``constant``,
            ``template`` and ``first_true``, and steps in this order: ``part`` of a path, ``regex``,
            ``split``, ``map``, ``default``.
        at: the key, for errors.

    Raises:
        ConfigError: another form, or a broken regular expression.
    """
    if isinstance(spec, str):
        return lambda row: column(row, spec)
    if isinstance(spec, list):
        parts = [parse_value(item, f"{at}.{n}") for n, item in enumerate(spec)]
        return lambda row: [part(row) for part in parts]
    if not isinstance(spec, dict):
        raise ConfigError(f"{at} is {spec!r}; it must be a column's name, a list or a mapping")
    for key in spec:
        if key not in (*_FORMS, *_STEPS):
            close = get_close_matches(key, (*_FORMS, *_STEPS), n=1)
            guess = f"did you mean {close[0]}? " if close else ""
            raise ConfigError(
                f"unknown key {at}.{key}; {guess}known here: {', '.join((*_FORMS, *_STEPS))}"
            )
    named = [form for form in _FORMS if form in spec]
    if len(named) != 1:
        raise ConfigError(f"{at} needs exactly one of {', '.join(_FORMS)}")
    return _with_steps(_form(named[0], spec[named[0]], at), spec, at)


def optional(spec: Any, at: str) -> Value:
    """As ``parse_value``; a mapping that says nothing gives None."""
    return (lambda row: None) if spec is None else parse_value(spec, at)


def column(row: Row, path: str) -> Any:
    """Return what stands at a path such as ``image.bytes`` or ``options.*.content``.

    Raises:
        RowFault: there is no such column.
    """
    if path in row:
        return row[path]
    found: Any = row
    names = path.split(".")
    for n, name in enumerate(names):
        if name == "*" and isinstance(found, list):
            rest = ".".join(names[n + 1 :])
            return [column(item, rest) if rest else item for item in found]
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.lstrip("-").isdigit():
            if not -len(found) <= int(name) < len(found):
                return None
            found = found[int(name)]
        elif found is None:
            return None
        else:
            raise RowFault("a column is missing", f"has no column {path!r}")
    return found


def text(value: Any) -> str:
    """Return a scalar as text without blanks around it; None and NaN are empty."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _form(name: str, spec: Any, at: str) -> Value:
    if name == "constant":
        return lambda row: spec
    if name == "first_true":
        if not isinstance(spec, dict) or not spec:
            raise ConfigError(f"{at}.first_true must map columns to values")
        pairs = dict(spec)
        return lambda row: next(
            (v for c, v in pairs.items() if text(column(row, c)).lower() in _TRUE), None
        )
    if not isinstance(spec, str):
        raise ConfigError(f"{at}.{name} is {spec!r}; it must be text")
    if name == "template":
        return lambda row: _FIELD.sub(lambda m: _first(column(row, m.group(1)), m.group(2)), spec)
    return lambda row: column(row, spec)


def _with_steps(value: Value, spec: Row, at: str) -> Value:
    part, table, default = spec.get("part"), spec.get("map"), spec.get("default")
    if part is not None and type(part) is not int:
        raise ConfigError(
            f"{at}.part is {part!r}; it must be a number: 0 is the first, -1 the last"
        )
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{at}.map is {table!r}; it must be a mapping")
    pattern = _pattern(spec.get("regex"), at)
    split = spec.get("split")

    def stepped(row: Row) -> Any:
        try:
            found = value(row)
        except RowFault:  # no such column
            if "default" not in spec:
                raise
            found = None
        if part is not None:
            found = _part(text(found), part)
        if pattern is not None:
            match = pattern.search(text(found))
            found = match.group(match.lastindex or 0) if match else None
        if split is not None:
            found = [item.strip() for item in text(found).split(split) if item.strip()]
        if table is not None:
            known = text(found)
            if known not in table and "default" not in spec and known:
                raise RowFault(f"{at} has no entry for a value", f"{at}: {known!r} is not mapped")
            found = table.get(known)
        return default if found is None or found == "" else found

    return stepped


def _first(value: Any, count: str | None) -> str:
    return text(value) if count is None else text(value)[: int(count)]


def _part(path: str, index: int) -> str | None:
    parts = [p for p in path.replace("\\", "/").split("/") if p]
    return parts[index] if -len(parts) <= index < len(parts) else None


def _pattern(regex: Any, at: str) -> re.Pattern[str] | None:
    if regex is None:
        return None
    try:
        return re.compile(str(regex), re.DOTALL)
    except re.error as error:
        raise ConfigError(f"{at}.regex {regex!r} is no regular expression: {error}") from None
