"""What the Markdown pages name exists: files, modules and their names, links."""

import re
from pathlib import Path

import pytest

from tests.test_architecture import LAYERS, name_of

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("conf", "actors", "pipeline", "benchmarks", "tests", "examples"),
    *("docs", "deploy", "requirements", ".ci", ".github"),
)
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(p for d in FOLDERS for p in (ROOT / d).rglob("*.md")))
    if not any(part.startswith(".") and part != ".github" for part in page.parts)
)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS[:6])})(?:\.[A-Za-z_]\w*)+")
IMPORT = re.compile(r"^from ([\w.]+) import ([\w, ]+)", re.MULTILINE)
FILE_KINDS = (".py", ".md", ".toml", ".lock", ".sh")
PYTHON = [p for d in FOLDERS[:6] for p in (ROOT / d).rglob("*.py")]
MODULES = {name_of(p): p for p in PYTHON}
FILES = [p for d in FOLDERS for p in (ROOT / d).rglob("*") if p.is_file()]
NAMES = {p.name for p in (*FILES, *ROOT.iterdir())}


def wrong_in_diagrams(text: str) -> set[str]:
    """Collect paths in Mermaid diagrams that are neither a folder nor a module."""
    diagrams = " ".join(d for d in FENCE.findall(text) if d.startswith("```mermaid"))
    paths = re.findall(rf"(?:{'|'.join(FOLDERS[:6])})/[\w/]+", diagrams)
    return {p for p in paths if not ((ROOT / p).is_dir() or (ROOT / f"{p}.py").is_file())}


def wrong_paths(page: Path, text: str) -> set[str]:
    """Collect paths in backticks that begin with one of our folders, or end like our files."""
    wrong = set()
    for word in (w.rstrip("/.,:;") for code in CODE.findall(text) for w in code.split()):
        ours = word.startswith(tuple(f"{d}/" for d in FOLDERS))
        if not (ours or word.endswith(FILE_KINDS)) or not re.fullmatch(r"[\w./*-]+", word):
            continue
        bases = (ROOT, page.parent)
        if not any(list(b.glob(word)) for b in bases) and ("/" in word or word not in NAMES):
            wrong.add(word)
    return wrong - MADE_BY_A_RUN


# Files that the pages speak of and that a run, or a person, makes.
MADE_BY_A_RUN = {"report.md", "leaderboard.md"}


def defines(module: Path, name: str) -> bool:
    """Return whether a module defines or imports a name at its top level."""
    pattern = rf"^(?:(?:async )?def |class )?{name}\b|^from .* import .*\b{name}\b|^    {name},$"
    return bool(re.search(pattern, module.read_text(), re.MULTILINE))


def wrong_modules(text: str) -> set[str]:
    """Collect dotted names that begin with a package of ours and lead nowhere."""
    imported = {
        f"{module}.{name.strip()}"
        for module, names in IMPORT.findall(text)
        if module.split(".")[0] in FOLDERS
        for name in names.split(",")
    }
    spans = " ".join(CODE.findall(FENCE.sub("", text)))
    commands = " ".join(re.findall(r"python -m ([\w.]+)", text))
    return {
        name
        for name in {*MODULE.findall(spans), *MODULE.findall(commands), *imported}
        if name not in MODULES
        and not (
            (parent := name.rpartition(".")[0]) in MODULES
            and defines(MODULES[parent], name.rpartition(".")[2])
        )
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    targets = (t.split("#")[0] for t in LINK.findall(text) if not re.match(r"https?:|#|mailto:", t))
    wrong = {target for target in targets if not (page.parent / target).exists()}
    wrong |= wrong_paths(page, FENCE.sub("", text)) | wrong_modules(text)
    assert wrong | wrong_in_diagrams(text) == set()


def test_the_checks_notice_what_does_not_exist() -> None:
    page = ROOT / "docs/architecture.md"
    assert wrong_paths(page, "`pipeline/nowhere.py` and `nothing.py` and `gate/*.py`") == {
        "pipeline/nowhere.py",
        "nothing.py",
        "gate/*.py",
    }
    assert wrong_paths(page, "`conf/load.py`, `pipeline/gate/`, `docs/*.md`, `load.py`") == set()
    assert wrong_modules("`pipeline.stats.nowhere` `conf.load.load`") == {"pipeline.stats.nowhere"}
    diagram = "```mermaid\npipeline/score<br>pipeline/gate, pipeline/nowhere<br>x\n```"
    assert wrong_in_diagrams(diagram) == {"pipeline/nowhere"}
    assert wrong_modules("from conf.load import load, gone") == {"conf.load.gone"}


def layers_of_the_page() -> list[str]:
    rows = re.findall(
        r"^\| `([^`]+)` \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
    )
    return [row.rstrip("/").removesuffix(".py").replace("/", ".") for row in rows]


def test_the_architecture_page_shows_every_layer_below_those_it_imports() -> None:
    shown = layers_of_the_page()
    layers = {name: needs for name, needs in LAYERS.items() if name != "pipeline.__main__"}
    packages = {name for name in ("actors", "pipeline") if not LAYERS[name]}
    assert set(shown) == layers.keys() - packages
    for name in shown:
        below = {need for need in layers[name] if shown.index(need) > shown.index(name)}
        assert not below, f"{name} is shown above {below}"
