"""Dialogues from annotations alone: presence, place, count, change since the prior, diagnosis.

A place is asked for again after another one. In: the annotation of the current image and of its
prior, the regions made of its boxes.
Out: findings and turns whose gold is the annotation. The choice of what is asked is seeded.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.schema import Claim, Finding, Region, Turn
from pipeline.dataset.importers.concepts import Vocabulary
from pipeline.dataset.importers.findings import Annotation
from pipeline.dataset.importers.mapping import Templates

_MARGIN = 0.02  # of the image's side, by which the outermost box must stand out to be named so
_EDGES = (("leftmost", 0, 1), ("rightmost", 2, -1), ("uppermost", 1, 1), ("lowest", 3, -1))
_LARGEST = 0.5  # of the image; a region that covers more is no mention (docs/measures.md)


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A region that a question can single out, and how it is called."""

    region: Region
    name: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a dialogue is made from.

    ``size`` is the current image's, in pixels. ``votes``: by region, the share of readers who drew
    it, where several did.
    """

    image_id: str
    size: tuple[int, int]
    annotation: Annotation
    prior: Annotation | None
    regions: Mapping[str, Sequence[Region]]  # by concept, on the current image
    votes: Mapping[str, float]
    shown: tuple[str, ...]  # ids of all images, in the order they are shown


def scene_findings(scene: Scene) -> tuple[Finding, ...]:
    """Return the annotation as rows: one per box, else one per concept; uncertain ones are none."""
    rows = []
    for concept, state in scene.annotation.states.items():
        if state == "uncertain":
            continue
        change = _change(scene, concept)
        regions = scene.regions.get(concept, ())
        if state == "present" and regions:
            rows += [
                Finding(
                    concept=concept,
                    present=True,
                    image_id=scene.image_id,
                    referent_id=region.referent_id,
                    change=change,
                )
                for region in regions
            ]
        else:
            present = state == "present"
            rows.append(
                Finding(concept=concept, present=present, image_id=scene.image_id, change=change)
            )
    return tuple(rows)


def scene_turns(scene: Scene, spec: Templates, vocabulary: Vocabulary, seed: str) -> list[Turn]:
    """Return the turns; none where the annotation has nothing to ask about."""
    rng = random.Random(f"{spec.seed}/{seed}")
    writer = _Writer(scene, vocabulary)
    writer.presence(spec.presence, rng)
    if spec.locate:
        writer.places(rng)
    if spec.count:
        writer.count(rng)
    if spec.compare:
        writer.changes()
    if spec.diagnosis:
        writer.diagnosis()
    return writer.turns


class _Writer:
    """Writes turns one after the other; the first one shows the images."""

    def __init__(self, scene: Scene, vocabulary: Vocabulary) -> None:
        self._scene, self._vocabulary = scene, vocabulary
        self._states = scene.annotation.states
        self.turns: list[Turn] = []

    def presence(self, most: int, rng: random.Random) -> None:
        """Ask whether things are there: present and absent ones in turn."""
        asked = {s: self._subjects(s) for s in ("present", "absent")}
        for concepts in asked.values():
            rng.shuffle(concepts)
        order = ["present", "absent"]
        rng.shuffle(order)
        for n in range(most):
            state = order[n % 2] if asked[order[n % 2]] else order[(n + 1) % 2]
            if not asked[state]:
                return
            concept = asked[state].pop()
            self._add(
                f"Is there any {self._noun(concept)} in the image?",
                answer_type="boolean",
                answer="yes" if state == "present" else "no",
                asks=concept,
                step="finding",
                claims=(Claim(concept=concept, present=state == "present"),),
            )

    def places(self, rng: random.Random) -> None:
        """Ask for one region, for another thing's, and for the first one again."""
        named = [n for c in self._scene.regions for n in self._named(c)]
        rng.shuffle(named)
        if not named:
            return
        first = named[0]
        other = next((n for n in named if n.region.referent_id != first.region.referent_id), None)
        self._place(first, f"Where is the {first.name}? Mark it.")
        if other is not None:
            self._place(other, f"Now mark the {other.name}.")
        self._place(first, f"Back to the {first.name}: mark it once more.")

    def count(self, rng: random.Random) -> None:
        """Ask how many instances there are of one thing of which all are boxed."""
        counted = sorted(self._scene.annotation.counted)
        if counted:
            concept = rng.choice(counted)
            number = len(self._scene.regions.get(concept, ()))
            noun = f"instances of {self._vocabulary.name(concept)}"
            self._add(
                f"How many {noun} does the image show?",
                answer_type="number",
                answer=str(number),
                tolerance=0.0,
            )

    def changes(self) -> None:
        """Ask about what is new or gone since the prior image."""
        for concept in self._subjects("present") + self._subjects("absent"):
            change = _change(self._scene, concept)
            if change is None:
                continue
            noun = self._noun(concept)
            question = f"Compared with the prior image, is any {noun} new?"
            if change == "resolved":
                question = f"The prior image showed {noun}. Has it resolved?"
            claim = Claim(concept=concept, present=change == "new", change=change)
            self._add(
                question,
                answer_type="boolean",
                answer="yes",
                asks=concept,
                step="comparison",
                claims=(claim,),
            )
            return

    def diagnosis(self) -> None:
        """Ask for the diagnosis where the labels give exactly one."""
        given = [c for c in self._scene.annotation.diagnoses if self._states[c] == "present"]
        if len(given) == 1:
            supports = [t.turn for t in self.turns if any(c.present for c in t.claims)]
            self._add(
                "What is the most likely diagnosis?",
                answer_type="concept",
                answer=given[0],
                step="diagnosis",
                supports=tuple(supports),
                claims=(Claim(concept=given[0], present=True),),
            )

    def _subjects(self, state: str) -> list[str]:
        diagnoses = self._scene.annotation.diagnoses
        return sorted(c for c, s in self._states.items() if s == state and c not in diagnoses)

    def _named(self, concept: str) -> list[Named]:
        """Return the regions of a concept that can be singled out: the only one, or outermost."""
        regions = list(self._scene.regions[concept])
        name = self._vocabulary.name(concept)
        width, height = self._scene.size
        fit = [r for r in regions if _area(r) <= _LARGEST * width * height]
        if len(regions) == 1:
            return [Named(region=r, name=name) for r in fit]
        found: dict[str, Named] = {}
        for edge, k, sign in _EDGES:
            ordered = sorted(regions, key=lambda r: sign * r.box[k])
            apart = sign * (ordered[1].box[k] - ordered[0].box[k])
            if apart >= _MARGIN * (width, height)[k % 2] and ordered[0] in fit:
                found.setdefault(
                    ordered[0].region_id, Named(region=ordered[0], name=f"{edge} {name}")
                )
        return list(found.values())

    def _place(self, named: Named, question: str) -> None:
        region = named.region
        self._add(
            question,
            answer_type="region",
            region_id=region.region_id,
            referent_id=region.referent_id,
            agreement=self._scene.votes.get(region.region_id),
        )

    def _noun(self, concept: str) -> str:
        return self._vocabulary.name(concept)

    def _add(self, question: str, **fields: object) -> None:
        shown = () if self.turns else self._scene.shown
        turn = Turn(turn=len(self.turns) + 1, question=question, image_ids=shown, **fields)  # type: ignore[arg-type] # one keyword per field
        self.turns.append(turn)


def _change(scene: Scene, concept: str) -> str | None:
    """Return ``new`` or ``resolved`` where both images were assessed for a concept and differ."""
    before = None if scene.prior is None else scene.prior.states.get(concept)
    now = scene.annotation.states.get(concept)
    return {("absent", "present"): "new", ("present", "absent"): "resolved"}.get(
        (before or "", now or "")
    )


def _area(region: Region) -> float:
    x0, y0, x1, y1 = region.box
    return (x1 - x0) * (y1 - y0)
