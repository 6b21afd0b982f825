"""Reading a dialogue once: every turn judged, and where the model contradicts itself.

In: a dialogue, the model's responses by turn number, the lexicon and the declared box dialect.
Out: ``DialogueReading``.
"""

from collections.abc import Mapping

from actors.boxes.dialects import dialect_named
from actors.schema import Box, Dialogue, Region, Turn
from pipeline.claims import base_language, extract_assertions, spoken_lexicon, unread_reason
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import DialogueReading, JudgedClaim, Response, TurnReading
from pipeline.metrics.contradictions import find_contradictions
from pipeline.metrics.implied import implied_claims
from pipeline.metrics.outcomes import outcome
from pipeline.metrics.turn_score import Parsed, affirmed_alone, parse_answer, score_turn
from pipeline.metrics.verdicts import judge_claims
from pipeline.parsing.boxes import hits, iou, is_point, read_box, strip_boxes
from pipeline.parsing.reasoning import strip_reasoning

_MISSING = Response(text=None)


def read_dialogue(
    dialogue: Dialogue,
    responses: Mapping[int, Response],
    lexicon: Lexicon,
    dialect: str,
) -> DialogueReading:
    """Judge every turn of a dialogue.

    Args:
        dialogue: one dialogue with its gold answers and annotation.
        responses: by turn number; a turn without one, or with text None, counts as failed.
        lexicon: the dataset's vocabulary.
        dialect: one of ``conf.schema.BOX_DIALECTS``, as declared for the checkpoint.

    Raises:
        ValueError: an unknown dialect, a gold answer its type does not allow, or a box in pixels
            of the model's input whose size the response does not give.
        KeyError: a turn names an image or a region that the dialogue does not have.
    """
    prior_shown = False
    turns = []
    for turn in sorted(dialogue.turns, key=lambda t: t.turn):
        prior_shown = prior_shown or any(
            dialogue.image(image_id).role == "prior" for image_id in turn.image_ids
        )
        response = responses.get(turn.turn, _MISSING)
        reader = _Reader(dialogue, lexicon, dialect, prior_shown)
        turns.append(reader.read(turn, response))
    subjects, contradictions = find_contradictions(turns, dialogue.findings, lexicon)
    return DialogueReading(
        dialogue=dialogue,
        lexicon=lexicon,
        dialect=dialect,
        turns=tuple(turns),
        subjects=subjects,
        contradictions=contradictions,
        outcomes=tuple(outcome(turn) for turn in turns),
        claims_unread=unread_reason(lexicon, dialogue.language),
    )


class _Reader:
    """Reads one turn in the setting of its dialogue."""

    def __init__(
        self, dialogue: Dialogue, lexicon: Lexicon, dialect: str, prior_shown: bool
    ) -> None:
        self._dialogue = dialogue
        self._lexicon = lexicon
        self._spoken = spoken_lexicon(lexicon, dialogue.language)
        self._dialect = dialect
        self._gives_regions = dialect_named(dialect).pattern is not None
        self._prior_shown = prior_shown

    def read(self, turn: Turn, response: Response) -> TurnReading:
        """Read one turn: answer, claims with verdicts, box; a failed turn has none of them."""
        region = self._dialogue.region(turn.region_id) if turn.region_id is not None else None
        text: str | None = None
        parsed, removed = Parsed(text=None, parseable=False), 0
        box: Box | None = None
        claims: tuple[JudgedClaim, ...] = ()
        if response.text is not None:
            stripped = strip_reasoning(response.text)
            removed = stripped.removed
            text = strip_boxes(stripped.final, self._dialect).strip()
            box = self._box(stripped.body, region, response)
            parsed = parse_answer(turn, text, self._dialogue.language)
            if turn.answer_type == "region" and self._gives_regions:
                parsed = Parsed(text=None, parseable=box is not None)
            claims = self._claims(turn, text, parsed.text)
        hit = self._hit(region, box, claims)
        parsed, score = score_turn(turn, parsed, claims, hit, self._lexicon)
        if self._spoken is None and turn.answer_type in ("text", "concept"):
            parsed, score = Parsed(text=None, parseable=True), None
        return TurnReading(
            turn=turn,
            text=text,
            truncated=response.truncated,
            reasoning_removed=removed,
            answer=parsed.text,
            parseable=parsed.parseable,
            score=score,
            claims=claims,
            asserted=tuple(c for c in claims if c.certain),
            region=region,
            box=box,
            iou=_overlap(region, box, self._dialect),
            hit=hit,
            refused=response.refused,
        )

    def _box(self, text: str, region: Region | None, response: Response) -> Box | None:
        if region is None:
            return None
        image = self._dialogue.image(region.image_id)
        input_size = response.input_sizes.get(image.image_id)
        return read_box(text, self._dialect, (image.width, image.height), input_size)

    def _claims(self, turn: Turn, text: str, answer: str | None) -> tuple[JudgedClaim, ...]:
        """Judge what the text asserts, and what its yes, no or letter does without saying it."""
        if self._spoken is None:
            return ()
        language = base_language(self._dialogue.language)
        assertions = extract_assertions(text, self._spoken, turn.asks, language)
        assertions += implied_claims(turn, answer, assertions, self._lexicon)
        return judge_claims(assertions, self._dialogue.findings, self._lexicon, self._prior_shown)

    def _hit(
        self, region: Region | None, box: Box | None, claims: tuple[JudgedClaim, ...]
    ) -> bool | None:
        """Return whether the region was found; None where there is nothing to find.

        A model that gives no boxes by declaration finds a region by affirming its site, and no
        other site of that group; a region without a site is then nothing to find.
        """
        if region is None:
            return None
        if self._gives_regions:
            return hits(box, region.box)
        if region.site is None or self._spoken is None:
            return None
        return affirmed_alone(region.site, claims, self._lexicon)


def _overlap(region: Region | None, box: Box | None, dialect: str) -> float | None:
    """Return the IoU of box and region; None without a region, or in a dialect without boxes."""
    if region is None or not dialect_named(dialect).has_boxes:
        return None
    return 0.0 if box is None or is_point(box) else iou(box, region.box)
