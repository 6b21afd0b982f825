"""The box dialects: how each family of checkpoints is asked for a region and writes it.

One entry says all there is to know about a dialect; ``conf.schema.BOX_DIALECTS`` lists the names
that a configuration may declare. docs/boxes.md has the sources. Every pattern has bounded repeats,
so reading takes linear time.
"""

import re
from dataclasses import dataclass

from actors.boxes.coordinates import (
    DECIMALS,
    DECIMALS_OF_SQUARE,
    PERCENT_POINT,
    PIXELS,
    Coordinates,
    Numbers,
    bins,
    patches,
    steps,
)

_S = r"[ \t\r\n]{0,40}"  # indented JSON has one number a line
_N = rf"{_S}([-+]?(?:\d{{1,7}}(?:\.\d{{0,17}})?|\.\d{{1,17}})){_S}"
_NUMBERS = rf"{_N},{_N},{_N},{_N}"
_LIST = rf"\[{_NUMBERS}\]"
# GLM-V's documentation: "The bracket style may vary ([], [[]], (), <>)".
_ANY_LIST = rf"[\[(<]{_NUMBERS}[\])>]"
_PAIRS = rf"\({_N},{_N}\){_S},?{_S}\({_N},{_N}\)"
_PERCENT = r"\"[ \t]{0,4}(\d{1,3}(?:\.\d{0,9})?)[ \t]{0,4}\""
_AFTER = "After the answer give the region "


