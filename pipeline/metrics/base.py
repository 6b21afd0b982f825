"""What all metrics share: responses in, one reading per turn and dialogue, score rows out.

A dialogue is read once (``pipeline.metrics.reading``); every metric, the explanation of a
dialogue and the viewer work on that same reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from actors.gold import RESOLVED
from actors.schema import Box, Claim, Dialogue, Region, Row, Turn
from pipeline.claims import Assertion
from pipeline.dataset.lexicon import Lexicon

ClaimVerdict = Literal["supported", "contradicted", "unverifiable"]
Fault = Literal[
    "false_finding", "wrong_site", "wrong_change", "false_denial", "change_without_prior"
]
Outcome = Literal["answered", "failed", "refused", "truncated", "uncertain", "unparseable"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FAULTS: tuple[Fault, ...] = get_args(Fault)
RIGHT = 0.5  # the least turn score that counts as a right turn where a yes or no is needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What the model answered at one turn; ``text`` None: the turn failed or has no record.

    ``input_sizes``: width and height in pixels at which each image (by id) entered the model.
    ``truncated``: the answer was cut off at the length limit. ``refused``: the model or its
    provider's filter declined, as the provider says.
    """

    text: str | None
    truncated: bool = False
    refused: bool = False
    input_sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Row) -> "Response":
        """Return the response of a turn-output row; a failed turn has none, whatever it holds."""
        sizes = row.get("input_sizes") or ()
        return cls(
            text=row["response"] if row["status"] == "ok" else None,
            truncated=row.get("finish_reason") == "length",
            refused=row.get("finish_reason") == "refusal",
            input_sizes={s["image_id"]: (s["width"], s["height"]) for s in sizes},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One score row of a dialogue, less its id. Over dialogues: sum numerators, denominators."""

    metric: str
    numerator: float
    denominator: float
    status: Literal["scored", "unscored"]
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedClaim:
    """One assertion of the model and how it meets the annotation.

    ``verdict`` is None where the claim does not count towards hallucination: an uncertain one, or
    one of a concept that no image can support. ``fault`` names how a contradicted claim is wrong.
    """

    assertion: Assertion
    verdict: ClaimVerdict | None
    fault: Fault | None

    @property
    def claim(self) -> Claim:
        """The claim itself."""
        return self.assertion.claim

    @property
    def certain(self) -> bool:
        """Whether the model committed itself."""
        return self.assertion.certainty == "certain"


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnReading:
    """One turn as judged.

    ``text`` is the final answer without reasoning and region markup (None: failed or missing); the
    spans of ``claims`` refer to it. ``truncated``: it was cut off at the length limit. ``answer``
    is what was parsed for the answer type, as text (None: nothing could be). ``score`` is in
    [0, 1]; None: the turn cannot be scored by declaration (see docs/measures.md). ``box`` and
    ``iou`` belong to ``region``, in pixels of its stored image; ``iou`` is None where there is no
    region or the box is a point. ``hit``: whether the region was found, None where there is none
    to find. ``asserted``: the claims that the model committed itself to, in the order of the text.
    ``refused`` as in ``Response``.
    """

    turn: Turn
    text: str | None
    truncated: bool
    reasoning_removed: int
    answer: str | None
    parseable: bool
    score: float | None
    claims: tuple[JudgedClaim, ...]
    asserted: tuple[JudgedClaim, ...]
    region: Region | None
    box: Box | None
    iou: float | None
    hit: bool | None
    refused: bool = False

    @property
    def failed(self) -> bool:
        """Whether there is no response at all."""
        return self.text is None

    @property
    def referent_id(self) -> str | None:
        """The thing that the turn's region shows; None without a region."""
        return self.region.referent_id if self.region is not None else None

    @property
    def correct(self) -> bool:
        """Whether the turn counts as right where a yes or no is needed."""
        return self.score is not None and self.score >= RIGHT


@dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """Two claims of the model, at an earlier and a later turn, that cannot both hold."""

    subject: str  # the concept, or the group of exclusive concepts
    earlier_turn: int
    earlier: Claim
    later_turn: int
    later: Claim
    revised: bool  # the later answer declares the correction
    forgiven: bool  # and the annotation supports it, so that it does not count


@dataclass(frozen=True, kw_only=True, slots=True)
class DialogueReading:
    """One dialogue as judged: its turns in order, and where the model contradicts itself.

    ``lexicon``: the vocabulary it was read with. ``subjects``: the concepts (or exclusive groups)
    claimed at two turns or more. ``outcomes``: what became of each turn. ``claims_unread``: why no
    claims were read, where none could be.
    """

    dialogue: Dialogue
    lexicon: Lexicon
    dialect: str
    turns: tuple[TurnReading, ...]
    subjects: frozenset[str]
    contradictions: tuple[Contradiction, ...]
    outcomes: tuple[Outcome, ...]
    claims_unread: str | None = None


def ratio(metric: str, numerator: float, denominator: float, reason: str = "") -> Score:
    """Make a score row; a denominator of 0 makes it unscored, for ``reason``."""
    scored = denominator > 0
    return Score(
        metric=metric,
        numerator=float(numerator) if scored else 0.0,
        denominator=float(denominator) if scored else 0.0,
        status="scored" if scored else "unscored",
        reason=None if scored else reason,
    )


def agree(own: Claim, expert: Claim, lexicon: Lexicon) -> bool:
    """Return whether a claim is the expert's, wherever both name a site or a change."""
    return (
        (own.concept, own.present) == (expert.concept, expert.present)
        and lies_in(expert.site, own.site, lexicon)
        and compatible(own.change, expert.change)
    )


def lies_in(site: str | None, named: str | None, lexicon: Lexicon) -> bool:
    """Return whether a place is the one that is named, or a part of it; true if one is unknown."""
    return compatible(site, named) or lexicon.is_broader(str(named), str(site))


def compatible(a: str | None, b: str | None) -> bool:
    """Return whether two places or changes are the same, or one of them is not named."""
    return a is None or b is None or a == b


def says(own: Claim, expert: Claim, lexicon: Lexicon) -> bool:
    """Return whether a model's claim states what the expert's does.

    As ``agree``, but a change that the expert names has to be named, too: an answer to "how has it
    changed" that only repeats the finding does not. It may be named alone ("it has grown").
    """
    if expert.change is None:
        return agree(own, expert, lexicon)
    if own.concept == expert.change:
        return own.present and (expert.present or expert.change == RESOLVED)
    return own.change is not None and agree(own, expert, lexicon)
