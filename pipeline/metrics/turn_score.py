"""The score of one turn, by its answer type.

In: a turn with its gold answer, the final text, the judged claims, whether the region was found.
Out: what was parsed, and a score in [0, 1]. The rules are docs/measures.md, "turn_accuracy".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.schema import Turn
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import JudgedClaim, compatible, says
from pipeline.parsing.answers import parse_boolean, parse_choice
from pipeline.parsing.numbers import parse_gold_number, parse_number
from pipeline.parsing.phrases import phrase_matches

_SLACK = 1e-9  # the tolerance is met where only floating point says otherwise


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What an answer was read as; ``parseable`` False: its type asks for more than it gives."""

    text: str | None
    parseable: bool
    value: float | None = None


def parse_answer(turn: Turn, text: str, language: str = "en") -> Parsed:
    """Parse the answer types that are read from the text alone: boolean, choice, number, phrase."""
    answer: str | None
    if turn.answer_type == "boolean":
        answer = parse_boolean(text, language)
        return Parsed(text=answer, parseable=answer is not None)
    if turn.answer_type == "choice":
        answer = parse_choice(text, turn.choices)
        return Parsed(text=answer, parseable=answer is not None)
    if turn.answer_type == "number" and turn.answer is not None:
        _, unit = parse_gold_number(turn.answer)
        value = parse_number(text, unit)
        if value is None:
            return Parsed(text=None, parseable=False)
        shown = f"{value:.6g} {unit}" if unit else f"{value:.6g}"
        return Parsed(text=shown, parseable=True, value=value)
    if turn.answer_type == "phrase":
        return Parsed(text=text or None, parseable=bool(text))
    return Parsed(text=None, parseable=True)


def score_turn(
    turn: Turn,
    parsed: Parsed,
    claims: Sequence[JudgedClaim],
    hit: bool | None,
    lexicon: Lexicon,
) -> tuple[Parsed, float | None]:
    """Score one turn; None where its gold gives nothing to score against.

    Returns:
        What was parsed, completed for the types read from claims and boxes, and the score.
    """
    if turn.answer_type == "region":
        return parsed, None if hit is None else float(hit)
    if turn.answer_type == "text":
        return parsed, text_f1(turn, claims, lexicon)
    if turn.answer is None:
        return parsed, None
    if turn.answer_type == "phrase":
        return parsed, float(phrase_matches(parsed.text or "", accepted_answers(turn)))
    if turn.answer_type == "number":
        return parsed, float(_within(turn, parsed.value))
    if turn.answer_type == "concept":
        named = affirmed_of_group(turn.answer, claims, lexicon)
        parsed = Parsed(text=", ".join(sorted(named)) or None, parseable=bool(named))
        return parsed, float(named == {turn.answer} and not _also_denied(turn.answer, claims))
    if turn.answer_type == "boolean" and parsed.text is None:
        parsed = _by_claims(turn.asks, claims)
    gold = turn.answer.strip()
    same = parsed.text is not None and parsed.text.lower() == gold.lower()
    return parsed, float(same and parsed.text != "uncertain")


def accepted_answers(turn: Turn) -> tuple[str, ...]:
    """Return the answer of a phrase turn and those accepted as well."""
    return (*(() if turn.answer is None else (turn.answer,)), *turn.accepted)


def text_f1(turn: Turn, claims: Sequence[JudgedClaim], lexicon: Lexicon) -> float | None:
    """Return the F1 of the recall of the expert's claims and the precision of the model's.

    Recall: expert's claims that the model affirms or denies alike, over all of them. Precision:
    supported over all checkable claims of the turn; where the model made none that is checkable,
    recall alone decides. None where the expert claims nothing.
    """
    if not turn.claims:
        return None
    certain = [c for c in claims if c.certain]
    said = sum(any(says(c.claim, e, lexicon) for c in certain) for e in turn.claims)
    recall = said / len(turn.claims)
    judged = [c for c in certain if c.verdict is not None]
    if not judged:
        return recall
    precision = sum(c.verdict == "supported" for c in judged) / len(judged)
    return 2 * recall * precision / (recall + precision) if recall + precision > 0 else 0.0


def affirmed_of_group(
    concept: str, claims: Sequence[JudgedClaim], lexicon: Lexicon
) -> frozenset[str]:
    """Return the concepts of ``concept``'s group (itself included) that the model affirmed.

    A site or a change counts as affirmed where an affirmed claim names it.
    """
    affirmed: set[str] = set()
    for judged in claims:
        claim = judged.claim
        if judged.certain and claim.present:
            affirmed.update(v for v in (claim.concept, claim.site, claim.change) if v is not None)
    return frozenset(a for a in affirmed if a == concept or lexicon.exclusive(concept, a))


def affirmed_alone(concept: str, claims: Sequence[JudgedClaim], lexicon: Lexicon) -> bool:
    """Return whether the model affirmed the concept and no other one of its group."""
    return affirmed_of_group(concept, claims, lexicon) == {concept}


def _also_denied(concept: str, claims: Sequence[JudgedClaim]) -> bool:
    """Return whether an answer that affirms a concept denies it as well.

    Two claims that both name a site are about two things where the sites differ.
    """
    certain = [c.claim for c in claims if c.certain]
    affirmed = [c for c in certain if c.present and concept in (c.concept, c.site)]
    denied = [c for c in certain if not c.present and c.change is None]
    return any(
        a.concept == d.concept and compatible(a.site, d.site) for a in affirmed for d in denied
    )


def _by_claims(asks: str | None, claims: Sequence[JudgedClaim]) -> Parsed:
    """Read the yes or no of an answer that names none from its one certain claim about ``asks``.

    Doubt about it, without a certain claim, is ``uncertain``.
    """
    about = [c for c in claims if c.claim.concept == asks]
    said = {c.claim.present for c in about if c.certain}
    if len(said) == 1:
        return Parsed(text="yes" if said.pop() else "no", parseable=True)
    doubted = bool(about) and not said
    return Parsed(text="uncertain" if doubted else None, parseable=doubted)


def _within(turn: Turn, value: float | None) -> bool:
    if value is None or turn.answer is None:
        return False
    gold, _ = parse_gold_number(turn.answer)
    return abs(value - gold) <= (turn.tolerance or 0.0) + _SLACK * max(1.0, abs(gold))
