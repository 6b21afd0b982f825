"""Charts as markup that a strict page can hold: known elements and attributes only.

In: SVG text of a chart library, which may hold data (group names). Out: SVG without scripts, links,
styles or foreign content, as one image with a name; marks keep their description as a tooltip.
"""

from xml.etree import ElementTree

_NS = "{http://www.w3.org/2000/svg}"
_TAGS = frozenset(("svg", "g", "path", "line", "rect", "text", "tspan", "circle"))
_ATTRIBUTES = frozenset(
    (
        "viewBox",
        "transform",
        "d",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "dx",
        "dy",
        "width",
        "height",
        "cx",
        "cy",
        "r",
        "rx",
        "fill",
        "fill-opacity",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-miterlimit",
        "opacity",
        "text-anchor",
        "font-size",
        "font-weight",
        "font-style",
        "display",
    )
)
_DESCRIBED = "graphics-symbol"


def clean(markup: str, label: str) -> str:
    """Return the markup with what a chart needs alone.

    Args:
        markup: a whole SVG document.
        label: what the chart shows, for those who cannot see it.

    Raises:
        ElementTree.ParseError: the markup is not XML.
    """
    root = _kept(ElementTree.fromstring(markup))
    root.set("role", "img")
    root.set("aria-label", label)
    root.set("class", "chart")
    # The width in the style sheet decides; the box keeps the proportions.
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    return ElementTree.tostring(root, encoding="unicode")


def _kept(element: ElementTree.Element) -> ElementTree.Element:
    """Return a copy of an element with its known parts; tail text between elements is dropped."""
    tag = element.tag.removeprefix(_NS)
    known = {k: v for k, v in element.attrib.items() if k in _ATTRIBUTES and "url(" not in v}
    copy = ElementTree.Element(tag, known)
    if tag in ("text", "tspan"):
        copy.text = element.text
    described = element.get("aria-label")
    in_axis = element.get("aria-roledescription") in ("axis", "legend")
    if described and element.get("role") == _DESCRIBED and not in_axis:
        ElementTree.SubElement(copy, "title").text = described
    copy.extend(
        _kept(child)
        for child in element
        if isinstance(child.tag, str) and child.tag.removeprefix(_NS) in _TAGS
    )
    return copy
