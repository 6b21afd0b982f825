"""A contact sheet: for every modality a row of pictures, the last ones with their boxes drawn.

In: a seed. Out: one Pillow image. ``python -m benchmarks.contact_sheet FILE`` writes it.
"""

import sys

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from pipeline.phantom.catalogue.modalities import MODALITIES, SOURCES
from pipeline.phantom.drawing.render import render
from pipeline.phantom.scene import Scene, draw_scene

_LESIONS = (0, 2, 3, 3, 4)  # per column; the last two columns show the boxes
_BOXED_COLUMNS = 2
_GREEN = (60, 255, 90)


def contact_sheet(seed: int = 0, cell: int = 160) -> Pillow.Image:
    """Draw the sheet with pictures of ``cell`` x ``cell`` pixels."""
    sheet = Pillow.new("RGB", (cell * len(_LESIONS), cell * len(MODALITIES)))
    sources = {source.modality: source for source in SOURCES}
    for row, modality in enumerate(MODALITIES.values()):
        for column, lesions in enumerate(_LESIONS):
            rng = np.random.default_rng([seed, row, column])
            scene = draw_scene(rng, sources[modality.name], modality, lesions)
            boxed = column >= len(_LESIONS) - _BOXED_COLUMNS
            sheet.paste(_tile(scene, cell, boxed), (column * cell, row * cell))
    return sheet


def _tile(scene: Scene, cell: int, boxed: bool) -> Pillow.Image:
    tile = Pillow.fromarray(render(scene.current)).convert("RGB")
    tile = tile.resize((cell, cell), Pillow.Resampling.BICUBIC)
    width, height = scene.modality.size
    pen = ImageDraw.Draw(tile)
    for referent in scene.present if boxed else ():
        x0, y0, x1, y1 = referent.box("current", scene.modality.size)
        pen.rectangle(
            (x0 / width * cell, y0 / height * cell, x1 / width * cell, y1 / height * cell),
            outline=_GREEN,
        )
    return tile


if __name__ == "__main__":
    # four bits per channel keep the file small enough for a repository
    Pillow.fromarray(np.asarray(contact_sheet()) & np.uint8(0xF0)).save(sys.argv[1], optimize=True)
