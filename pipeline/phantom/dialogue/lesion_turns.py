"""Turns about one lesion: finding, characterisation, comparison, size and region."""

from actors.schema import Claim, Turn
from pipeline.phantom.dialogue.phrases import spoken, with_article
from pipeline.phantom.dialogue.turn_writer import Draft, claim_of, sentence, turn_about
from pipeline.phantom.scene import CHANGES, Referent, pick

_WIDTH_TOLERANCE = 0.15  # two pixels of 112 on a lesion that is 16 wide


def find(draft: Draft, referent: Referent) -> Turn:
    """Ask what or where the lesion is."""
    scene, site, concept = draft.scene, spoken(referent.site), spoken(referent.concept)
    unique = sum(r.concept == referent.concept for r in scene.referents) == 1
    forms = [("concept", 0.22), ("text", 0.14), ("what", 0.16), ("region", 0.14)]
    form = draft.draw([*forms, ("boolean", 0.75), ("where", 0.2)] if unique else forms)
    claims = (claim_of(referent),)
    answer: str | None
    choices: tuple[str, ...] = ()
    answer, kind, answer_type = referent.concept, "what", "concept"
    if form == "boolean":
        kind, answer_type, answer = "present", "boolean", "yes"
    elif form == "where":
        kind, answer_type = "where", "choice"
        others = [s for s in scene.modality.sites if s != referent.site]
        answer, choices = draft.options(referent.site, others, 4)
    elif form == "what":
        answer_type = "choice"
        kinds = [f.concept for f in scene.modality.findings if f.concept != referent.concept]
        answer, choices = draft.options(referent.concept, kinds, 4)
    elif form == "text":
        kind, answer_type, answer = "describe_site", "text", sentence("finding", *claims)
    elif form == "region":
        kind, answer_type, answer = "mark", "region", None
    words = {"a": with_article(concept), "concept": concept, "site": site}
    return turn_about(
        referent,
        question=draft.ask(kind, ref=draft.mentions.name(referent), **words),
        answer_type=answer_type,
        answer=answer,
        choices=choices,
        asks=referent.concept if form == "boolean" else None,
        step="finding",
        claims=claims,
    )


def characterise(draft: Draft, referent: Referent, group: str) -> Turn:
    """Ask which of two looks the lesion has."""
    value = dict(referent.attributes)[group]
    values = draft.scene.modality.finding(referent.concept).attributes[group]
    other = next(v for v in values if v != value)
    alike = all(dict(r.attributes).get(group, value) == value for r in draft.scene.present)
    claimed = draft.claimed.setdefault(group, value) == value
    forms = [("choice", 0.3)]
    if claimed:
        forms += [("concept", 0.22), ("text", 0.13)]
    form = draft.draw([*forms, ("boolean", 0.4)])
    claim = Claim(concept=value, present=True)
    if form == "boolean":
        return _is_attribute(draft, referent, (value, other), alike and claimed, claimed)
    pair = (value, other) if draft.rng.random() < 0.5 else (other, value)
    words = {"value": spoken(pair[0]), "other": spoken(pair[1])}
    claims: tuple[Claim, ...] = (claim,) if claimed else ()
    choices: tuple[str, ...] = ()
    answer, kind = value, "which_attribute"
    if form == "choice":
        answer, choices = draft.options(value, [other], 2)
    if form == "text":
        kind, claims = "describe", (claim_of(referent), claim)
        answer = sentence("characterisation", *claims)
    return turn_about(
        referent,
        question=draft.about(referent, kind, **words),
        answer_type=form,
        answer=answer,
        choices=choices,
        step="characterisation" if claims else None,
        claims=claims,
    )


def _is_attribute(
    draft: Draft, referent: Referent, values: tuple[str, str], alike: bool, claimed: bool
) -> Turn:
    """Ask yes or no; "no" is a claim only if no other lesion has the proposed value."""
    value, other = values
    proposed = other if draft.rng.random() < 0.42 and (alike or not claimed) else value
    speaks = claimed and (alike or proposed == value)
    return turn_about(
        referent,
        question=draft.about(referent, "is_attribute", value=spoken(proposed)),
        answer_type="boolean",
        answer="yes" if proposed == value else "no",
        asks=proposed if speaks else None,
        step="characterisation" if speaks else None,
        claims=(Claim(concept=proposed, present=proposed == value),) if speaks else (),
    )


def compare(draft: Draft, referent: Referent) -> Turn:
    """Ask how the lesion changed; the caller shows the prior by then."""
    if referent.change is None:
        raise ValueError(f"{referent.referent_id} has no prior to be compared with")
    claims = (claim_of(referent, change=True),)
    form = draft.draw([("choice", 0.45), ("boolean", 0.35), ("text", 0.2)])
    others = [c for c in CHANGES if c != referent.change]
    choices: tuple[str, ...] = ()
    if form == "boolean":
        wrong = pick(draft.rng, others)
        proposed = referent.change if draft.rng.random() < 0.58 else wrong
        question = draft.about(referent, "is_change", change=proposed)
        answer = "yes" if proposed == referent.change else "no"
    else:
        question = draft.about(referent, "change")
        answer = sentence("comparison", *claims)
        if form == "choice":
            answer, choices = draft.options(referent.change, others, 5)
    return turn_about(
        referent,
        question=question,
        answer_type=form,
        answer=answer,
        choices=choices,
        step="comparison",
        claims=claims,
    )


def size(draft: Draft, referent: Referent) -> Turn:
    """Ask for the width in mm on an image whose own width is given."""
    scene = draft.scene
    x0, _, x1, _ = referent.box("current", scene.modality.size)
    width = (x1 - x0) / scene.modality.size[0] * scene.field_mm
    digits = 0 if scene.field_mm >= 100 else 1 if scene.field_mm >= 10 else 2
    return turn_about(
        referent,
        question=draft.about(referent, "size", width=scene.field_mm),
        answer_type="number",
        answer=f"{width:.{digits}f} mm",
        tolerance=round(_WIDTH_TOLERANCE * width, 3),
    )


def mark(draft: Draft, referent: Referent) -> Turn:
    """Ask for the region alone."""
    return turn_about(referent, question=draft.about(referent, "mark"), answer_type="region")
