import pytest
from playwright.sync_api import Page, expect

from actors.schema import Dialogue
from conf.schema import METRICS
from pipeline.dataset.open import open_dataset
from pipeline.report.analysis.comparison import flips
from pipeline.report.inputs import load_run
from tests.browser.conftest import Site, Watched


@pytest.fixture
def listing(site: Site, watched: Watched) -> Page:
    watched.page.goto(site.url("dialogues.html"))
    watched.page.locator("#rows tr").first.wait_for()
    return watched.page


@pytest.fixture(scope="module")
def dialogues(site: Site) -> dict[str, Dialogue]:
    rows = open_dataset(load_run(str(site.run)).config.dataset.uri).dialogues().to_pylist()
    return {row["dialogue_id"]: Dialogue.from_row(row) for row in rows}


def found(page: Page) -> int:
    return int(page.locator("#count").inner_text().split()[0])


def test_filters_agree_with_the_scores(listing: Page, site: Site):
    scores = load_run(str(site.run)).scores
    other = load_run(str(site.other)).scores
    by = scores.set_index(["metric", "dialogue_id"])["numerator"]
    assert found(listing) == 60
    listing.get_by_label("Specialty").select_option(label="radiology")
    assert found(listing) == scores.loc[scores["specialty"] == "radiology", "dialogue_id"].nunique()
    listing.get_by_role("button", name="Clear").click()
    expect(listing.locator("#count")).to_have_text("60 of 60 dialogues")
    listing.get_by_label("a failed turn").check()
    assert found(listing) == (by["failed_turns"] > 0).sum() == 6
    listing.get_by_label("a failed turn").uncheck()
    listing.get_by_label("a hallucination").check()
    assert found(listing) == (by["hallucination_rate"] > 0).sum()
    listing.get_by_label("a hallucination").uncheck()
    listing.get_by_label("a turn that flipped").select_option("0:lost")
    assert found(listing) == len(flips(scores, other).lost)


@pytest.mark.parametrize("metric", METRICS)
def test_worst_first_begins_with_the_worst(listing: Page, site: Site, metric):
    scores = load_run(str(site.run)).scores
    mine = scores[(scores["metric"] == metric) & (scores["denominator"] > 0)]
    ratio = mine["numerator"] / mine["denominator"]
    worst = ratio.max() if metric == "hallucination_rate" else ratio.min()
    listing.get_by_label("Worst first by").select_option(metric)
    assert found(listing) == len(mine)
    column = 5 + METRICS.index(metric)
    first = listing.locator("#rows tr").first.locator("th, td").nth(column).inner_text()
    assert first == f"{100 * worst:.1f}%"


def test_search_finds_ids_and_hallucinated_concepts(listing: Page):
    search = listing.get_by_label("Search")
    search.fill("000042")
    expect(listing.locator("#count")).to_have_text("1 of 60 dialogues")
    search.fill("nodule")
    assert 0 < found(listing) < 60
    search.fill("nothing of the kind")
    expect(listing.locator("#count")).to_have_text("0 of 60 dialogues")


def test_a_deep_link_shows_the_turn_with_both_boxes_where_they_are(
    site: Site, watched: Watched, dialogues
):
    one = next(d for d in dialogues.values() if len(d.images) == 2 and d.turns[-1].region_id)
    turn = one.turns[-1]
    region = one.region(turn.region_id)
    watched.page.goto(site.url(f"dialogues.html#/dialogue/{one.dialogue_id}/turn/{turn.turn}"))
    active = watched.page.locator(".turn[aria-current=true]")
    expect(active).to_have_id(f"turn-{turn.turn}")
    expect(active).to_contain_text(turn.question)
    pictures = watched.page.locator(".picture")
    expect(pictures).to_have_count(2)
    for picture in pictures.locator("image").all():
        assert picture.evaluate("node => node.getBBox().width > 0")
    box = watched.page.locator("rect.box.gold")
    expect(box).to_have_count(1)
    drawn = [float(box.get_attribute(name)) for name in ("x", "y", "width", "height")]
    x0, y0, x1, y1 = region.box
    assert drawn == pytest.approx([x0, y0, x1 - x0, y1 - y0], abs=0.2)
    expect(watched.page.locator("#why")).to_contain_text("turn_accuracy:")


def test_an_unknown_dialogue_is_named(site: Site, watched: Watched):
    watched.page.goto(site.url("dialogues.html#/dialogue/no%20such/turn/1"))
    expect(watched.page.locator("#state")).to_have_text(
        "There is no dialogue no such in this report."
    )


def test_claims_are_underlined_by_verdict(listing: Page):
    listing.get_by_label("Specialty").select_option(label="ophthalmology")
    listing.get_by_label("Search").fill("nodule")
    listing.locator("#rows a").first.click()
    mark = listing.locator("mark.unverifiable").first
    expect(mark).to_have_text("nodule")
    assert mark.get_attribute("title") == "nodule: unverifiable"
    expect(listing.locator(".claims .verdict.unverifiable").first).to_be_visible()
    expect(listing.locator("mark.supported").first).to_be_visible()


def test_keys_move_through_turns_and_dialogues_and_can_be_turned_off(listing: Page):
    listing.locator("#rows a").nth(1).focus()
    listing.keyboard.press("Enter")
    title = listing.locator("#dialogue-title")
    expect(title).to_be_focused()
    first = title.inner_text()
    active = listing.locator(".turn.active")
    listing.keyboard.press("j")
    expect(active).to_have_id("turn-2")
    listing.keyboard.press("k")
    expect(active).to_have_id("turn-1")
    listing.keyboard.press("n")
    expect(title).not_to_have_text(first)
    listing.keyboard.press("p")
    expect(title).to_have_text(first)
    listing.locator("#shortcuts").uncheck()
    listing.locator("#why").focus()
    listing.keyboard.press("j")
    expect(active).to_have_id("turn-1")


def test_pictures_zoom_move_and_window(listing: Page):
    listing.locator("#rows a").first.click()
    view = listing.locator("svg.view").first
    whole = [float(v) for v in view.get_attribute("viewBox").split()]
    view.focus()
    listing.keyboard.press("+")
    zoomed = [float(v) for v in view.get_attribute("viewBox").split()]
    assert zoomed[2] == pytest.approx(0.8 * whole[2])
    listing.keyboard.press("ArrowRight")
    assert float(view.get_attribute("viewBox").split()[0]) > zoomed[0]
    listing.get_by_label("Window width").first.fill("100")
    assert view.locator("image").get_attribute("filter").startswith("url(#window-")
    assert float(view.locator("feFuncR").get_attribute("slope")) == pytest.approx(2.55)
    listing.get_by_role("button", name="Reset").first.click()
    assert [float(v) for v in view.get_attribute("viewBox").split()] == whole
    assert view.locator("image").get_attribute("filter") is None
