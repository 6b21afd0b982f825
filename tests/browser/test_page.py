from urllib.parse import urlsplit

import pytest

from actors.storage.files import read_parquet
from conf.schema import METRICS
from pipeline.stats.composite import OVERALL
from pipeline.stats.percent import percent
from tests.browser.conftest import Site, Watched
from tests.pipeline.report.test_write import SECTIONS


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_page_opens_from_disk_and_server_without_complaint(site: Site, watched: Watched, scheme):
    watched.page.goto(site.url("index.html", scheme))
    for name in (*SECTIONS, "comparison"):
        assert watched.page.locator(f"section#{name} h2").is_visible()
    watched.page.goto(site.url("dialogues.html", scheme))
    watched.page.locator("#rows tr").first.wait_for()
    assert watched.complaints == []
    origins = {urlsplit(url)[:2] for url in watched.requests}
    assert origins == {urlsplit(site.url("", scheme))[:2]}


def test_tiles_and_heat_map_show_the_summarys_values(site: Site, watched: Watched):
    watched.page.goto(site.url("index.html"))
    rows = read_parquet(str(site.run / "summary.parquet")).to_pylist()
    value = {(r["group_kind"], r["group"], r["metric"]): r["value"] for r in rows}
    shown = watched.page.locator("#overview .tiles strong").all_inner_texts()
    metrics = (OVERALL, *METRICS)
    assert shown == [percent(value["overall", "all", m]) for m in metrics]
    radiology = watched.page.locator("#specialties tr", has_text="radiology").inner_text()
    for metric in metrics:
        assert percent(value["specialty", "radiology", metric]) in radiology


def test_charts_are_drawn_and_named(site: Site, watched: Watched):
    watched.page.goto(site.url("index.html"))
    charts = watched.page.locator("svg.chart")
    assert charts.count() >= 6
    for chart in charts.all():
        assert chart.get_attribute("aria-label")
        assert chart.bounding_box()["height"] > 30
    colour = watched.page.locator("#overview svg path[fill='var(--mark)']").first.evaluate(
        "node => getComputedStyle(node).fill"
    )
    assert colour == "rgb(11, 92, 143)"


def test_a_phone_needs_no_sideways_scrolling(site: Site, watched: Watched):
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for name in ("index.html", "dialogues.html"):
        watched.page.goto(site.url(name))
        if name == "dialogues.html":
            watched.page.locator("#rows tr").first.wait_for()
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_printing_opens_the_numbers_of_charts_and_makes_a_pdf(site: Site, watched: Watched):
    watched.page.goto(site.url("index.html"))
    closed = watched.page.locator("details:not([open])")
    assert closed.count() > 0
    watched.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert closed.count() == 0
    watched.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert closed.count() > 0
    assert watched.page.pdf().startswith(b"%PDF")


def test_the_server_lists_the_run_and_leads_to_its_dialogues(site: Site, watched: Watched):
    watched.page.goto(site.http)
    watched.page.get_by_role("link", name="Report of first").click()
    watched.page.get_by_role("link", name="Look at the dialogues").click()
    watched.page.locator("#rows a").first.click()
    watched.page.locator("#turns .turn.active").wait_for()
    assert watched.complaints == []
