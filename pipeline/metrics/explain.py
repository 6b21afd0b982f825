"""One dialogue in plain text: questions, answers as read, and the parts of each measure.

In: a ``DialogueReading``. Out: plain text.
"""

from collections.abc import Iterator

from actors.schema import Box, Claim
from pipeline.metrics.base import DialogueReading, JudgedClaim, Score, TurnReading
from pipeline.metrics.hallucination import checkable, hallucination_rate
from pipeline.metrics.reasoning_coherence import Coherence, coherence, reasoning_coherence
from pipeline.metrics.turn_accuracy import turn_accuracy
from pipeline.metrics.visual_consistency import pairs, visual_consistency


def explain(reading: DialogueReading) -> str:
    """Write out a dialogue turn by turn, then the four measures with their parts."""
    d = reading.dialogue
    lines = [f"{d.dialogue_id}: {d.specialty}, {d.modality}, boxes read as {reading.dialect}"]
    for turn in reading.turns:
        lines += ["", *_turn(turn)]
    lines += ["", *explain_measures(reading)]
    return "\n".join(lines)


def _turn(reading: TurnReading) -> Iterator[str]:
    turn = reading.turn
    yield f"turn {turn.turn} ({turn.answer_type}{f', {turn.step}' if turn.step else ''})"
    yield f"  question  {turn.question}"
    for letter, choice in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", turn.choices, strict=False):
        yield f"            ({letter}) {choice}"
    if turn.answer is not None:
        yield f"  gold      {turn.answer}"
    if reading.text is None:
        yield "  answer    none: the turn failed or is missing"
    else:
        yield f"  answer    {reading.text}"
        if reading.reasoning_removed:
            yield f"  reasoning {reading.reasoning_removed} characters taken off"
        if turn.answer_type in ("boolean", "choice", "number", "concept"):
            yield f"  read as   {reading.answer if reading.answer is not None else 'nothing'}"
    yield f"  score     {'not scored' if reading.score is None else f'{reading.score:.2f}'}"
    for judged in reading.claims:
        yield f"  claim     {_claim(judged.claim)}: {_verdict(judged)}"
    if reading.region is not None:
        region = f"{reading.region.region_id} {_box(reading.region.box)}"
        yield f"  region    {region}: {_found(reading)}"


def _found(reading: TurnReading) -> str:
    if reading.hit is None:
        return "cannot be found by declaration"
    where = "no box" if reading.box is None else f"answered {_box(reading.box)}"
    overlap = f", IoU {reading.iou:.2f}" if reading.iou is not None else ""
    return f"{where}{overlap}, {'found' if reading.hit else 'not found'}"


def _verdict(judged: JudgedClaim) -> str:
    if judged.verdict is None:
        return "not counted" if judged.certain else "uncertain"
    fault = f" ({judged.fault.replace('_', ' ')})" if judged.fault else ""
    return judged.verdict + fault


def explain_measures(reading: DialogueReading) -> Iterator[str]:
    """Write out the four measures of a dialogue with their parts, a line each."""
    yield _row(turn_accuracy(reading))
    yield _row(visual_consistency(reading))
    for pair in pairs(reading):
        first, second = pair.first.turn.turn, pair.second.turn.turn
        kept = "consistent" if pair.consistent else "not consistent"
        if pair.overlap is False:
            kept += ", the boxes lie apart"
        yield f"  turns {first} and {second}: {kept}"
    yield _row(reasoning_coherence(reading))
    yield f"  {_parts(coherence(reading))}"
    for c in reading.contradictions:
        why = "not counted" if c.forgiven else "but not forgiven"
        revised = f" (revised, {why})" if c.revised else ""
        yield (
            f"  turn {c.earlier_turn} says {_claim(c.earlier)}, "
            f"turn {c.later_turn} says {_claim(c.later)}{revised}"
        )
    yield _row(hallucination_rate(reading))
    for judged in checkable(reading):
        if judged.verdict != "supported":
            yield f"  {_claim(judged.claim)}: {_verdict(judged)}"


def _parts(parts: Coherence) -> str:
    r = "undefined" if parts.recall is None else f"{parts.recall:.2f}"
    s = "undefined" if parts.support is None else f"{parts.support:.2f}"
    return f"R {r}, S {s}, C {parts.contradiction:.2f}"


def _row(score: Score) -> str:
    if score.status == "unscored":
        return f"{score.metric}: unscored, {score.reason}"
    share = score.numerator / score.denominator
    return f"{score.metric}: {score.numerator:g} / {score.denominator:g} = {share:.3f}"


def _claim(claim: Claim) -> str:
    site = f" at {claim.site}" if claim.site else ""
    change = f", {claim.change}" if claim.change else ""
    return f"{'' if claim.present else 'no '}{claim.concept}{site}{change}"


def _box(box: Box) -> str:
    return f"[{', '.join(f'{v:.0f}' for v in box)}]"