def _keyed(key: str) -> re.Pattern[str]:
    """Find the list under a key of a JSON object, or one that stands under no key at all."""
    return re.compile(rf"(?:[\"']{key}[\"']{_S}:{_S}|(?<!:)(?<!:[ \t\n])){_LIST}")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way of writing a region.

    ``instruction`` asks the model for it, in one sentence. ``form`` is what a model writes, with a
    place for each number. ``pattern`` finds it in a response, with a group for each number; None
    where the model gives no region by declaration. ``markup`` is what else a region may be written
    in and is no text (None: what ``pattern`` finds); words inside of a tag pair stay. ``json_key``
    names the key of a JSON object that holds the numbers: of such an object only the label is text.
    ``input_pixels``: the numbers are pixels of the image as it enters the model. ``point``: a
    point, not a box.
    """

    instruction: str
    form: str
    pattern: re.Pattern[str] | None
    coordinates: Coordinates
    markup: re.Pattern[str] | None = None
    json_key: str | None = None
    y_first: bool = False
    input_pixels: bool = False
    point: bool = False

    @property
    def has_boxes(self) -> bool:
        """Whether a model of this dialect writes boxes, which have an IoU."""
        return self.pattern is not None and not self.point

    def ordered(self, numbers: Numbers) -> Numbers:
        """Swap x and y where the dialect writes y first; swapping again undoes it."""
        if not self.y_first:
            return numbers
        x0, y0, x1, y1 = numbers
        return y0, x0, y1, x1


DIALECTS: dict[str, Dialect] = {
    "norm1000": Dialect(
        instruction=_AFTER
        + "as [x0, y0, x1, y1] with integers from 0 to 1000 relative to the image.",
        form="[{}, {}, {}, {}]",
        pattern=re.compile(_ANY_LIST),
        coordinates=steps(1000),
    ),
    "norm1": Dialect(
        instruction=_AFTER + "as [x0, y0, x1, y1] with decimals from 0 to 1 relative to the image.",
        form="[{:.4g}, {:.4g}, {:.4g}, {:.4g}]",
        pattern=re.compile(_LIST),
        coordinates=DECIMALS,
    ),
    "llava": Dialect(
        instruction=_AFTER + "as [x0, y0, x1, y1] with decimals from 0 to 1 relative to the image.",
        form="[{:.4g}, {:.4g}, {:.4g}, {:.4g}]",
        pattern=re.compile(_LIST),
        coordinates=DECIMALS_OF_SQUARE,
    ),
    "pixels": Dialect(
        instruction=_AFTER + "as [x0, y0, x1, y1] in pixels of the image.",
        form="[{}, {}, {}, {}]",
        pattern=re.compile(_LIST),
        coordinates=PIXELS,
    ),
    "qwen25": Dialect(
        instruction=_AFTER + 'as JSON: {"bbox_2d": [x0, y0, x1, y1]} in pixels of the image.',
        form='{{"bbox_2d": [{}, {}, {}, {}]}}',
        pattern=_keyed("bbox_2d"),
        coordinates=PIXELS,
        json_key="bbox_2d",
        input_pixels=True,
    ),
    "qwen": Dialect(
        instruction=_AFTER + "as <box>(x0,y0),(x1,y1)</box> with integers from 0 to 1000.",
        form="<box>({},{}),({},{})</box>",
        pattern=re.compile(_PAIRS),  # its tags are special tokens, which an engine may drop
        coordinates=steps(1000),
        markup=re.compile(rf"{_PAIRS}|(?i:</?(?:box|ref)>|<\|(?:box|object_ref)_(?:start|end)\|>)"),
    ),
    "internvl": Dialect(
        instruction=_AFTER + "as <box>[[x0, y0, x1, y1]]</box> with integers from 0 to 1000.",
        form="<box>[[{}, {}, {}, {}]]</box>",
        pattern=re.compile(rf"\[{_S}{_LIST}"),  # its tags may be dropped as well
        coordinates=steps(1000),
        markup=re.compile(rf"\[{_S}{_LIST}(?:{_S},{_S}{_LIST}){{0,20}}{_S}\]|(?i:</?(?:box|ref)>)"),
    ),
    "gemini": Dialect(
        instruction=_AFTER + 'as JSON: {"box_2d": [y0, x0, y1, x1]} with integers from 0 to 1000.',
        form='{{"box_2d": [{}, {}, {}, {}]}}',
        pattern=_keyed("box_2d"),
        coordinates=steps(1000),
        json_key="box_2d",
        y_first=True,
    ),
    "paligemma": Dialect(
        instruction=_AFTER + "as <locYYYY><locXXXX><locYYYY><locXXXX>: top, left, bottom, right.",
        form="<loc{:04d}><loc{:04d}><loc{:04d}><loc{:04d}>",
        pattern=re.compile(r"<loc(\d{4})>" + r"[ \t]{0,4}<loc(\d{4})>" * 3),
        coordinates=bins(1024),
        markup=re.compile(r"<loc\d{4}>|<seg\d{3}>"),
        y_first=True,
    ),
    "florence2": Dialect(
        instruction=_AFTER + "as <loc_x0><loc_y0><loc_x1><loc_y1> with integers from 0 to 999.",
        form="<loc_{}><loc_{}><loc_{}><loc_{}>",
        pattern=re.compile(r"<loc_(\d{1,4})>" + r"[ \t]{0,4}<loc_(\d{1,4})>" * 3),
        coordinates=bins(1000, middle=0.5),  # as in Florence-2's processor
        markup=re.compile(r"<loc_\d{1,4}>"),
    ),
    "kosmos2": Dialect(
        instruction=_AFTER + "as its upper left and lower right patch: "
        "<patch_index_0000><patch_index_0000>.",
        form="<object><patch_index_{:04d}><patch_index_{:04d}></object>",
        pattern=re.compile(r"<patch_index_(\d{1,6})>[ \t]{0,4}<patch_index_(\d{1,6})>"),
        coordinates=patches(32),
        markup=re.compile(
            r"<patch_index_\d{1,6}>|</?(?:object|phrase|grounding)>"
            r"|</delimiter_of_multi_objects/>"
        ),
    ),
    "molmo": Dialect(
        instruction="After the answer point to the region.",
        form='<point x="{:.1f}" y="{:.1f}" alt="region">region</point>',
        pattern=re.compile(rf"<points?[ \t]{{1,4}}x1?={_PERCENT}[ \t]{{1,4}}y1?={_PERCENT}"),
        coordinates=PERCENT_POINT,
        markup=re.compile(r"<points?[ \t][^<>]{0,400}>|</points?>"),
        point=True,
    ),
    "none": Dialect(instruction="", form="", pattern=None, coordinates=steps(1)),
}


def dialect_named(name: str) -> Dialect:
    """Return the dialect of this name.

    Raises:
        ValueError: there is none.
    """
    if name not in DIALECTS:
        raise ValueError(f"box dialect {name!r} is unknown")
    return DIALECTS[name]
