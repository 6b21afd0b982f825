"""Every fault of a dataset, named: dialogue, column, value.

In: an opened dataset, streamed. Out: ``Fault`` rows. Nothing is repaired and nothing guessed at.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from actors.images import ImageFault, ImageStore, safe_relative
from actors.schema import (
    ANSWER_TYPES,
    HEALTH_SYSTEMS,
    IMAGE_ROLES,
    MAX_TURNS,
    MODALITIES,
    STEPS,
    Claim,
    Dialogue,
    Finding,
    Turn,
)
from pipeline.dataset.lexicon import Lexicon
from pipeline.dataset.open import Dataset

_NUMBER = re.compile(r"\s*[-+]?\d+(?:\.\d+)?\s*[a-zµ%²]*\s*", re.IGNORECASE)
_Faults = Iterator[tuple[str, object, str]]  # column, value, what is wrong


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one dialogue."""

    dialogue_id: str
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        return f"{self.dialogue_id}: {self.column} = {self.value}: {self.problem}"


def validate(dataset: Dataset, *, check_images: bool = True) -> Iterator[Fault]:
    """Yield all faults, dialogue by dialogue; memory holds one batch and all ids.

    ``check_images`` also fetches, hashes and decodes every image.
    """
    ids: set[str] = set()
    images = ImageStore(dataset.uri) if check_images else None
    for table in dataset.batches(rows=256):
        for row in table.to_pylist():
            yield from faults_of_row(row, dataset.lexicon, ids, images)


def row_faults(dialogues: pa.Table, lexicon: Lexicon) -> list[Fault]:
    """List the faults that rows show by themselves, without reading the image files."""
    ids: set[str] = set()
    return [
        fault
        for row in dialogues.to_pylist()
        for fault in faults_of_row(row, lexicon, ids, images=None)
    ]


def faults_of_row(
    row: dict[str, object], lexicon: Lexicon, ids: set[str], images: ImageStore | None
) -> Iterator[Fault]:
    """Yield one row's faults; ``ids`` collects the dialogue ids."""
    name = str(row.get("dialogue_id"))
    try:
        dialogue = Dialogue.from_row(row)
        faults = list(_dialogue_faults(dialogue, lexicon))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        faults = [("row", type(error).__name__, f"cannot be read: {error}")]
        dialogue = None
    if name in ids:
        faults.append(("dialogue_id", name, "used by an earlier dialogue"))
    ids.add(name)
    if images is not None and dialogue is not None:
        faults.extend(_image_faults(dialogue, images))
    for column, value, problem in faults:
        yield Fault(name, column, repr(value), problem)


def _dialogue_faults(d: Dialogue, lexicon: Lexicon) -> _Faults:
    for column in ("dialogue_id", "patient_id", "specialty", "source", "language", "release"):
        if not getattr(d, column):
            yield column, getattr(d, column), "is empty"
    yield from _one_of("modality", d.modality, MODALITIES)
    yield from _one_of("health_system", d.health_system, HEALTH_SYSTEMS)
    yield from _duplicates("images.image_id", (i.image_id for i in d.images))
    yield from _duplicates("regions.region_id", (r.region_id for r in d.regions))
    for image in d.images:
        yield from _one_of("images.role", image.role, IMAGE_ROLES)
        if not safe_relative(image.uri):
            yield "images.uri", image.uri, "leaves the dataset folder"
        if image.width < 1 or image.height < 1:
            yield "images.width", (image.width, image.height), "is not a size"
    yield from _region_faults(d, lexicon)
    known_images = {i.image_id for i in d.images}
    referents = {r.referent_id for r in d.regions}
    for finding in d.findings:
        yield from _claim_faults("findings", finding, lexicon)
        yield from _reference("findings.image_id", finding.image_id, known_images)
        yield from _reference("findings.referent_id", finding.referent_id, referents)
    yield from _turns_faults(d, lexicon)


def _region_faults(d: Dialogue, lexicon: Lexicon) -> _Faults:
    sizes = {i.image_id: (i.width, i.height) for i in d.images}
    for region in d.regions:
        yield from _reference("regions.image_id", region.image_id, sizes)
        yield from _concept("regions.site", region.site, lexicon)
        if len(region.box) != 4 or not all(math.isfinite(v) for v in region.box):
            yield "regions.box", region.box, "is not four finite numbers"
            continue
        x0, y0, x1, y1 = region.box
        width, height = sizes.get(region.image_id, (math.inf, math.inf))
        if not (x0 < x1 and y0 < y1):
            yield "regions.box", region.box, "has no area"
        elif x0 < 0 or y0 < 0 or x1 > width or y1 > height:
            yield "regions.box", region.box, f"lies outside its image of {width} x {height}"


