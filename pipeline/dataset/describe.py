"""What a dataset consists of: its dialogues counted along every column that a report groups by.

In: dialogues, as an iterable read once. Out: a ``Description`` of figures and its plain text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actors.schema import Dialogue, Turn

_COLUMNS = ("specialty", "source", "modality", "health_system", "language", "release")


@dataclass(frozen=True, kw_only=True)
class Description:
    """Figures of a dataset; shares are 0..1 and None where nothing could have had the trait.

    ``groups`` counts dialogues by value of each grouping column, ``turn_histogram`` dialogues by
    number of turns, ``answer_types``, ``steps`` and ``answers`` turns (steps without "none").
    """

    dialogues: int
    turns: int
    patients: int
    images: int
    turn_histogram: Mapping[int, int]
    groups: Mapping[str, Mapping[str, int]]
    answer_types: Mapping[str, int]
    steps: Mapping[str, int]
    boolean_answers: Mapping[str, int]
    with_prior: int
    with_diagnosis: int
    with_referent_pair: int
    referent_switches: int
    referent_returns: int
    absent_asked: int
    distractors: int
    mean_agreement: float | None

    @property
    def mean_turns(self) -> float | None:
        """Turns per dialogue; None for an empty dataset."""
        return self.turns / self.dialogues if self.dialogues else None

    @property
    def max_turns(self) -> int | None:
        """The longest dialogue's turns; None for an empty dataset."""
        return max(self.turn_histogram, default=None)

    def share(self, count: int) -> float | None:
        """Return a count of dialogues as a share of all; None for an empty dataset."""
        return count / self.dialogues if self.dialogues else None


@dataclass
class _Tally:
    """Running counts of one pass."""

    counts: Counter[str] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    lengths: Counter[int] = field(default_factory=Counter)
    groups: dict[str, Counter[str]] = field(
        default_factory=lambda: {column: Counter() for column in _COLUMNS}
    )
    types: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    booleans: Counter[str] = field(default_factory=Counter)
    agreement: list[float] = field(default_factory=list)

    def add(self, dialogue: Dialogue) -> None:
        self.patients.add(dialogue.patient_id)
        self.lengths[len(dialogue.turns)] += 1
        for column, counter in self.groups.items():
            counter[getattr(dialogue, column)] += 1
        self.types.update(turn.answer_type for turn in dialogue.turns)
        steps = [turn.step for turn in dialogue.turns if turn.step is not None]
        self.steps.update(steps)
        self.booleans.update(
            str(turn.answer) for turn in dialogue.turns if turn.answer_type == "boolean"
        )
        self.agreement += [t.agreement for t in dialogue.turns if t.agreement is not None]
        switches, returns = referent_moves(dialogue.turns)
        self.counts.update(
            dialogues=1,
            turns=len(dialogue.turns),
            images=len(dialogue.images),
            with_prior=any(image.role == "prior" for image in dialogue.images),
            with_diagnosis="diagnosis" in steps,
            with_referent_pair=_has_pair(dialogue.turns),
            referent_switches=switches,
            referent_returns=returns,
            absent_asked=_asks_absent(dialogue),
            distractors=len(_unasked(dialogue)),
        )


def describe(dialogues: Iterable[Dialogue]) -> Description:
    """Count a dataset in one pass."""
    tally = _Tally()
    for dialogue in dialogues:
        tally.add(dialogue)
    counts, agreement = tally.counts, tally.agreement
    return Description(
        dialogues=counts["dialogues"],
        turns=counts["turns"],
        patients=len(tally.patients),
        images=counts["images"],
        turn_histogram=dict(sorted(tally.lengths.items())),
        groups={column: dict(sorted(c.items())) for column, c in tally.groups.items()},
        answer_types=dict(sorted(tally.types.items())),
        steps=dict(sorted(tally.steps.items())),
        boolean_answers=dict(sorted(tally.booleans.items())),
        with_prior=counts["with_prior"],
        with_diagnosis=counts["with_diagnosis"],
        with_referent_pair=counts["with_referent_pair"],
        referent_switches=counts["referent_switches"],
        referent_returns=counts["referent_returns"],
        absent_asked=counts["absent_asked"],
        distractors=counts["distractors"],
        mean_agreement=sum(agreement) / len(agreement) if agreement else None,
    )


def description_text(description: Description) -> str:
    """Lay the figures out as plain text."""
    d = description
    lines = [
        f"dialogues           {d.dialogues}",
        f"patients            {d.patients}",
        f"images              {d.images}",
        f"turns               {d.turns} (mean {_number(d.mean_turns)}, max {d.max_turns})",
        f"with a prior image  {d.with_prior} ({_percent(d.share(d.with_prior))})",
        f"with a diagnosis    {d.with_diagnosis} ({_percent(d.share(d.with_diagnosis))})",
        f"with a referent at two grounded turns  {d.with_referent_pair}"
        f" ({_percent(d.share(d.with_referent_pair))})",
        f"referent switches   {d.referent_switches}",
        f"referent returns    {d.referent_returns}",
        f"absent asked about  {d.absent_asked} turns",
        f"lesions not asked about  {d.distractors}",
        f"mean agreement      {_number(d.mean_agreement)}",
    ]
    tables: list[tuple[str, Mapping[str, int]]] = [
        ("turns per dialogue", {str(n): count for n, count in d.turn_histogram.items()}),
        *d.groups.items(),
        ("answer type (turns)", d.answer_types),
        ("step (turns)", d.steps),
        ("boolean answers (turns)", d.boolean_answers),
    ]
    for title, counts in tables:
        total = sum(counts.values())
        lines += ["", title]
        lines += [f"  {name:<28}{n:>8}  {n / total:>6.1%}" for name, n in counts.items()]
    return "\n".join(lines) + "\n"


def referent_moves(turns: Iterable[Turn]) -> tuple[int, int]:
    """Count moves between referents, and those of them that go back to one named before.

    Turns about no referent are passed over: they neither make nor end a move.
    """
    seen: set[str] = set()
    last: str | None = None
    switches = returns = 0
    for turn in turns:
        if turn.referent_id is None:
            continue
        if last is not None and turn.referent_id != last:
            switches += 1
            returns += turn.referent_id in seen
        seen.add(turn.referent_id)
        last = turn.referent_id
    return switches, returns


def _has_pair(turns: Iterable[Turn]) -> bool:
    named = Counter(t.referent_id for t in turns if t.region_id is not None)
    return any(count > 1 for count in named.values())


def _asks_absent(dialogue: Dialogue) -> int:
    """Turns that ask yes or no about a concept of which every annotation row says absent."""
    present = {f.concept for f in dialogue.findings if f.present}
    listed = {f.concept for f in dialogue.findings}
    return sum(t.asks in listed and t.asks not in present for t in dialogue.turns)


def _unasked(dialogue: Dialogue) -> set[str]:
    """Referents with a region that no turn is about."""
    return {r.referent_id for r in dialogue.regions} - {
        t.referent_id for t in dialogue.turns if t.referent_id is not None
    }


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
