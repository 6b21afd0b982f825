"""Reports in a real browser; skipped without Chromium, which tests/browser/install.sh gets."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from actors.schema import Dialogue, Turn
from pipeline.report.inputs import Options
from pipeline.report.serve import ReportServer
from pipeline.report.write import write_full_report
from tests.browser.chromium import EXECUTABLE, launch
from tests.pipeline.report.make import gold_answers, make_dataset, make_run, rewrite

HERE = Path(__file__).parent
PATIENCE_MS = 60_000  # of waiting for what will come: a busy machine is no fault of the page
HOSTILE = "</script><img src=x onerror=window.hacked=1><svg onload=window.hacked=1>'\"`&amp;{{7*7}}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if Path(EXECUTABLE).exists():
        return
    skip = pytest.mark.skip(reason=f"{EXECUTABLE} is missing: run tests/browser/install.sh")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(skip)


@dataclass(frozen=True)
class Site:
    """A report on disk, and the same behind a server."""

    run: Path
    other: Path
    http: str

    def url(self, page: str, scheme: str = "http") -> str:
        if scheme == "file":
            path, _, fragment = page.partition("#")
            return (self.run / "report" / path).as_uri() + (f"#{fragment}" if fragment else "")
        return f"{self.http}{self.run.parent.name}/{self.run.name}/report/{page}"


@dataclass
class Watched:
    """A page with everything it complained about or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    dataset = make_dataset(folder / "dataset", 60)
    good = gold_answers(0.2, seed=1)

    def failing(dialogue: Dialogue, turn: Turn) -> str | None:
        failed = dialogue.dialogue_id.endswith("7") and turn.turn == 2
        return None if failed else good(dialogue, turn)

    run = make_run(dataset, folder / "runs", "first", failing)
    other = make_run(dataset, folder / "runs", "second", gold_answers(0.5, seed=2))
    write_full_report(run, [other], None, Options())
    with ReportServer(str(folder / "runs"), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(Path(run), Path(other), server.address)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on data whose every free text attacks the page."""
    folder = tmp_path_factory.mktemp("hostile")
    dataset = make_dataset(folder / "dataset", 12)

    def attack(n: int, dialogue: Dialogue) -> Dialogue:
        turns = tuple(
            replace(t, question=HOSTILE, choices=tuple(HOSTILE + c for c in t.choices))
            for t in dialogue.turns
        )
        name = f"{HOSTILE}/../{n}"
        return replace(dialogue, dialogue_id=name, source=HOSTILE, turns=turns)

    rewrite(dataset, attack)

    def answer(dialogue: Dialogue, turn: Turn) -> str | None:
        return None if turn.turn == 1 else f"There is a haemorrhage 🩻 no nodule {HOSTILE}"

    run = make_run(dataset, folder / "runs", "first", answer)
    write_full_report(run, [], None, Options())
    return Path(run) / "report"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context(viewport={"width": 1280, "height": 900})
    yield one
    one.close()


@pytest.fixture
def watched(context: BrowserContext) -> Watched:
    context.set_default_timeout(PATIENCE_MS)
    found = Watched(context.new_page())
    page = found.page
    page.on("console", lambda m: found.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("requestfailed", lambda request: found.complaints.append(request.url))
    page.on("request", lambda request: found.requests.append(request.url))
    return found
