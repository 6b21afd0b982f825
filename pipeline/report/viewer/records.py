"""One dialogue as the viewer shows it.

In: a ``DialogueReading`` and the same dialogue read for other runs. Out: JSON values. With text
left out, questions, answers, options and gold stay away; claims (concepts), boxes, scores remain.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from actors.schema import Box, Claim, Image, Turn
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import DialogueReading, JudgedClaim, TurnReading
from pipeline.metrics.explain import explain_measures
from pipeline.report.viewer.pictures import identity

Record = dict[str, Any]  # JSON values


def dialogue_record(
    reading: DialogueReading,
    others: Mapping[str, DialogueReading],
    lexicon: Lexicon,
    pictures: Mapping[str, str],
    text: bool,
) -> Record:
    """Return one dialogue as the viewer's scripts read it.

    Args:
        reading: this run's answers, judged.
        others: by label, the same dialogue as other runs answered it.
        lexicon: names of the concepts.
        pictures: by the image's ``identity``, its picture's path below the report; an image without
            one is named only.
        text: whether questions and answers may be shown.
    """
    d = reading.dialogue
    facts = ("specialty", "modality", "source", "health_system", "language", "perturbation")
    matched = {label: {t.turn.turn: t for t in o.turns} for label, o in others.items()}
    return {
        "id": d.dialogue_id,
        "facts": [[name.replace("_", " "), getattr(d, name)] for name in facts if getattr(d, name)],
        "images": [_image(image, pictures) for image in d.images],
        "turns": [
            _turn(t, lexicon, text)
            | {"others": [_other(label, by[t.turn.turn], text) for label, by in matched.items()]}
            for t in reading.turns
        ],
        "why": list(explain_measures(reading)),
    }


def _image(image: Image, pictures: Mapping[str, str]) -> Record:
    return {
        "id": image.image_id,
        "role": image.role,
        "days_before": image.days_before,
        "width": image.width,
        "height": image.height,
        "src": pictures.get(identity(image)),
    }


def _turn(reading: TurnReading, lexicon: Lexicon, text: bool) -> Record:
    turn = reading.turn
    record: Record = {
        "n": turn.turn,
        "type": turn.answer_type,
        "step": turn.step,
        "failed": reading.failed,
        "score": _rounded(reading.score),
        "shows": list(turn.image_ids),
        "claims": [_claim(c, lexicon, text) for c in reading.claims],
        "box": _box(reading.box),
        "iou": _rounded(reading.iou),
        "hit": reading.hit,
        "region": None,
    }
    if reading.region is not None:
        record["region"] = {"image": reading.region.image_id, "box": _box(reading.region.box)}
    if text:
        record |= {
            "question": turn.question,
            "choices": list(turn.choices),
            "gold": _gold(turn, lexicon),
            "text": reading.text,
            "read_as": reading.answer,
            "reasoning_removed": reading.reasoning_removed,
        }
    return record


def _other(label: str, reading: TurnReading, text: bool) -> Record:
    record: Record = {
        "run": label,
        "failed": reading.failed,
        "score": _rounded(reading.score),
        "box": _box(reading.box),
    }
    return record | ({"text": reading.text} if text else {})


def _claim(judged: JudgedClaim, lexicon: Lexicon, text: bool) -> Record:
    verdict = judged.verdict or ("not counted" if judged.certain else "uncertain")
    span = [judged.assertion.start, judged.assertion.end] if text else [-1, -1]
    fault = judged.fault.replace("_", " ") if judged.fault else None
    return {
        "told": _claim_text(judged.claim, lexicon),
        "verdict": verdict,
        "fault": fault,
        "span": span,
    }


def _claim_text(claim: Claim, lexicon: Lexicon) -> str:
    """Return a claim in words, with the lexicon's names."""
    parts = ["" if claim.present else "no ", _name(claim.concept, lexicon)]
    if claim.site:
        parts.append(f", {_name(claim.site, lexicon)}")
    if claim.change and claim.change != claim.concept:
        parts.append(f", {_name(claim.change, lexicon)}")
    return "".join(parts)


def _name(concept: str, lexicon: Lexicon) -> str:
    known = lexicon.concepts.get(concept)
    return concept if known is None else known.name


def _gold(turn: Turn, lexicon: Lexicon) -> str | None:
    if turn.answer is None:
        return None
    if turn.answer_type == "concept":
        return _name(turn.answer, lexicon)
    if turn.answer_type == "number" and turn.tolerance:
        return f"{turn.answer} ± {turn.tolerance:g}"
    return turn.answer


def _box(box: Box | Sequence[float] | None) -> list[float] | None:
    return None if box is None else [round(v, 1) for v in box]


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