def _turns_faults(d: Dialogue, lexicon: Lexicon) -> _Faults:
    if not 1 <= len(d.turns) <= MAX_TURNS:
        yield "turns", len(d.turns), f"is not 1 to {MAX_TURNS} turns"
    numbers = [t.turn for t in d.turns]
    if numbers != sorted(set(numbers)):
        yield "turns.turn", numbers, "does not increase from turn to turn"
    known_images = {i.image_id for i in d.images}
    regions = {r.region_id: r for r in d.regions}
    referents = {r.referent_id for r in d.regions}
    for n, turn in enumerate(d.turns):
        if not turn.question:
            yield "turns.question", turn.question, f"is empty at turn {turn.turn}"
        for image_id in turn.image_ids:
            yield from _reference("turns.image_ids", image_id, known_images)
        yield from _reference("turns.referent_id", turn.referent_id, referents)
        yield from _reference("turns.region_id", turn.region_id, regions)
        region = regions.get(turn.region_id or "")
        if region and turn.referent_id and region.referent_id != turn.referent_id:
            yield "turns.region_id", turn.region_id, f"shows {region.referent_id}, not the referent"
        yield from _concept("turns.asks", turn.asks, lexicon)
        for claim in turn.claims:
            yield from _claim_faults("turns.claims", claim, lexicon)
        if turn.step is not None:
            yield from _one_of("turns.step", turn.step, STEPS)
        if turn.agreement is not None and not 0 <= turn.agreement <= 1:
            yield "turns.agreement", turn.agreement, "is not in 0 to 1"
        for support in turn.supports:
            if support not in numbers[:n]:
                yield "turns.supports", support, f"is not a turn before turn {turn.turn}"
        yield from _answer_faults(turn, lexicon)


def _answer_faults(turn: Turn, lexicon: Lexicon) -> _Faults:
    column, kind, answer = f"turns.answer (turn {turn.turn})", turn.answer_type, turn.answer
    yield from _one_of("turns.answer_type", kind, ANSWER_TYPES)
    if kind == "region":
        if answer is not None:
            yield column, answer, "must be null for a region"
        if turn.region_id is None:
            yield "turns.region_id", None, f"is needed by the region answer of turn {turn.turn}"
        return
    if not answer:
        yield column, answer, f"is empty, but a {kind} needs one"
        return
    if kind == "boolean" and answer not in ("yes", "no"):
        yield column, answer, "must be yes or no"
    if kind == "choice" and answer not in [chr(65 + n) for n in range(len(turn.choices))]:
        yield column, answer, f"is not the letter of one of {len(turn.choices)} choices"
    if kind == "number":
        if not _NUMBER.fullmatch(answer):
            yield column, answer, "is not a number with an optional unit"
        if turn.tolerance is not None and not (turn.tolerance >= 0):
            yield "turns.tolerance", turn.tolerance, "is not 0 or more"
    if kind == "concept":
        yield from _concept(column, answer, lexicon)
    if turn.accepted and kind != "phrase":
        yield "turns.accepted", turn.accepted, f"is for phrases alone, not for a {kind}"


def _image_faults(dialogue: Dialogue, images: ImageStore) -> _Faults:
    for image in dialogue.images:
        try:
            images.load(image)
        except ImageFault as error:
            yield "images.uri", image.uri, str(error)


def _claim_faults(column: str, claim: Claim | Finding, lexicon: Lexicon) -> _Faults:
    for part in ("concept", "site", "change"):
        yield from _concept(f"{column}.{part}", getattr(claim, part), lexicon)


def _concept(column: str, value: str | None, lexicon: Lexicon) -> _Faults:
    if value is not None and value not in lexicon.concepts:
        yield column, value, "is not a concept of the lexicon"


def _reference(column: str, value: str | None, known: Iterable[str]) -> _Faults:
    if value is not None and value not in known:
        yield column, value, "refers to nothing in this dialogue"


def _one_of(column: str, value: str, allowed: tuple[str, ...]) -> _Faults:
    if value not in allowed:
        yield column, value, f"is not one of {', '.join(allowed)}"


def _duplicates(column: str, values: Iterable[str]) -> _Faults:
    earlier: set[str] = set()
    for value in values:
        if value in earlier:
            yield column, value, "is used twice"
        earlier.add(value)
