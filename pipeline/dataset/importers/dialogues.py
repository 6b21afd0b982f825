"""Groups of rows to dialogues.

In: a group's key and rows, whose images were found before. Out: ``Dialogue`` rows of version 2:
the questions of the rows, split after MAX_TURNS, and dialogues made from annotations.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from actors.schema import MAX_TURNS, Dialogue, Finding, Image, Region, Turn
from pipeline.dataset.importers.concepts import Vocabulary
from pipeline.dataset.importers.dicom import Pseudonyms
from pipeline.dataset.importers.findings import Annotation, AnnotationReader
from pipeline.dataset.importers.images import ImageWriter, Ref, Stored
from pipeline.dataset.importers.mapping import Mapping
from pipeline.dataset.importers.report import ImportReport
from pipeline.dataset.importers.templates import Scene, scene_findings, scene_turns
from pipeline.dataset.importers.turns import Asked, QuestionReader
from pipeline.dataset.importers.values import RowFault, optional, parse_value, text

# Keys that may stand in an id; a part of a group is told by "~", so that it equals no other key.
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
_LONG_PHRASE = 12  # words
_FIELDS = ("specialty", "modality", "health_system", "language")
_OPTIONAL = ("age_group", "sex", "device", "acquisition_site")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """One image of a group, the rows about it, and its day, where the mapping gives one."""

    ref: Ref
    stored: Stored
    rows: tuple[Row, ...]
    view: str | None
    day: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a dialogue holds, apart from its ids and groups."""

    images: tuple[Image, ...]
    turns: tuple[Turn, ...]
    regions: tuple[Region, ...] = ()
    findings: tuple[Finding, ...] = ()


