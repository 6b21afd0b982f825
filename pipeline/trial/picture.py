"""A picture of the regions of a tried dialogue: the annotated box and the answer's.

In: the turns, and the images in a folder. Out: one PNG, a panel for each turn that asks for a
region.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image as PIL
from PIL import ImageDraw

from actors.schema import Box, Dialogue, Region
from pipeline.trial.run import TriedTurn

_HEIGHT, _CAPTION, _GAP = 320, 18, 8  # pixels
ANNOTATED, ANSWERED = "#2ca02c", "#ff7f0e"


def draw_regions(dialogue: Dialogue, turns: Sequence[TriedTurn], folder: Path, target: Path) -> int:
    """Write the picture; return how many panels it has. Without any nothing is written."""
    asked = [(turn, turn.region) for turn in turns if turn.region is not None]
    panels = [_panel(dialogue, turn, region, folder) for turn, region in asked]
    if not panels:
        return 0
    width = sum(p.width for p in panels) + _GAP * (len(panels) - 1)
    picture = PIL.new("RGB", (width, _HEIGHT + _CAPTION), "white")
    left = 0
    for panel in panels:
        picture.paste(panel, (left, 0))
        left += panel.width + _GAP
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target, "PNG")
    return len(panels)


def _panel(dialogue: Dialogue, tried: TriedTurn, region: Region, folder: Path) -> PIL.Image:
    image = dialogue.image(region.image_id)
    scale = _HEIGHT / image.height
    with PIL.open(folder / image.uri) as stored:
        shown = stored.convert("RGB").resize((round(image.width * scale), _HEIGHT))
    panel = PIL.new("RGB", (shown.width, _HEIGHT + _CAPTION), "white")
    panel.paste(shown, (0, _CAPTION))
    draw = ImageDraw.Draw(panel)
    _outline(draw, region.box, scale, ANNOTATED)
    if tried.box is not None:
        _outline(draw, tried.box, scale, ANSWERED)
    said = "green: annotated, orange: answered" if tried.box else "green: annotated; no box read"
    draw.text((2, 3), f"turn {tried.turn.turn}  {said}", fill="black")
    return panel


def _outline(draw: ImageDraw.ImageDraw, box: Box, scale: float, colour: str) -> None:
    x0, y0, x1, y1 = (value * scale for value in box)
    draw.rectangle((x0, y0 + _CAPTION, x1, y1 + _CAPTION), outline=colour, width=3)
