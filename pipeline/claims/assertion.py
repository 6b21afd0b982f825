"""What a text asserts: one claim with where it stands and how firmly it is put."""

from dataclasses import dataclass
from typing import Literal

from actors.schema import Claim

Certainty = Literal["certain", "uncertain"]
Grade = Literal["definite", "probable", "possible"]
GRADES: tuple[Grade, ...] = ("definite", "probable", "possible")


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion:
    """One claim of an answer.

    ``kind`` is the concept's kind, or ``change`` where only a change of the asked concept is
    stated. ``certainty`` is ``uncertain`` for grade ``possible`` alone. ``start`` and ``end`` are
    the characters of the mention in the text, -1 where a bare yes or no implies the claim.
    ``revised``: its sentence says that it corrects something stated before.
    """

    claim: Claim
    kind: str
    certainty: Certainty
    grade: Grade
    start: int
    end: int
    revised: bool
