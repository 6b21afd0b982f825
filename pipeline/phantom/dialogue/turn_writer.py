"""What the turn writers share: the dialogue so far, and small builders of turns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from actors.gold import claim_sentences
from actors.schema import Claim, Turn
from pipeline.phantom.dialogue.annotation import region_id
from pipeline.phantom.dialogue.phrases import Mentions, come_back, phrase, spoken
from pipeline.phantom.scene import Referent, Scene, shuffled

_LETTERS = "ABCDEFGH"


@dataclass
class Draft:
    """A dialogue in the making.

    ``claimed`` holds the one value per attribute group that the dialogue may claim; turns are
    numbered and given their images and agreement at the end.
    """

    rng: np.random.Generator
    scene: Scene
    mentions: Mentions
    claimed: dict[str, str]
    turns: list[Turn] = field(default_factory=list)

    def draw(self, forms: Sequence[tuple[str, float]]) -> str:
        """Draw one of the weighted forms that a question can take."""
        total = sum(weight for _, weight in forms)
        shares = [weight / total for _, weight in forms]
        return forms[int(self.rng.choice(len(forms), p=shares))][0]

    def about(self, referent: Referent, kind: str, **fields: object) -> str:
        """Ask about a lesion: by "it", by name, or by a return that names it first."""
        noun = self.scene.modality.image_noun
        name = self.mentions.name(referent)
        if self.mentions.is_last(referent) and self.rng.random() < 0.5:
            return phrase(self.rng, kind, ref="it", noun=noun, **fields)
        if self.mentions.is_return(referent) and self.rng.random() < 0.7:
            reference = self.mentions.ordinal(referent) or name
            question = phrase(self.rng, kind, ref="it", noun=noun, **fields)
            return come_back(self.rng, reference, question)
        return phrase(self.rng, kind, ref=name, noun=noun, **fields)

    def ask(self, kind: str, **fields: object) -> str:
        """Ask about the image as a whole or about a site."""
        return phrase(self.rng, kind, noun=self.scene.modality.image_noun, **fields)

    def options(self, right: str, others: Sequence[str], most: int) -> tuple[str, tuple[str, ...]]:
        """Shuffle the right concept among wrong ones; return its letter and the options' names."""
        wrong = shuffled(self.rng, others)[: most - 1]
        order = shuffled(self.rng, [right, *wrong])
        return _LETTERS[order.index(right)], tuple(spoken(concept) for concept in order)


def claim_of(referent: Referent, change: bool = False) -> Claim:
    """Return the sited claim that a lesion is present (or, resolved, absent)."""
    return Claim(
        concept=referent.concept,
        present=referent.current is not None,
        site=referent.site,
        change=referent.change if change else None,
    )


def turn_about(referent: Referent, **columns: object) -> Turn:
    """Return a turn, not yet numbered, about one lesion, which the answer must point at."""
    role = "current" if referent.current is not None else "prior"
    return Turn(
        turn=0,
        referent_id=referent.referent_id,
        region_id=region_id(referent, role),
        **columns,  # type: ignore[arg-type]
    )


def sentence(step: str | None, *claims: Claim) -> str:
    """Return the expert's sentence for a text answer."""
    return claim_sentences(claims, step)
