"""What an import kept, dropped and doubts: counted as it runs, written as text and JSON.

In: rows and dialogues as they are made. Out: ``ImportReport`` and its lines. Memory holds counts
and a few examples of each kind.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actors.schema import Dialogue
from pipeline.dataset.importers.turns import Asked
from pipeline.dataset.importers.values import RowFault

_EXAMPLES = 3


class ImportReport:
    """Counts of one import. ``dropped`` and ``warnings`` count by kind, with examples."""

    def __init__(self) -> None:
        self.rows_read = self.rows_filtered = self.rows_dropped = 0
        self.turns_repeated = 0
        self.dropped: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)
        self.answer_types: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.measures: dict[str, int] = {}
        self.checked = 0
        self.gold_below_one: Counter[str] = Counter()
        self.concepts_added: Mapping[str, str] = {}

    def drop(self, fault: RowFault, row: Mapping[str, Any] | None = None) -> None:
        """Count a row that is left out."""
        self.rows_dropped += 1
        self.dropped[fault.reason] += 1
        self._example(fault.reason, f"{_place(row)}{fault}")

    def warn(self, kind: str, about: str) -> None:
        """Count something that was kept, but that a reader should know."""
        self.warnings[kind] += 1
        self._example(kind, about)

    def check_answers(self, asked: Sequence[tuple[Asked, tuple[tuple[str, str], ...]]]) -> None:
        """Note questions of one group that were asked twice, and those answered differently."""
        answers: dict[Any, set[str]] = defaultdict(set)
        for question, refs in asked:
            key = (" ".join(question.question.lower().split()), question.choices, refs)
            given = question.answer.strip().lower()
            if given in answers[key]:
                self.turns_repeated += 1
            elif answers[key]:
                both = " and ".join(sorted({*answers[key], given}))
                self.warn("contradictory gold", f"{question.question[:80]!r}: {both[:80]}")
            answers[key].add(given)

    def add(self, dialogue: Dialogue) -> None:
        """Count a dialogue that was made."""
        self.counts["dialogues"] += 1
        self.counts["turns"] += len(dialogue.turns)
        self.counts["images"] += len(dialogue.images)
        self.counts["regions"] += len(dialogue.regions)
        self.languages[dialogue.language] += 1
        self.answer_types.update(t.answer_type for t in dialogue.turns)

    @property
    def clean(self) -> bool:
        """Return whether nothing was dropped and nothing is doubtful."""
        return not self.dropped and not self.warnings and not self.gold_below_one

    def document(self) -> dict[str, Any]:
        """Return everything as plain JSON."""
        return {
            "rows_read": self.rows_read,
            "rows_filtered": self.rows_filtered,
            "rows_dropped": self.rows_dropped,
            "dropped": dict(self.dropped),
            "warnings": dict(self.warnings),
            "examples": dict(self.examples),
            "turns_repeated": self.turns_repeated,
            "counts": dict(self.counts),
            "answer_types": dict(self.answer_types),
            "languages": dict(self.languages),
            "dialogues_checked": self.checked,
            "measures_defined": self.measures,
            "gold_below_one": dict(self.gold_below_one),
            "concepts_added": dict(self.concepts_added),
        }

    def to_json(self) -> str:
        """Return the document as text."""
        return json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n"

    def lines(self) -> list[str]:
        """Return the report as text."""
        kept = self.rows_read - self.rows_filtered - self.rows_dropped
        lines = [
            f"rows read {self.rows_read}: kept {kept}, filtered {self.rows_filtered}, "
            f"dropped {self.rows_dropped}",
            ", ".join(f"{what} {n}" for what, n in self.counts.items()) or "no dialogues",
            *self._block("dropped, by reason", self.dropped),
            *self._block("kept, with a warning", self.warnings),
        ]
        if self.turns_repeated:
            lines.append(f"questions asked again with the same answer: {self.turns_repeated}")
        lines += self._table("answer types (turns)", self.answer_types)
        lines += self._table("languages (dialogues)", self.languages)
        title = f"measures that are defined (of {self.checked} dialogues checked)"
        lines += self._table(title, self.measures)
        if self.gold_below_one:
            lines.append("the gold answers themselves score below 1.0 (dialogues)")
            lines += [f"  {metric:<24}{n:>8}" for metric, n in self.gold_below_one.items()]
        if self.concepts_added:
            lines.append(f"concepts added to the lexicon: {len(self.concepts_added)}")
            lines += [f"  {label} as {c}" for label, c in sorted(self.concepts_added.items())]
        return lines

    def _block(self, title: str, kinds: Counter[str]) -> Iterable[str]:
        if kinds:
            yield f"{title}:"
        for kind, n in kinds.most_common():
            yield f"  {n:>8}  {kind}"
            yield from (f"            e.g. {example}" for example in self.examples[kind])

    @staticmethod
    def _table(title: str, counts: Mapping[str, int]) -> list[str]:
        if not counts:
            return []
        return [f"{title}:", *(f"  {name:<24}{n:>8}" for name, n in counts.items())]

    def _example(self, kind: str, about: str) -> None:
        examples = self.examples[kind]
        if len(examples) < _EXAMPLES and about not in examples:
            examples.append(about)


def _place(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"{row.get('@file')} row {row.get('@row')}: "
