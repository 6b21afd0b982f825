"""The page of an import: what was lost and doubted, and a contact sheet of images with their boxes.

In: an imported dataset (its import.json, dialogues and images). Out: ``report/`` below the dataset:
index.html, assets/, pictures/. Pictures are encoded anew and small.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from PIL import Image as PIL
from PIL import ImageDraw

from actors.images import ImageFault, ImageStore
from actors.schema import Dialogue, Image
from actors.storage.files import join, read_json, write_bytes
from pipeline.dataset.open import Dataset, open_dataset
from pipeline.report.blocks import Facts, Section, Table, Text, row
from pipeline.report.page import assets, render

_LOOKED_AT, _SHOWN = 400, 48  # dialogues that are read, images that the sheet shows
_LONGEST, _QUALITY = 260, 85  # pixels, JPEG quality
_LINE = (255, 196, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One picture of the sheet: its path below ``report/`` and what it shows, in words."""

    path: str
    caption: str
    alt: str


def write_import_page(uri: str) -> str:
    """Write the page of a dataset that an import wrote; return its URI."""
    dataset, document = open_dataset(uri), read_json(join(uri, "import.json"))
    report = join(uri, "report")
    sheet = _contact_sheet(dataset, report)
    markup = render(
        "import.html.j2",
        title=f"Import of {dataset.name}",
        subtitle=f"{dataset.document['licence']}, {dataset.document.get('access', 'open')}",
        sections=_sections(document),
        sheet=sheet,
    )
    for name, data in assets():
        write_bytes(join(report, "assets", name), data, sync=False)
    write_bytes(join(report, "index.html"), markup.encode(), sync=False)
    return join(report, "index.html")


def _sections(document: Mapping[str, Any]) -> tuple[Section, ...]:
    read, filtered = document["rows_read"], document["rows_filtered"]
    dropped = document["rows_dropped"]
    facts = [("rows read", str(read)), ("kept", str(read - filtered - dropped))]
    facts += [("filtered", str(filtered)), ("dropped", str(dropped))]
    facts += [(what, str(n)) for what, n in document["counts"].items()]
    facts += [("questions asked again", str(document["turns_repeated"]))]
    checked = f"of {document['dialogues_checked']} dialogues checked"
    return (
        Section("rows", "Rows and dialogues", (Facts(tuple(facts)),)),
        Section("dropped", "Left out", (_kinds(document, "dropped"),)),
        Section("warnings", "Kept, with a warning", (_kinds(document, "warnings"),)),
        Section(
            "measures",
            "What can be measured",
            (
                _counts(f"Measures that are defined, {checked}", document["measures_defined"]),
                _counts("Answer types (turns)", document["answer_types"]),
                _counts("Languages (dialogues)", document["languages"]),
            ),
        ),
        Section("concepts", "Concepts added to the lexicon", (_added(document),)),
    )


def _kinds(document: Mapping[str, Any], what: str) -> Table | Text:
    kinds = sorted(document[what].items(), key=lambda item: -item[1])
    if not kinds:
        return Text("None.")
    rows = tuple(row(k, str(n), "; ".join(document["examples"].get(k, ()))) for k, n in kinds)
    return Table(caption="By reason", head=("reason", "count", "examples"), rows=rows)


def _counts(caption: str, counts: Mapping[str, int]) -> Table:
    rows = tuple(row(name, str(n)) for name, n in counts.items())
    return Table(caption=caption, head=("", "count"), rows=rows)


def _added(document: Mapping[str, Any]) -> Table | Text:
    added = sorted(document["concepts_added"].items())
    if not added:
        return Text("None: the packaged lexicon knew every label.")
    rows = tuple(row(label, concept) for label, concept in added)
    return Table(caption="By label", head=("label", "concept"), rows=rows)


def _contact_sheet(dataset: Dataset, report: str) -> list[Shown]:
    """Write the pictures, images with boxes first; an image twice in a dataset is shown once."""
    rows = (r for table in dataset.batches(rows=_LOOKED_AT) for r in table.to_pylist())
    found = [Dialogue.from_row(r) for r in islice(rows, _LOOKED_AT)]
    found.sort(key=lambda d: not d.regions)
    store, shown = ImageStore(dataset.uri), dict[str, Shown]()
    for dialogue in found:
        for image in dialogue.images:
            if len(shown) < _SHOWN and image.sha256 not in shown:
                picture = _picture(dialogue, image, store, report)
                if picture is not None:
                    shown[image.sha256] = picture
    return list(shown.values())


def _picture(dialogue: Dialogue, image: Image, store: ImageStore, report: str) -> Shown | None:
    try:
        small = store.load(image).copy()
    except ImageFault:
        return None
    small.thumbnail((_LONGEST, _LONGEST), PIL.Resampling.LANCZOS)
    scale_x, scale_y = small.width / image.width, small.height / image.height
    draw = ImageDraw.Draw(small)
    names = {f.referent_id: f.concept for f in dialogue.findings if f.referent_id}
    drawn = []
    for region in dialogue.regions:
        if region.image_id == image.image_id:
            x0, y0, x1, y1 = region.box
            draw.rectangle(
                (x0 * scale_x, y0 * scale_y, x1 * scale_x, y1 * scale_y), outline=_LINE, width=2
            )
            drawn.append(names.get(region.referent_id, "region").replace("_", " "))
    sink = io.BytesIO()
    small.save(sink, "JPEG", quality=_QUALITY, subsampling=0)  # thin coloured lines stay
    path = f"pictures/{image.sha256[:20]}.jpg"
    write_bytes(join(report, path), sink.getvalue(), sync=False)
    boxes = ", ".join(f"{drawn.count(n)} {n}" for n in sorted(set(drawn))) or "no boxes"
    size = f"{image.width} × {image.height}"
    caption = f"{dialogue.dialogue_id}, {size}: {boxes}"
    return Shown(path=path, caption=caption, alt=f"{dialogue.modality} image with {boxes}")
