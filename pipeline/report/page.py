"""The web page of a report: templates and assets to files below ``report/``.

In: sections and what the dialogue viewer may show. Out: index.html, dialogues.html, assets/. Every
address is relative and every script and style a file of its own, so the page opens from a disk, an
object store or any web server under a policy that allows nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from actors.storage.files import join, write_bytes
from pipeline.report.blocks import Section

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_PACKAGE = "pipeline.report"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the templates show; where there are no ``dialogues`` to look at, ``why``."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    dialogues: bool
    why: str
    images: bool
    text: bool


def write_page(page: Page, report: str) -> None:
    """Write the page's files."""
    for name, template in (("index", "page"), ("dialogues", "dialogues")):
        markup = render(f"{template}.html.j2", page=page).encode()
        write_bytes(join(report, f"{name}.html"), markup, sync=False)
    for name, data in assets():
        write_bytes(join(report, "assets", name), data, sync=False)


def render(template: str, **values: object) -> str:
    """Return one of the packaged templates filled; every value is escaped."""
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["chart"] = Markup  # of ``svg.clean`` output alone
    return environment.get_template(template).render(policy=POLICY, **values)


def assets() -> Iterator[tuple[str, bytes]]:
    """Yield the packaged scripts, styles and the icon."""
    for item in files(_PACKAGE).joinpath("assets").iterdir():
        if item.name.endswith((".css", ".js", ".svg")):
            yield item.name, item.read_bytes()
