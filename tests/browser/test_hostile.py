from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import HOSTILE, Watched


def test_hostile_data_stays_text_on_the_page(hostile: Path, watched: Watched):
    page = watched.page
    page.goto((hostile / "index.html").as_uri())
    expect(page.locator("#groups")).to_contain_text(HOSTILE)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert watched.complaints == []


def test_hostile_data_stays_text_in_the_viewer(hostile: Path, watched: Watched):
    page = watched.page
    page.goto((hostile / "dialogues.html").as_uri())
    page.locator("#rows a").first.click()
    expect(page.locator("#dialogue-title")).to_contain_text(HOSTILE)
    turn = page.locator("#turn-2")
    expect(turn).to_contain_text(f"There is a haemorrhage 🩻 no nodule {HOSTILE}")
    assert turn.locator("mark").all_inner_texts() == ["haemorrhage", "nodule"]
    expect(page.locator("#turn-1")).to_contain_text("no answer: the turn failed or is missing")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 6
    assert watched.complaints == []


def test_the_policy_stops_what_escaping_would_miss(hostile: Path, watched: Watched):
    page = watched.page
    page.goto((hostile / "index.html").as_uri())
    page.evaluate(
        """() => {
          const image = document.createElement("img");
          image.setAttribute("onerror", "window.hacked = 1");
          image.src = "https://attacker.example/x.png";
          document.body.append(image);
          const script = document.createElement("script");
          script.textContent = "window.hacked = 1";
          document.body.append(script);
        }"""
    )
    page.wait_for_function("() => document.querySelector('img').complete")
    assert page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in watched.complaints)
