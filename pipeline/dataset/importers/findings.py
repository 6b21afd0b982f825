"""Rows that annotate: labels with their states and boxes, collected per image.

In: the rows of one image. Out: ``Annotation``: states by concept, boxes by label, fused where
several readers drew them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.dataset.importers.boxes import Drawn, Size, box_in_pixels, fused
from pipeline.dataset.importers.concepts import Vocabulary
from pipeline.dataset.importers.mapping import Boxes, Labels, Mapping
from pipeline.dataset.importers.values import Row, RowFault, Value, optional, parse_value, text

State = Literal["present", "absent", "uncertain"]
Note = Callable[[str, str], None]  # a kind of warning, and what it is about
_STATES: dict[str, State | None] = {
    **dict.fromkeys(("present", "1", "yes", "true", "y", "positive"), "present"),
    **dict.fromkeys(("absent", "0", "no", "false", "n", "negative"), "absent"),
    **dict.fromkeys(("uncertain", "-1", "maybe"), "uncertain"),
    **dict.fromkeys(("not_assessed", "", "nan", "-2"), None),
}


@dataclass(kw_only=True)
class Annotation:
    """What is known about one image. ``counted``: concepts of which every instance is boxed."""

    states: dict[str, State] = field(default_factory=dict)
    diagnoses: set[str] = field(default_factory=set)
    boxes: list[Drawn] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)


class AnnotationReader:
    """Reads labels and boxes by the mapping."""

    def __init__(self, mapping: Mapping, vocabulary: Vocabulary, note: Note) -> None:
        self._vocabulary, self._note = vocabulary, note
        self._labels = [
            (
                spec,
                optional(spec.names, f"labels.{n}.names"),
                {k: parse_value(v, f"labels.{n}.flags.{k}") for k, v in spec.flags.items()},
            )
            for n, spec in enumerate(mapping.labels)
        ]
        self._boxes = [
            (
                spec,
                parse_value(spec.label, f"boxes.{n}.label"),
                parse_value(spec.values, f"boxes.{n}.values"),
                optional(spec.reader, f"boxes.{n}.reader"),
            )
            for n, spec in enumerate(mapping.boxes)
        ]

    def read(self, rows: Iterable[Row], original: Size, stored: Size) -> Annotation:
        """Return the annotation of one image, whose upright and stored sizes are given."""
        found, rows = Annotation(), list(rows)
        for spec, names, flags in self._labels:
            stated: set[str] = set()
            for row in rows:
                try:
                    stated |= self._stated(spec, names(row))
                    self._read_flags(found, spec, flags, row)
                except RowFault as fault:
                    self._note(fault.reason, f"{row.get('@file')} row {row.get('@row')}: {fault}")
            for name in sorted(stated - set(spec.normal)):
                self._add(found, spec, name, "present")
            for name in spec.assessed:
                if name not in stated and stated:
                    self._add(found, spec, name, "absent")
        for box_spec, label, values, reader in self._boxes:
            drawn = list(self._drawn(rows, (box_spec, label, values, reader), (original, stored)))
            readers = {d.reader for d in drawn}
            if box_spec.reader is not None and readers:
                drawn = fused(drawn, box_spec, len(readers))
            found.boxes += drawn
            for box in drawn:
                self._set(found, box.concept, "present")
                if box_spec.complete:
                    found.counted.add(box.concept)
        return found

    @staticmethod
    def _stated(spec: Labels, names: Any) -> set[str]:
        """Return the names that one row lists; an image without any was not assessed."""
        if isinstance(names, list):
            return {text(n) for n in names} - {""}
        listed = text(names).split(spec.split) if spec.split else [text(names)]
        return {n.strip() for n in listed} - {""}

    def _read_flags(
        self, found: Annotation, spec: Labels, flags: dict[str, Value], row: Row
    ) -> None:
        for name, flag in flags.items():
            value = text(flag(row)).lower().removesuffix(".0")
            if value not in _STATES:
                raise RowFault("a label's state is unknown", f"{name} is {value!r}")
            state = _STATES[value]
            if state is not None:
                self._add(found, spec, name, state)

    def _add(self, found: Annotation, spec: Labels, name: str, state: State) -> None:
        concept = self._vocabulary.concept(name, spec.kind)
        self._set(found, concept, state)
        if spec.kind == "diagnosis":
            found.diagnoses.add(concept)

    def _set(self, found: Annotation, concept: str, state: State) -> None:
        """Set a state; two that contradict each other leave the concept uncertain."""
        earlier = found.states.get(concept)
        if earlier is not None and earlier != state:
            self._note("contradictory labels", f"{concept} is {earlier} and {state}")
            state = "uncertain"
        found.states[concept] = state

    def _drawn(
        self, rows: list[Row], spec: tuple[Boxes, Value, Value, Value], sizes: tuple[Size, Size]
    ) -> Iterable[Drawn]:
        """Yield the boxes of one image that can be used, each once per reader."""
        boxes, label, values, reader = spec
        seen = set()
        for row in rows:
            place = f"{row.get('@file')} row {row.get('@row')}"
            try:
                given = _pairs(label(row), values(row))
            except RowFault as fault:
                self._note(fault.reason, f"{place}: {fault}")
                continue
            for name, numbers in given:
                try:
                    box, clipped = box_in_pixels(numbers, boxes, *sizes)
                except RowFault as fault:
                    self._note(fault.reason, f"{place}: {fault}")
                    continue
                if clipped:
                    self._note("boxes clipped at the border", f"{place}: {numbers!r:.60}")
                concept = self._vocabulary.concept(name, boxes.kind)
                drawn = Drawn(concept=concept, box=box, reader=text(reader(row)))
                if drawn in seen:
                    self._note("boxes given twice", f"{place}: {name} {numbers!r:.60}")
                    continue
                seen.add(drawn)
                yield drawn


def _pairs(label: Any, values: Any) -> list[tuple[str, Any]]:
    """Return each label with its numbers.

    A row holds one box, or lists of labels and boxes, or one label and a list of boxes.
    """
    if not isinstance(label, list):
        boxes = values if _are_boxes(values) else [values]
        label, values = [label] * len(boxes), boxes
    if not isinstance(values, list) or len(label) != len(values):
        raise RowFault("labels and boxes differ in number", f"{len(label)} labels")
    pairs = zip(map(text, label), values, strict=True)
    return [(name, numbers) for name, numbers in pairs if name and not _is_blank(numbers)]


def _are_boxes(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(v, list) for v in values)


def _is_blank(numbers: Any) -> bool:
    items = numbers if isinstance(numbers, list) else [numbers]
    return all(item in (None, "") for item in items)
