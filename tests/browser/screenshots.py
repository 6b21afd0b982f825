"""Takes pictures of a report page: overview, comparison and viewer, phone and desktop, both themes.

In: the run directory of a report written with --against. Out: PNG files in a folder.
Usage: python -m tests.browser.screenshots RUN FOLDER
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import launch

_MOST_BYTES = 300_000


@dataclass(frozen=True)
class Shot:
    """One picture: which page, what to do on it first, and in which window."""

    name: str
    page: str
    anchor: str
    width: int
    height: int
    theme: str


SHOTS = (
    Shot("overview", "index.html", "", 1280, 900, "light"),
    Shot("overview-dark", "index.html", "", 1280, 900, "dark"),
    Shot("overview-phone", "index.html", "", 390, 844, "light"),
    Shot("specialties", "index.html", "specialties", 1280, 900, "light"),
    Shot("specialties-dark", "index.html", "specialties", 1280, 900, "dark"),
    Shot("comparison", "index.html", "comparison", 1280, 1000, "light"),
    Shot("comparison-phone", "index.html", "comparison", 390, 844, "dark"),
    Shot("list", "dialogues.html", "", 1280, 900, "light"),
    Shot("viewer", "dialogues.html", "dialogue", 1280, 1000, "light"),
    Shot("viewer-dark", "dialogues.html", "dialogue", 1280, 1000, "dark"),
    Shot("viewer-phone", "dialogues.html", "dialogue", 390, 844, "light"),
)


def take(run: Path, folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, launch(playwright) as browser:
        for shot in SHOTS:
            _take(browser, shot, run, folder)


def _take(browser: Browser, shot: Shot, run: Path, folder: Path) -> None:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.theme
    )
    page = context.new_page()
    page.goto((run / "report" / shot.page).resolve().as_uri())
    if shot.page == "dialogues.html":
        page.wait_for_selector("#rows tr")
        if shot.anchor:
            _open_comparison(page)
    elif shot.anchor:
        page.evaluate("id => document.getElementById(id).scrollIntoView()", shot.anchor)
    target = folder / f"{shot.name}.png"
    page.screenshot(path=str(target))
    context.close()
    if target.stat().st_size > _MOST_BYTES:
        with Image.open(target) as picture:
            picture.quantize(256).save(target, optimize=True)


def _open_comparison(page: Page) -> None:
    """Open a dialogue with a prior image, at its first turn with both boxes in the picture."""
    page.evaluate(
        """async () => {
          const app = window.imcbench;
          const index = await app.load("index");
          for (let n = 0; n < index.ids.length; n += 1) {
            const d = await app.dialogue(index, n);
            const t = d.turns.find((turn) => turn.box && turn.iou > 0.5 && turn.iou < 0.99);
            if (d.images.length > 1 && t) { location.hash = app.address(d.id, t.n); return; }
          }
        }"""
    )
    page.wait_for_selector("#dialogue .turn.active")


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
