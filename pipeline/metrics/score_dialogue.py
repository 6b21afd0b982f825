"""A dialogue and the model's responses, turned into score rows.

In: one dialogue, its responses, the lexicon and the declared box dialect. Out: one ``Score`` per
metric name: the four measures always (unscored with a reason where undefined), every other view
only where its denominator is above 0.
"""

from collections.abc import Mapping

from actors.schema import Dialogue
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import DialogueReading, Response, Score
from pipeline.metrics.grounding_views import grounding_views
from pipeline.metrics.hallucination import hallucination_rate, hallucination_views
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.reasoning_coherence import reasoning_coherence
from pipeline.metrics.turn_accuracy import turn_accuracy, turn_accuracy_by_turn
from pipeline.metrics.views import answer_views, baseline_views, claim_views
from pipeline.metrics.visual_consistency import visual_consistency


def score_dialogue(
    dialogue: Dialogue, responses: Mapping[int, Response], lexicon: Lexicon, dialect: str
) -> list[Score]:
    """Score one dialogue; see ``read_dialogue`` for the arguments and the errors."""
    return score_reading(read_dialogue(dialogue, responses, lexicon, dialect), lexicon)


def score_reading(reading: DialogueReading, lexicon: Lexicon) -> list[Score]:
    """Score one dialogue that has been read."""
    headline = [
        turn_accuracy(reading),
        visual_consistency(reading),
        reasoning_coherence(reading, lexicon),
        hallucination_rate(reading),
    ]
    views = [
        *turn_accuracy_by_turn(reading),
        *answer_views(reading),
        *baseline_views(reading),
        *grounding_views(reading),
        *hallucination_views(reading),
        *claim_views(reading, lexicon),
    ]
    return headline + [row for row in views if row.status == "scored"]