class DialogueMaker:
    """Makes the dialogues of one import."""

    def __init__(
        self,
        mapping: Mapping,
        images: ImageWriter,
        vocabulary: Vocabulary,
        report: ImportReport,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._mapping, self._images, self._pseudonyms = mapping, images, pseudonyms
        self._vocabulary, self._report = vocabulary, report
        spec = mapping.dialogue
        self._fields = {f: parse_value(getattr(spec, f), f"dialogue.{f}") for f in _FIELDS}
        self._fields |= {f: optional(getattr(spec, f), f"dialogue.{f}") for f in _OPTIONAL}
        self._patient = optional(spec.patient, "dialogue.patient")
        self._view = optional(mapping.images.view, "images.view")
        self._days = optional(mapping.images.days, "images.days")
        self._questions = QuestionReader(mapping.question)
        self._annotations = AnnotationReader(mapping, vocabulary, report.warn)

    def make(self, key: str, rows: list[Row]) -> Iterator[Dialogue]:
        """Yield the dialogues of one group; rows that cannot be used are reported."""
        rows = [row for row in rows if self._read_groups(row)]
        films = self._films(rows)
        key = self._public(key)
        name = self._id(key)
        if self._mapping.question.question is not None:
            asked = list(self._asked(rows, films))
            for part, turns in enumerate(self._split(asked), start=1):
                suffix = f"~{part}" if len(asked) > len(turns) else ""
                yield self._asking(f"{name}{suffix}", key, turns, films)
        if self._mapping.templates.use:
            yield from self._templated(name, key, films)

    def _read_groups(self, row: Row) -> bool:
        """Read a row's groups and patient into it; report and refuse a row that lacks one."""
        try:
            row["@groups"] = {f: text(of(row)) or None for f, of in self._fields.items()}
            row["@patient"] = text(self._patient(row))
        except RowFault as fault:
            self._report.drop(fault, row)
            return False
        return True

    def _films(self, rows: list[Row]) -> dict[Ref, Film]:
        """Decode the images of a group; a row whose image fails is reported and emptied."""
        by_ref: dict[Ref, list[Row]] = defaultdict(list)
        for row in rows:
            for ref in map(_ref, row["@images"]):
                by_ref[ref].append(row)
        films = {}
        for ref, of_image in by_ref.items():
            try:
                stored = self._images.store(ref)
                view = text(self._view(of_image[0])) or None
                day = _day(self._days(of_image[0]))
            except RowFault as fault:
                for row in of_image:
                    if not row.get("@dropped"):  # another of its images failed before
                        self._report.drop(fault, row)
                    row["@dropped"] = True
                continue
            for note in stored.notes:
                self._report.warn(note, ref[1])
            films[ref] = Film(ref=ref, stored=stored, rows=tuple(of_image), view=view, day=day)
        return films

    def _asked(
        self, rows: list[Row], films: dict[Ref, Film]
    ) -> Iterator[tuple[Row, Asked, tuple[Ref, ...]]]:
        for row in rows:
            if row.get("@dropped"):
                continue
            try:
                asked = self._questions.read(row)
            except RowFault as fault:
                self._report.drop(fault, row)
                continue
            if asked.answer_type == "phrase" and len(asked.answer.split()) > _LONG_PHRASE:
                self._report.warn("long phrases, which hardly any answer equals", asked.answer[:80])
            yield row, asked, tuple(ref for ref in map(_ref, row["@images"]) if ref in films)

    def _split(
        self, asked: list[tuple[Row, Asked, tuple[Ref, ...]]]
    ) -> Iterator[list[tuple[Row, Asked, tuple[Ref, ...]]]]:
        """Yield the questions of each dialogue: one, if they are no conversation."""
        self._report.check_answers([(a, refs) for _, a, refs in asked])
        most = 1 if self._mapping.dialogue.independent else MAX_TURNS
        if most > 1 and len(asked) > most:
            self._report.warn(f"groups of more than {MAX_TURNS} turns split", f"{len(asked)} turns")
        rest = iter(asked)
        while part := list(islice(rest, most)):
            yield part

    def _asking(
        self,
        name: str,
        key: str,
        asked: list[tuple[Row, Asked, tuple[Ref, ...]]],
        films: dict[Ref, Film],
    ) -> Dialogue:
        refs = list(dict.fromkeys(ref for _, _, shown in asked for ref in shown))
        ids = {ref: f"i{n}" for n, ref in enumerate(refs, start=1)}
        seen: set[Ref] = set()
        turns = []
        for number, (_, question, shown) in enumerate(asked, start=1):
            turns.append(question.turn(number, tuple(ids[r] for r in shown if r not in seen)))
            seen.update(shown)
        images = tuple(_image(ids[ref], films[ref], "current", 0) for ref in refs)
        content = Content(images=images, turns=tuple(turns))
        return self._dialogue(name, key, asked[0][0], content)

    def _templated(self, name: str, key: str, films: dict[Ref, Film]) -> Iterator[Dialogue]:
        """Yield a dialogue for each image, with the one before it where days are known."""
        ordered = list(films.values())
        dated = [f for f in ordered if f.day is not None]
        undated = len(ordered) - len(dated)
        pairs: list[tuple[Film | None, Film]] = [(None, film) for film in ordered]
        if self._mapping.images.days is not None and len(ordered) > 1:
            if undated:
                self._report.warn("images without a day, asked alone", f"{undated} of {key}")
            dated.sort(key=lambda f: f.day or 0.0)
            later = [(a if (a.day or 0) < (b.day or 0) else None, b) for a, b in pairwise(dated)]
            pairs = [(None, f) for f in ordered if f.day is None]
            pairs += [*((None, f) for f in dated[:1]), *later]
        annotations = {
            film.ref: self._annotations.read(film.rows, film.stored.original, film.stored.size)
            for film in ordered
        }
        many = len(pairs) > 1
        for n, (prior, film) in enumerate(pairs, start=1):
            label = f"{name}~film{n}" if many else name
            if self._mapping.question.question is not None:
                label += "~findings"
            made = self._from_annotation(label, key, (prior, film), annotations)
            if made is None:
                self._report.warn("images with nothing to ask about", label)
            else:
                yield made

    def _from_annotation(
        self,
        name: str,
        key: str,
        films: tuple[Film | None, Film],
        annotations: dict[Ref, Annotation],
    ) -> Dialogue | None:
        prior, film = films
        found = annotations[film.ref]
        images = [_image("i1", film, "current", 0)]
        if prior is not None:
            days = round((film.day or 0) - (prior.day or 0))
            images.insert(0, _image("i0", prior, "prior", days))
        regions: dict[str, list[Region]] = defaultdict(list)
        votes = {f"r{n}": d.votes for n, d in enumerate(found.boxes, start=1) if d.votes}
        for n, drawn in enumerate(found.boxes, start=1):
            region = Region(
                region_id=f"r{n}", image_id="i1", referent_id=f"t{n}", site=None, box=drawn.box
            )
            regions[drawn.concept].append(region)
        scene = Scene(
            image_id="i1",
            size=film.stored.size,
            annotation=found,
            prior=None if prior is None else annotations[prior.ref],
            regions=regions,
            votes=votes,
            shown=tuple(image.image_id for image in images),
        )
        turns = scene_turns(scene, self._mapping.templates, self._vocabulary, name)
        if not turns:
            return None
        content = Content(
            images=tuple(images),
            turns=tuple(turns),
            regions=tuple(r for of_concept in regions.values() for r in of_concept),
            findings=scene_findings(scene),
        )
        return self._dialogue(name, key, film.rows[0], content)

    def _dialogue(self, name: str, key: str, row: Row, content: Content) -> Dialogue:
        """Return a dialogue with its groups, which the row gives."""
        value = row["@groups"]
        return Dialogue(
            dialogue_id=name,
            patient_id=self._public(row["@patient"]) or key,
            specialty=value["specialty"] or "unknown",
            modality=value["modality"] or "unknown",
            source=self._mapping.source,
            health_system=value["health_system"] or "unknown",
            language=value["language"] or "en",
            release=self._mapping.release,
            findings_complete=self._mapping.dialogue.findings_complete,
            age_group=value["age_group"],
            sex=value["sex"],
            device=value["device"],
            acquisition_site=value["acquisition_site"],
            images=content.images,
            regions=content.regions,
            findings=content.findings,
            turns=content.turns,
        )

    def _public(self, identifier: str) -> str:
        """Return an identifier as the dataset may have it."""
        hidden = identifier and self._mapping.dialogue.pseudonyms
        return self._pseudonyms.of(identifier) if hidden else identifier

    def _id(self, key: str) -> str:
        plain = key if _PLAIN_ID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()[:16]
        return f"{self._mapping.name}-{plain}"


def _image(image_id: str, film: Film, role: str, days: int) -> Image:
    width, height = film.stored.size
    return Image(
        image_id=image_id,
        uri=film.stored.uri,
        sha256=film.stored.sha256,
        width=width,
        height=height,
        role=role,
        days_before=days,
        view=film.view,
    )


def _ref(stored: list[str]) -> Ref:
    return (stored[0], stored[1])


def _day(found: Any) -> float | None:
    day = text(found)
    if not day:
        return None
    try:
        return float(day)
    except ValueError:
        raise RowFault("a day is not a number", f"{day!r}") from None
