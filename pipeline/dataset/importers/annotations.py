"""Detection annotations to plain rows: COCO and Pascal VOC.

In: a COCO document or a VOC file. Out: one row per box; an image without boxes is one row whose
``bbox`` and ``category`` are None.

COCO: columns ``image.*``, ``category``, ``bbox`` (x, y, width, height), ``annotation.*``. VOC:
``filename``, ``width``, ``height``, ``category`` and ``bbox`` (x0, y0, x1, y1 in 0-based pixel
borders: the file's first pixel is 1 and its last one belongs to the box).
"""

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conf.errors import BadInput
from pipeline.dataset.importers.values import RowFault

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def coco_rows(document: Any, name: str) -> Iterator[dict[str, Any] | RowFault]:
    """Yield the rows of a COCO document.

    Raises:
        BadInput: images, annotations or categories are missing, or an id is used twice.
    """
    if not isinstance(document, dict) or not all(
        isinstance(document.get(k), list) for k in ("images", "annotations", "categories")
    ):
        raise BadInput(f"{name} is not COCO: it needs lists images, annotations and categories")
    try:
        categories = {c["id"]: c["name"] for c in document["categories"]}
        images = {i["id"]: i for i in document["images"]}
        by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in document["annotations"]:
            by_image[annotation["image_id"]].append(annotation)
    except (KeyError, TypeError) as error:
        raise BadInput(f"{name} is not COCO: an entry lacks {error}") from None
    if len(images) < len(document["images"]):
        raise BadInput(f"{name} is not COCO: an image id is used twice")
    for image_id, image in images.items():
        for annotation in by_image.pop(image_id, [None]):
            category = annotation and categories.get(annotation.get("category_id"))
            if annotation and category is None:
                yield RowFault("a box has an unknown category", f"annotation {annotation!r:.80}")
                continue
            bbox = annotation and annotation.get("bbox")
            yield {
                "image": image,
                "annotation": annotation or {},
                "category": category,
                "bbox": bbox,
            }
    for image_id in by_image:
        yield RowFault("a box belongs to no image", f"image_id {image_id!r} is not listed")


def voc_rows(file: Path) -> Iterator[dict[str, Any] | RowFault]:
    """Yield the rows of one VOC file; a broken file is one fault."""
    data = file.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        yield RowFault("an XML file declares entities", "which are refused")
        return
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        yield RowFault("a file is not XML", str(error))
        return
    image = {
        "filename": root.findtext("filename"),
        "width": root.findtext("size/width"),
        "height": root.findtext("size/height"),
    }
    if root.tag != "annotation" or image["filename"] is None:
        yield RowFault("a file is not Pascal VOC", "no <annotation> with a <filename>")
        return
    objects = root.findall("object")
    for thing in objects:
        try:
            x0, y0, x1, y1 = (float(thing.findtext(f"bndbox/{c}") or "") for c in _CORNERS)
        except ValueError:
            yield RowFault("a box is not four numbers", f"object {thing.findtext('name')}")
            continue
        bbox = [max(x0 - 1, 0.0), max(y0 - 1, 0.0), x1, y1]
        yield {**image, "category": thing.findtext("name"), "bbox": bbox}
    if not objects:
        yield {**image, "category": None, "bbox": None}
