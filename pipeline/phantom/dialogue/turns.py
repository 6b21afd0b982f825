"""From a script to the dialogue's turns: questions, gold answers and gold claims.

In: a ``Scene`` and its questions. Out: numbered turns with their images. The claims keep to four
rules, so that a perfect answer never counts as wrong:

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
from pipeline.phantom.dialogue.script import Question
from pipeline.phantom.dialogue.turn_writer import Draft
from pipeline.phantom.scene import Scene

# The share of five annotators who agree with the expert: 0.82 on average.
_AGREEMENT: dict[float, float] = {0.4: 0.06, 0.6: 0.2, 0.8: 0.32, 1.0: 0.42}
_PRIOR_AT_START = 0.4


def write_turns(
    rng: np.random.Generator, scene: Scene, questions: tuple[Question, ...], dialogue_id: str
) -> tuple[Turn, ...]:
    """Write the turns of a dialogue."""
    draft = Draft(
        rng=rng,
        scene=scene,
        mentions=Mentions(scene.referents),
        claimed=dict(scene.primary.attributes) if scene.primary is not None else {},
    )
    shown = _prior_shown_at(rng, scene, questions)
    agreement = rng.choice(list(_AGREEMENT), size=len(questions), p=list(_AGREEMENT.values()))
    current, prior = image_id(dialogue_id, "current"), image_id(dialogue_id, "prior")
    for n, question in enumerate(questions):
        turn = _write(draft, question)
        draft.mentions.note(question.referent)
        images = ((current,) if n == 0 else ()) + ((prior,) if n == shown else ())
        draft.turns.append(
            replace(turn, turn=n + 1, image_ids=images, agreement=float(agreement[n]))
        )
    return tuple(draft.turns)


def _write(draft: Draft, question: Question) -> Turn:
    """Write the turn that an question asks for."""
    if question.kind == "absent":
        return absent(draft, question.detail)
    if question.kind == "count":
        return count(draft, question.detail)
    if question.kind == "whole":
        return whole(draft)
    if question.kind == "diagnose" or question.referent is None:
        return diagnose(draft, _chain(draft))
    if question.kind == "characterise":
        return characterise(draft, question.referent, question.detail)
    return {"find": find, "compare": compare, "size": size, "mark": mark}[question.kind](
        draft, question.referent
    )


def _chain(draft: Draft) -> tuple[int, ...]:
    """Return the turns that the diagnosis rests on: the deciding lesion's, or all denials."""
    primary = draft.scene.primary
    about = primary.referent_id if primary is not None else None
    return tuple(t.turn for t in draft.turns if t.step is not None and t.referent_id == about)


def _prior_shown_at(
    rng: np.random.Generator, scene: Scene, questions: tuple[Question, ...]
) -> int | None:
    """Return the index of the turn that brings the prior: the first, or the first that needs it."""
    if scene.prior is None:
        return None
    needs = [
        n
        for n, question in enumerate(questions)
        if question.referent is not None and _needs_prior(question)
    ]
    if not needs or rng.random() < _PRIOR_AT_START:
        return 0
    return needs[0]


def _needs_prior(question: Question) -> bool:
    gone = question.referent is not None and question.referent.current is None
    return question.kind == "compare" or gone
