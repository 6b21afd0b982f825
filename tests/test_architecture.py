"""The rules of the house: who may import whom, and who may touch storage."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("conf", "actors", "pipeline")
PHASES = ("generate", "score", "reduce", "report", "judge", "sweep", "gate")
# Workers read images and weights where they run; everything else goes through pipeline.storage.
FSSPEC_USERS = {"pipeline/filesystems.py", "actors/images.py", "actors/weights.py"}
HEAVY = ("torch", "vllm", "transformers", "tokenizers", "selenium")


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path, *, top_level: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize(
    ("package", "forbidden"), [("conf", ("actors", "pipeline")), ("actors", ("pipeline",))]
)
def test_imports_point_one_way(package: str, forbidden: tuple[str, ...]) -> None:
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(package)
        for name in imports(path)
        if name.split(".")[0] in forbidden
    }
    assert not wrong


def test_phases_never_import_each_other() -> None:
    wrong = set()
    for phase in PHASES:
        package = ROOT / "pipeline" / phase
        for path in [*package.rglob("*.py"), package.with_suffix(".py")]:
            if path.exists():
                others = {f"pipeline.{p}" for p in PHASES if p != phase}
                wrong |= {
                    (path.name, name)
                    for name in imports(path)
                    if ".".join(name.split(".")[:2]) in others
                }
    assert not wrong


def test_only_named_modules_use_fsspec() -> None:
    users = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        if any(name.split(".")[0] in ("fsspec", "s3fs") for name in imports(path))
    }
    assert users <= FSSPEC_USERS


def test_heavy_packages_are_imported_where_they_are_used() -> None:
    eager = {
        (str(path.relative_to(ROOT)), name)
        for package in PACKAGES
        for path in modules(package)
        for name in imports(path, top_level=True)
        if name.split(".")[0] in HEAVY
    }
    assert not eager


def test_tests_and_product_do_not_lean_on_what_lies_beside_the_project() -> None:
    beside = "../" + "shared"
    files = [p for d in (*PACKAGES, "tests", "benchmarks") for p in (ROOT / d).rglob("*.py")]
    assert not [p for p in files if beside in p.read_text()]


def test_durations_never_come_from_a_clock_that_can_jump() -> None:
    """Only a lease needs the time of day, to tell other machines until when it holds."""
    users = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        if re.search(r"\btime\.time(_ns)?\b|from time import", path.read_text())
    }
    assert users == {"pipeline/holder.py", "pipeline/lease.py"}
