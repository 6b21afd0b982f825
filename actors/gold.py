"""The expert's answer of a turn as natural text, from the turn alone.

In: a ``Turn`` of any dataset. Out: text whose parsed answer is the turn's gold answer and whose
claims are the turn's gold claims: one sentence per claim, so that no negation reaches over two.
``gold_answer`` adds the region that the answer must point at, in a box dialect.
"""

from collections.abc import Iterable, Mapping

from actors.boxes.write import format_box
from actors.schema import Box, Claim, Dialogue, Turn

_NO_NAMES: Mapping[str, str] = {}
RESOLVED = "resolved"


def gold_text(turn: Turn, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Write the perfect answer to a turn.

    Args:
        turn: the turn with its gold answer and claims.
        names: display name by concept id; an id that is missing is read with spaces for
            underscores.
    """
    sentences = claim_sentences(turn.claims, turn.step, names)
    lead = _lead(turn)
    if lead is not None:
        return f"{lead} {sentences}".rstrip()
    if turn.answer_type in ("text", "phrase") and turn.answer is not None:
        return turn.answer
    if sentences:
        return sentences
    if turn.answer_type == "concept" and turn.answer is not None:
        return f"It is {_name(turn.answer, names)}."
    return "It is marked here."


def gold_answer(dialogue: Dialogue, turn: Turn, dialect: str) -> str:
    """Write the perfect answer to a turn, followed by its region where it has one.

    Raises:
        KeyError: the turn names a region or image that the dialogue lacks.
        ValueError: an unknown dialect.
    """
    text = gold_text(turn)
    if turn.region_id is None:
        return text
    region = dialogue.region(turn.region_id)
    return with_box(text, dialogue, (region.image_id, region.box), dialect)


def with_box(text: str, dialogue: Dialogue, place: tuple[str, Box], dialect: str) -> str:
    """Append a region, given as image id and box in its pixels, to an answer."""
    image = dialogue.image(place[0])
    size = (image.width, image.height)
    return f"{text} {format_box(dialect, place[1], size, input_size=size)}".strip()


def claim_sentences(
    claims: Iterable[Claim], step: str | None = None, names: Mapping[str, str] = _NO_NAMES
) -> str:
    """Write one sentence per claim; ``step`` decides how an unsited concept is introduced."""
    return " ".join(_sentence(claim, step, names) for claim in claims)


def _lead(turn: Turn) -> str | None:
    """Return the part that an answer parser reads, for the types that have one."""
    if turn.answer is None:
        return None
    if turn.answer_type == "boolean":
        return f"{turn.answer.capitalize()}."
    if turn.answer_type == "choice":
        return f"Answer: {turn.answer}."
    if turn.answer_type == "number":
        return f"{turn.answer}."
    return None


def _sentence(claim: Claim, step: str | None, names: Mapping[str, str]) -> str:
    noun = _name(claim.concept, names)
    place = f" in the {_name(claim.site, names)}" if claim.site is not None else ""
    denial = "" if claim.present else "not "
    if claim.change == RESOLVED:
        return f"The {noun}{place} has {_name(RESOLVED, names)}."
    if claim.change is not None:
        return f"The {noun}{place} is {denial}{_name(claim.change, names)}."
    if step == "diagnosis":
        return f"The diagnosis is {denial}{noun}."
    if step == "characterisation" and claim.site is None:
        return f"It is {denial}{noun}."
    article = ("an" if noun[:1].lower() in "aeiou" else "a") if claim.present else "no"
    return f"There is {article} {noun}{place}."


def _name(concept: str, names: Mapping[str, str]) -> str:
    return names.get(concept, concept.replace("_", " "))
