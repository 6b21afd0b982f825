from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, Watched

AXE = Path(__file__).parent / ".axe" / "axe.min.js"
VIEWS = ("index.html", "dialogues.html", "dialogues.html#/dialogue/phantom-0-000001/turn/2")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: run tests/browser/install.sh")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(site: Site, browser: Browser, view: str, theme: str):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.goto(site.url(view))
    if view.startswith("dialogues"):
        page.locator("#rows tr" if "#" not in view else ".turn.active").first.wait_for(
            state="attached"
        )
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.evaluate(AXE.read_text())
    # A theme changes colours alone, so all other rules need one theme.
    rules = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    found = page.evaluate("rules => axe.run(rules)", rules)["violations"]
    context.close()
    serious = [
        (v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_first_tab_stop_skips_to_the_content(site: Site, watched: Watched):
    page = watched.page
    page.goto(site.url("index.html"))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_dialogue_is_found_and_opened_with_the_keyboard_alone(site: Site, watched: Watched):
    page = watched.page
    page.goto(site.url("dialogues.html"))
    page.locator("#rows tr").first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#rows a')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#dialogue-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".turn.active")).to_have_id("turn-2")
