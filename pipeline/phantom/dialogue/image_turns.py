"""Turns about no single lesion: absence, counts, the whole image, the diagnosis."""

from actors.schema import Claim, Turn
from pipeline.phantom.dialogue.phrases import with_article
from pipeline.phantom.dialogue.turn_writer import Telling, claim_of, sentence, spoken


def absent(telling: Telling, concept: str) -> Turn:
    """Ask for a lesion type of which there is none."""
    noun = spoken(concept)
    return Turn(
        turn=0,
        question=telling.ask("present", a=with_article(noun), concept=noun),
        answer_type="boolean",
        answer="no",
        asks=concept,
        step="finding" if telling.scene.primary is None else None,
        claims=(Claim(concept=concept, present=False),),
    )


def count(telling: Telling, concept: str) -> Turn:
    """Ask how many lesions of a type there are; it may be none."""
    noun = spoken(concept)
    return Turn(
        turn=0,
        question=telling.ask("count", a=with_article(noun), concept=noun),
        answer_type="number",
        answer=str(sum(r.concept == concept for r in telling.scene.present)),
        tolerance=0.0,
    )


def whole(telling: Telling) -> Turn:
    """Ask for a report: every lesion with its site, or that there is none of any type."""
    scene = telling.scene
    claims = tuple(claim_of(r) for r in scene.present) or tuple(
        Claim(concept=c, present=False) for c in scene.absent_concepts()
    )
    return Turn(
        turn=0,
        question=telling.ask("whole"),
        answer_type="text",
        answer=sentence(None, *claims),
        claims=claims,
    )


def diagnose(telling: Telling, chain: tuple[int, ...]) -> Turn:
    """Ask for the diagnosis, which rests on the turns in ``chain``."""
    scene = telling.scene
    choices: tuple[str, ...] = ()
    answer, form = scene.diagnosis, telling.draw([("concept", 0.45), ("choice", 0.55)])
    if form == "choice":
        others = [d for d in scene.modality.diagnoses if d != scene.diagnosis]
        answer, choices = telling.options(scene.diagnosis, others, 4)
    return Turn(
        turn=0,
        question=telling.ask("diagnose"),
        answer_type=form,
        answer=answer,
        choices=choices,
        step="diagnosis",
        supports=chain,
        claims=(Claim(concept=scene.diagnosis, present=True),),
    )
