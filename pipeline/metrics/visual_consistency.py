"""visual_consistency: is a thing located right, and at one place, whenever it comes up?

In: a reading. Out: the headline row: consistent pairs over pairs of consecutive mentions of one
referent at turns with a region.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from actors.schema import Region
from pipeline.metrics.base import DialogueReading, Score, TurnReading, ratio
from pipeline.parsing.boxes import HIT, iou, is_point

METRIC = "visual_consistency"
_LARGE = 0.5  # share of the image above which a region is no mention


@dataclass(frozen=True, slots=True)
class MentionPair:
    """Two consecutive mentions of one referent, in order."""

    first: TurnReading
    second: TurnReading

    @property
    def same_image(self) -> bool:
        """Whether both regions lie on one image."""
        return (
            self.first.region is not None
            and self.second.region is not None
            and self.first.region.image_id == self.second.region.image_id
        )

    @property
    def overlap(self) -> bool | None:
        """Whether the two boxes overlap; None where they need not, or are points."""
        a, b = self.first.box, self.second.box
        if not self.same_image or a is None or b is None or is_point(a) or is_point(b):
            return None
        return iou(a, b) >= HIT

    @property
    def consistent(self) -> bool:
        """Both regions found and, on one image, the boxes on each other."""
        return bool(self.first.hit) and bool(self.second.hit) and self.overlap is not False


def visual_consistency(reading: DialogueReading) -> Score:
    """Count consistent pairs; a failed turn makes its pairs inconsistent."""
    all_pairs = list(pairs(reading))
    reason = "no referent comes up twice with a region"
    return ratio(METRIC, sum(p.consistent for p in all_pairs), len(all_pairs), reason)


def pairs(reading: DialogueReading) -> Iterator[MentionPair]:
    """Yield the pairs of consecutive mentions of each referent, in order of the second one.

    Turns whose region cannot be found by declaration (no box, no site), or covers more than half of
    its image, are no mentions: pointing at everything would hit the latter.
    """
    last: dict[str, TurnReading] = {}
    for turn in reading.turns:
        if turn.region is None or turn.hit is None or _is_large(turn.region, reading):
            continue
        referent = turn.region.referent_id
        if referent in last:
            yield MentionPair(last[referent], turn)
        last[referent] = turn


def _is_large(region: Region, reading: DialogueReading) -> bool:
    """Return whether a region covers more than half of its image."""
    image = reading.dialogue.image(region.image_id)
    x0, y0, x1, y1 = region.box
    return (x1 - x0) * (y1 - y0) > _LARGE * image.width * image.height
