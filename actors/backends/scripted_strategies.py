"""Ways to answer without looking, and what a perfect answer is: the texts of the scripted backend.

In: a dialogue with its gold, the open turn, what was answered before. Out: the answer, less its
region, and the region it points at. A strategy knows which concepts the dialogue is about, as one
who knows the field would, but not which of them are there (``one_true_claim`` knows one).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.gold import claim_sentences, gold_text
from actors.schema import Box, Claim, Dialogue, Turn


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its text, and the region given after it as image id and box in its pixels."""

    text: str
    place: tuple[str, Box] | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What a strategy answers to. ``previous``: the own answers so far, regions included."""

    dialogue: Dialogue
    turn: Turn
    previous: tuple[str, ...]


def _silent(moment: Moment) -> Said:
    return Said("")


def _yes_sayer(moment: Moment) -> Said:
    image = moment.dialogue.images[0]
    return Said("Yes.", (image.image_id, (0.0, 0.0, float(image.width), float(image.height))))


def _constant_box(moment: Moment) -> Said:
    image = moment.dialogue.images[0]
    width, height = image.width / 4, image.height / 4
    return Said("Yes.", (image.image_id, (width, height, 3 * width, 3 * height)))


def _list_everything(moment: Moment) -> Said:
    claims = [Claim(concept=c, present=True) for c in _concepts(moment.dialogue)]
    return Said(claim_sentences(claims))


def _deny_everything(moment: Moment) -> Said:
    claims = [Claim(concept=c, present=False) for c in _concepts(moment.dialogue)]
    return Said(claim_sentences(claims))


def _hedge_everything(moment: Moment) -> Said:
    names = [c.replace("_", " ").capitalize() for c in _concepts(moment.dialogue)]
    return Said(" ".join(f"{name} cannot be excluded." for name in names))


def _parrot(moment: Moment) -> Said:
    turn = moment.turn
    return Said(" ".join([turn.question, *(f"{choice}." for choice in turn.choices)]))


def _copy_previous(moment: Moment) -> Said:
    """Answer the first turn right, and ever after the same."""
    return Said(moment.previous[-1]) if moment.previous else gold(moment)


def _one_true_claim(moment: Moment) -> Said:
    """Say one thing that is there, at its place, whatever is asked."""
    there = next((f for f in moment.dialogue.findings if f.present), None)
    if there is None:
        return Said("")
    return Said(claim_sentences([Claim(concept=there.concept, present=True, site=there.site)]))


def gold(moment: Moment) -> Said:
    """Answer as the expert would, with the region where the turn has one."""
    text = gold_text(moment.turn)
    if moment.turn.region_id is None:
        return Said(text)
    region = moment.dialogue.region(moment.turn.region_id)
    return Said(text, (region.image_id, region.box))


def _concepts(dialogue: Dialogue) -> list[str]:
    """Return every concept that the dialogue's findings assess, each once, in their order."""
    return list(dict.fromkeys(f.concept for f in dialogue.findings))


STRATEGIES: Mapping[str, Callable[[Moment], Said]] = {
    "silent": _silent,
    "yes_sayer": _yes_sayer,
    "constant_box": _constant_box,
    "list_everything": _list_everything,
    "deny_everything": _deny_everything,
    "hedge_everything": _hedge_everything,
    "parrot": _parrot,
    "copy_previous": _copy_previous,
    "one_true_claim": _one_true_claim,
}
