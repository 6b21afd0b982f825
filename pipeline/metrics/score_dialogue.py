"""A dialogue and the model's responses, turned into score rows.

In: one dialogue, its responses, the lexicon and the declared box dialect. Out: one ``Score`` per
metric name: the four measures always (unscored with a reason where undefined), every secondary
metric only where its denominator is above 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from actors.schema import Dialogue
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.apart import claims_apart
from pipeline.metrics.base import DialogueReading, Response, Score, ratio
from pipeline.metrics.grounding_views import grounding_views
from pipeline.metrics.hallucination import hallucination_rate, hallucination_views
from pipeline.metrics.outcomes import bounds, outcome_views
from pipeline.metrics.phrases import phrase_views
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.reasoning_coherence import reasoning_coherence
from pipeline.metrics.turn_accuracy import turn_accuracy, turn_accuracy_by_turn
from pipeline.metrics.views import answer_views, baseline_views, claim_views
from pipeline.metrics.visual_consistency import visual_consistency

MEASURES: tuple[Callable[[DialogueReading], Score], ...] = (
    turn_accuracy,
    visual_consistency,
    reasoning_coherence,
    hallucination_rate,
)
# A further metric is a file of its own and its function here.
SECONDARY: tuple[Callable[[DialogueReading], list[Score]], ...] = (
    turn_accuracy_by_turn,
    answer_views,
    baseline_views,
    grounding_views,
    hallucination_views,
    claim_views,
    claims_apart,
    outcome_views,
    phrase_views,
)
# What rests on claims.
OF_CLAIMS = (
    reasoning_coherence,
    hallucination_rate,
    hallucination_views,
    claim_views,
    claims_apart,
)


def score_dialogue(
    dialogue: Dialogue, responses: Mapping[int, Response], lexicon: Lexicon, dialect: str
) -> list[Score]:
    """Score one dialogue; see ``read_dialogue`` for the arguments and the errors."""
    return score_reading(read_dialogue(dialogue, responses, lexicon, dialect))


def score_reading(reading: DialogueReading) -> list[Score]:
    """Score one dialogue that has been read."""
    if reading.claims_unread is not None:
        return _without_claims(reading, reading.claims_unread)
    measures = [measure(reading) for measure in MEASURES]
    secondary = [row for rows in SECONDARY for row in rows(reading)]
    secondary += bounds(reading, MEASURES, measures)
    return measures + [row for row in secondary if row.status == "scored"]


def _without_claims(reading: DialogueReading, reason: str) -> list[Score]:
    """Score a dialogue whose claims are not read: what rests on claims is unscored, never 0."""
    rows = [measure(reading) for measure in MEASURES if measure not in OF_CLAIMS]
    rows = [row if row.status == "scored" else replace(row, reason=reason) for row in rows]
    rows += [ratio(name, 0, 0, reason) for name in ("reasoning_coherence", "hallucination_rate")]
    further = [row for rows_of in SECONDARY if rows_of not in OF_CLAIMS for row in rows_of(reading)]
    return rows + [row for row in further if row.status == "scored"]
