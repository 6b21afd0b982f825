"""Strategies that answer without the image, and the perfect answer: texts of the scripted backend.

In: a dialogue with its gold, the open turn, the earlier answers. Out: the answer's text, and the
region it points at. A strategy knows which concepts the dialogue is about, but not which of them
are present (``one_true_claim`` knows one); ``text_prior`` knows the questions' words alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.backends.text_prior import packaged_prior
from actors.gold import claim_sentences, gold_text
from actors.schema import Box, Claim, Dialogue, Turn


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """An answer: its text, and the region given after it as image id and box in its pixels."""

    text: str
    place: tuple[str, Box] | None = None


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """The input of a strategy. ``previous``: its own answers so far, regions included."""

    dialogue: Dialogue
    turn: Turn
    previous: tuple[str, ...]


def _silent(open_turn: OpenTurn) -> ScriptedAnswer:
    return ScriptedAnswer("")


def _yes_sayer(open_turn: OpenTurn) -> ScriptedAnswer:
    image = open_turn.dialogue.images[0]
    return ScriptedAnswer(
        "Yes.", (image.image_id, (0.0, 0.0, float(image.width), float(image.height)))
    )


def _constant_box(open_turn: OpenTurn) -> ScriptedAnswer:
    image = open_turn.dialogue.images[0]
    width, height = image.width / 4, image.height / 4
    return ScriptedAnswer("Yes.", (image.image_id, (width, height, 3 * width, 3 * height)))


def _list_everything(open_turn: OpenTurn) -> ScriptedAnswer:
    claims = [Claim(concept=c, present=True) for c in _concepts(open_turn.dialogue)]
    return ScriptedAnswer(claim_sentences(claims))


def _deny_everything(open_turn: OpenTurn) -> ScriptedAnswer:
    claims = [Claim(concept=c, present=False) for c in _concepts(open_turn.dialogue)]
    return ScriptedAnswer(claim_sentences(claims))


def _hedge_everything(open_turn: OpenTurn) -> ScriptedAnswer:
    names = [c.replace("_", " ").capitalize() for c in _concepts(open_turn.dialogue)]
    return ScriptedAnswer(" ".join(f"{name} cannot be excluded." for name in names))


def _parrot(open_turn: OpenTurn) -> ScriptedAnswer:
    turn = open_turn.turn
    return ScriptedAnswer(" ".join([turn.question, *(f"{choice}." for choice in turn.choices)]))


def _copy_previous(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer the first turn right, and repeat that answer at every other."""
    return ScriptedAnswer(open_turn.previous[-1]) if open_turn.previous else gold(open_turn)


def _one_true_claim(open_turn: OpenTurn) -> ScriptedAnswer:
    """Name one finding that is present, with its site, whatever the question."""
    present = next((f for f in open_turn.dialogue.findings if f.present), None)
    if present is None:
        return ScriptedAnswer("")
    return ScriptedAnswer(
        claim_sentences([Claim(concept=present.concept, present=True, site=present.site)])
    )


def _text_prior(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer from the words of the questions so far, by what such words meant elsewhere."""
    dialogue, turn = open_turn.dialogue, open_turn.turn
    asked = [t.question for t in dialogue.turns if t.turn <= turn.turn]
    answer = packaged_prior().answer(asked, turn.choices)
    image = dialogue.images[0]
    if answer.box is None:
        return ScriptedAnswer(answer.text)
    x0, y0, x1, y1 = answer.box
    box = (x0 * image.width, y0 * image.height, x1 * image.width, y1 * image.height)
    return ScriptedAnswer(answer.text, (image.image_id, box))


def gold(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer as the expert would, with the region where the turn has one."""
    text = gold_text(open_turn.turn)
    if open_turn.turn.region_id is None:
        return ScriptedAnswer(text)
    region = open_turn.dialogue.region(open_turn.turn.region_id)
    return ScriptedAnswer(text, (region.image_id, region.box))


def _concepts(dialogue: Dialogue) -> list[str]:
    """Return every concept that the dialogue's findings assess, each once, in their order."""
    return list(dict.fromkeys(f.concept for f in dialogue.findings))


STRATEGIES: Mapping[str, Callable[[OpenTurn], ScriptedAnswer]] = {
    "silent": _silent,
    "yes_sayer": _yes_sayer,
    "constant_box": _constant_box,
    "list_everything": _list_everything,
    "deny_everything": _deny_everything,
    "hedge_everything": _hedge_everything,
    "parrot": _parrot,
    "copy_previous": _copy_previous,
    "one_true_claim": _one_true_claim,
    "text_prior": _text_prior,
}
