"""Rows about where the model looked, beside visual_consistency.

In: a reading. Out: score rows. All are ratios of sums; docs/measures.md says what each means.
"""

from itertools import combinations

from pipeline.metrics.base import DialogueReading, Score, TurnReading, ratio
from pipeline.metrics.visual_consistency import MentionPair, pairs
from pipeline.parsing.boxes import HIT, iou, is_point


def grounding_views(reading: DialogueReading) -> list[Score]:
    """Return accuracy and IoU of the boxes, self-consistency and the negative control."""
    mentions = [t for t in reading.turns if t.hit is not None]
    overlaps = [t.iou for t in mentions if t.iou is not None]
    all_pairs = list(pairs(reading))
    same_image = [p for p in all_pairs if p.same_image] if overlaps else []
    strangers = [
        (a, b) for a, b in combinations(mentions, 2) if overlaps and _different_things(a, b)
    ]
    switched = [p for p in all_pairs if not p.same_image]
    returned = [p for p in all_pairs if _returns(p, mentions)]
    return [
        ratio("grounding_accuracy", sum(bool(t.hit) for t in mentions), len(mentions)),
        ratio("grounding_iou", sum(overlaps), len(overlaps)),
        ratio("self_consistency", sum(bool(p.overlap) for p in same_image), len(same_image)),
        ratio("negative_control", sum(_overlapping(a, b) for a, b in strangers), len(strangers)),
        ratio("referent_kept_after_switch", sum(p.consistent for p in switched), len(switched)),
        ratio("referent_kept_after_return", sum(p.consistent for p in returned), len(returned)),
    ]


def _returns(pair: MentionPair, mentions: list[TurnReading]) -> bool:
    """Return whether another referent came up between the two mentions."""
    first, second = pair.first.turn.turn, pair.second.turn.turn
    others = [t for t in mentions if t.referent_id != pair.first.referent_id]
    return any(first < t.turn.turn < second for t in others)


def _different_things(a: TurnReading, b: TurnReading) -> bool:
    """Return whether two boxes belong to two things on one image that do not overlap themselves."""
    return (
        a.region is not None
        and b.region is not None
        and a.box is not None
        and b.box is not None
        and a.referent_id != b.referent_id
        and a.region.image_id == b.region.image_id
        and iou(a.region.box, b.region.box) < HIT
    )


def _overlapping(a: TurnReading, b: TurnReading) -> bool:
    if a.box is None or b.box is None or is_point(a.box) or is_point(b.box):
        return False
    return iou(a.box, b.box) >= HIT
