"""What a dataset consists of: its dialogues counted along every column that a report groups by.

In: dialogues, as an iterable read once. Out: a ``Description`` of figures and its plain text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

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
        """Return the turns per dialogue; None for an empty dataset."""
        return self.turns / self.dialogues if self.dialogues else None

    @property
    def max_turns(self) -> int | None:
        """Return the longest dialogue's turns; None for an empty dataset."""
        return max(self.turn_histogram, default=None)

    def share(self, count: int) -> float | None:
        """Return a count of dialogues as a share of all; None for an empty dataset."""
        return count / self.dialogues if self.dialogues else None


_COUNTED = [f.name for f in fields(Description) if f.type is int and f.name != "patients"]


def describe(dialogues: Iterable[Dialogue]) -> Description:
    """Count a dataset in one pass."""
    counts: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    groups: dict[str, Counter[str]] = {column: Counter() for column in _COLUMNS}
    types, steps, booleans = Counter[str](), Counter[str](), Counter[str]()
    patients: set[str] = set()
    agreement: list[float] = []
    for dialogue in dialogues:
        turns = dialogue.turns
        counts += _counts(dialogue)
        lengths[len(turns)] += 1
        for column, counter in groups.items():
            counter[getattr(dialogue, column)] += 1
        types.update(t.answer_type for t in turns)
        steps.update(t.step for t in turns if t.step is not None)
        booleans.update(str(t.answer) for t in turns if t.answer_type == "boolean")
        patients.add(dialogue.patient_id)
        agreement += [t.agreement for t in turns if t.agreement is not None]
    return Description(
        **{name: counts[name] for name in _COUNTED},
        patients=len(patients),
        turn_histogram=dict(sorted(lengths.items())),
        groups={column: dict(sorted(counter.items())) for column, counter in groups.items()},
        answer_types=dict(sorted(types.items())),
        steps=dict(sorted(steps.items())),
        boolean_answers=dict(sorted(booleans.items())),
        mean_agreement=sum(agreement) / len(agreement) if agreement else None,
    )


def _counts(dialogue: Dialogue) -> Counter[str]:
    """Return one dialogue's part of the plain counts."""
    switches, returns = referent_moves(dialogue.turns)
    return Counter(
        dialogues=1,
        turns=len(dialogue.turns),
        images=len(dialogue.images),
        with_prior=any(image.role == "prior" for image in dialogue.images),
        with_diagnosis=any(turn.step == "diagnosis" for turn in dialogue.turns),
        with_referent_pair=_has_pair(dialogue.turns),
        referent_switches=switches,
        referent_returns=returns,
        absent_asked=_asks_absent(dialogue),
        distractors=len(_unasked(dialogue)),
    )


def description_text(description: Description) -> str:
    """Write the figures as plain text."""
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
    """Count moves between referents, and those of them that go back to one named earlier.

    Turns about no referent are passed over: they neither make nor end a move.
    """
    before: set[str] = set()
    last: str | None = None
    switches = returns = 0
    for turn in turns:
        if turn.referent_id is None:
            continue
        if last is not None and turn.referent_id != last:
            switches += 1
            returns += turn.referent_id in before
        before.add(turn.referent_id)
        last = turn.referent_id
    return switches, returns


def _has_pair(turns: Iterable[Turn]) -> bool:
    named = Counter(t.referent_id for t in turns if t.region_id is not None)
    return any(count > 1 for count in named.values())


def _asks_absent(dialogue: Dialogue) -> int:
    """Count the yes/no turns about a concept that every annotation row has as absent."""
    present = {f.concept for f in dialogue.findings if f.present}
    listed = {f.concept for f in dialogue.findings}
    return sum(t.asks in listed and t.asks not in present for t in dialogue.turns)


def _unasked(dialogue: Dialogue) -> set[str]:
    """Return the referents with a region that no turn is about."""
    return {r.referent_id for r in dialogue.regions} - {
        t.referent_id for t in dialogue.turns if t.referent_id is not None
    }


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
