"""Turns about no single lesion: absence, counts, the whole image, the diagnosis."""

from actors.schema import Claim, Turn
from pipeline.phantom.dialogue.phrases import spoken, with_article
from pipeline.phantom.dialogue.turn_writer import Draft, claim_of, sentence


def absent(draft: Draft, concept: str) -> Turn:
    """Ask for a lesion type of which there is none."""
    noun = spoken(concept)
    return Turn(
        turn=0,
        question=draft.ask("present", a=with_article(noun), concept=noun),
        answer_type="boolean",
        answer="no",
        asks=concept,
        step="finding" if draft.scene.primary is None else None,
        claims=(Claim(concept=concept, present=False),),
    )


def count(draft: Draft, concept: str) -> Turn:
    """Ask how many lesions of a type there are; it may be none."""
    noun = spoken(concept)
    return Turn(
        turn=0,
        question=draft.ask("count", a=with_article(noun), concept=noun),
        answer_type="number",
        answer=str(sum(r.concept == concept for r in draft.scene.present)),
        tolerance=0.0,
    )


def whole(draft: Draft) -> Turn:
    """Ask for a report: every lesion with its site, or that there is none of any type."""
    scene = draft.scene
    claims = tuple(claim_of(r) for r in scene.present) or tuple(
        Claim(concept=c, present=False) for c in scene.absent_concepts()
    )
    return Turn(
        turn=0,
        question=draft.ask("whole"),
        answer_type="text",
        answer=sentence(None, *claims),
        claims=claims,
    )


def diagnose(draft: Draft, chain: tuple[int, ...]) -> Turn:
    """Ask for the diagnosis, which rests on the turns in ``chain``."""
    scene = draft.scene
    choices: tuple[str, ...] = ()
    answer, form = scene.diagnosis, draft.draw([("concept", 0.45), ("choice", 0.55)])
    if form == "choice":
        others = [d for d in scene.modality.diagnoses if d != scene.diagnosis]
        answer, choices = draft.options(scene.diagnosis, others, 4)
    return Turn(
        turn=0,
        question=draft.ask("diagnose"),
        answer_type=form,
        answer=answer,
        choices=choices,
        step="diagnosis",
        supports=chain,
        claims=(Claim(concept=scene.diagnosis, present=True),),
    )
