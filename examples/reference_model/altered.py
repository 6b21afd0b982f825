"""Datasets and turn outputs whose images no longer fit their questions.

In: a dataset. Out: a copy with blank images, or with images swapped between dialogues, or turn
outputs given to other dialogues. Questions, gold answers and protocol stay as they are.
"""

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

import pyarrow as pa
from PIL import Image as PIL

from actors.schema import DIALOGUE_SCHEMA, Dialogue, Image
from actors.storage.files import join, list_files, read_bytes, read_parquet, write_bytes, write_json
from actors.storage.files import write_parquet as write_table
from pipeline.dataset.open import Dataset

_GREY = 128


def write_blank(dataset: Dataset, dialogues: list[Dialogue], target: str) -> None:
    """Write the dialogues with every image uniformly grey, at its own size."""
    files = {i.image_id: _blank(i) for d in dialogues for i in d.images}
    _write(dataset, [_with_files(d, files) for d in dialogues], target, files)


def write_swapped(dataset: Dataset, dialogues: list[Dialogue], target: str) -> int:
    """Write the dialogues with images of another dialogue of the same modality and as many images.

    Dialogues for which there is no other keep their own. Return how many changed.
    """
    partner = next_alike(dialogues, lambda d: (d.modality, len(d.images)))
    by_id = {d.dialogue_id: d for d in dialogues}
    files = {
        own.image_id: read_bytes(join(dataset.uri, other.uri))
        for d in dialogues
        for own, other in zip(d.images, by_id[partner[d.dialogue_id]].images, strict=True)
    }
    _write(dataset, [_with_files(d, files) for d in dialogues], target, files)
    return sum(own != other for own, other in partner.items())


def write_shuffled(turns: str, dialogues: list[Dialogue], target: str) -> int:
    """Write turn outputs under the id of another dialogue of the same modality and length.

    Return how many dialogues got other outputs.
    """
    partner = next_alike(dialogues, lambda d: (d.modality, len(d.turns)))
    for n, uri in enumerate(list_files(turns, ".parquet")):
        table = read_parquet(uri)
        names = [partner[name] for name in table["dialogue_id"].to_pylist()]
        column = table.schema.get_field_index("dialogue_id")
        table = table.set_column(column, table.schema.field(column), pa.array(names))
        write_table(join(target, f"part-{n:05d}.parquet"), table)
    return sum(own != other for own, other in partner.items())


def next_alike(
    dialogues: list[Dialogue], kind: Callable[[Dialogue], Hashable]
) -> Mapping[str, str]:
    """Map each dialogue to the next of its kind, the last to the first: a permutation."""
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for dialogue in dialogues:
        groups[kind(dialogue)].append(dialogue.dialogue_id)
    return {
        own: other
        for names in groups.values()
        for own, other in zip(names, [*names[1:], names[0]], strict=True)
    }


def _with_files(dialogue: Dialogue, files: Mapping[str, bytes]) -> Dialogue:
    images = tuple(
        replace(image, sha256=hashlib.sha256(files[image.image_id]).hexdigest())
        for image in dialogue.images
    )
    return replace(dialogue, images=images)


def _write(
    dataset: Dataset, dialogues: list[Dialogue], target: str, files: Mapping[str, bytes]
) -> None:
    for dialogue in dialogues:
        for image in dialogue.images:
            write_bytes(join(target, image.uri), files[image.image_id], sync=False)
    rows = pa.Table.from_pylist([d.to_row() for d in dialogues], schema=DIALOGUE_SCHEMA)
    write_table(join(target, "dialogues/part-00000.parquet"), rows)
    lexicon = dataset.document["lexicon"]
    write_bytes(join(target, lexicon), read_bytes(join(dataset.uri, lexicon)))
    kept = ("name", "release", "schema_version", "lexicon")
    write_json(join(target, "dataset.json"), {key: dataset.document[key] for key in kept})


def _blank(image: Image) -> bytes:
    buffer = io.BytesIO()
    PIL.new("L", (image.width, image.height), _GREY).save(buffer, "PNG")
    return buffer.getvalue()
