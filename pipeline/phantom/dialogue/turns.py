"""From a script to the dialogue's turns: questions, gold answers and gold claims.

In: a ``Scene`` and its items. Out: numbered turns with their images. The claims keep to four rules,
so that a perfect answer is never held against itself:

- a finding that is there is always claimed with its site, one that is not there without, unless
  it has resolved;
- a change is claimed only at a turn by which the prior image was shown;
- of one attribute group a dialogue claims one value; a second lesion that looks otherwise is
  asked about by letter or by yes and no, without a claim;
- ``asks`` is set only where a bare yes or no is true of the whole image.
"""

from dataclasses import replace

import numpy as np

from actors.schema import Turn
from pipeline.phantom.dialogue.annotation import image_id
from pipeline.phantom.dialogue.image_turns import absent, count, diagnose, whole
from pipeline.phantom.dialogue.lesion_turns import characterise, compare, find, mark, size
from pipeline.phantom.dialogue.phrases import Mentions
from pipeline.phantom.dialogue.script import Item
from pipeline.phantom.dialogue.turn_writer import Telling
from pipeline.phantom.scene import Scene

# The share of five annotators who agree with the expert: 0.82 on average.
_AGREEMENT: dict[float, float] = {0.4: 0.06, 0.6: 0.2, 0.8: 0.32, 1.0: 0.42}
_PRIOR_AT_START = 0.4


def tell(
    rng: np.random.Generator, scene: Scene, items: tuple[Item, ...], dialogue_id: str
) -> tuple[Turn, ...]:
    """Write the turns of a dialogue."""
    telling = Telling(
        rng=rng,
        scene=scene,
        mentions=Mentions(scene.referents),
        claimed=dict(scene.primary.attributes) if scene.primary is not None else {},
    )
    shown = _prior_shown_at(rng, scene, items)
    agreement = rng.choice(list(_AGREEMENT), size=len(items), p=list(_AGREEMENT.values()))
    current, prior = image_id(dialogue_id, "current"), image_id(dialogue_id, "prior")
    for n, item in enumerate(items):
        turn = _write(telling, item)
        telling.mentions.note(item.referent)
        images = ((current,) if n == 0 else ()) + ((prior,) if n == shown else ())
        telling.turns.append(
            replace(turn, turn=n + 1, image_ids=images, agreement=float(agreement[n]))
        )
    return tuple(telling.turns)


def _write(telling: Telling, item: Item) -> Turn:
    """Write the turn that an item asks for."""
    if item.kind == "absent":
        return absent(telling, item.detail)
    if item.kind == "count":
        return count(telling, item.detail)
    if item.kind == "whole":
        return whole(telling)
    if item.kind == "diagnose" or item.referent is None:
        return diagnose(telling, _chain(telling))
    if item.kind == "characterise":
        return characterise(telling, item.referent, item.detail)
    return {"find": find, "compare": compare, "size": size, "mark": mark}[item.kind](
        telling, item.referent
    )


def _chain(telling: Telling) -> tuple[int, ...]:
    """The turns so far that the diagnosis rests on: the deciding lesion's steps, or all denials."""
    primary = telling.scene.primary
    about = primary.referent_id if primary is not None else None
    return tuple(t.turn for t in telling.turns if t.step is not None and t.referent_id == about)


def _prior_shown_at(rng: np.random.Generator, scene: Scene, items: tuple[Item, ...]) -> int | None:
    """The index of the turn that brings the prior: the first, or the first that needs it."""
    if scene.prior is None:
        return None
    needs = [n for n, item in enumerate(items) if item.referent is not None and _needs_prior(item)]
    if not needs or rng.random() < _PRIOR_AT_START:
        return 0
    return needs[0]


def _needs_prior(item: Item) -> bool:
    gone = item.referent is not None and item.referent.current is None
    return item.kind == "compare" or gone
