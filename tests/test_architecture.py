"""The layers: which folder may import which, how large a file may grow, who touches storage."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("conf", "actors", "pipeline")
# Each layer and those that it may import; a module belongs to the longest name that fits it.
LAYERS: dict[str, set[str]] = {
    "conf": set(),
    "actors.schema": set(),
    "actors": set(),
    "actors.pixels": set(),
    "pipeline.stats": set(),
    "pipeline": set(),
    "actors.logs": {"conf"},
    "actors.supervision": {"conf"},
    "actors.storage": {"conf"},
    "pipeline.cluster": {"conf"},
    "actors.reasoning": set(),
    "actors.prometheus": {"actors.schema"},
    "actors.boxes": {"actors.schema"},
    "actors.images": {"actors.pixels", "actors.schema", "actors.storage", "conf"},
    "actors.hub": {"conf"},
    "actors.checkpoints": {"actors.hub", "actors.storage"},
    "pipeline.checkpoint": {
        "actors.backends",
        "actors.hub",
        "actors.schema",
        "actors.storage",
        "conf",
    },
    "pipeline.trial": {
        "actors.backends",
        "actors.conversation",
        "actors.gold",
        "actors.schema",
        "conf",
        "pipeline.parsing",
        "pipeline.phantom",
    },
    "actors.gold": {"actors.boxes", "actors.schema"},
    "actors.conversation": {"actors.boxes", "actors.schema"},
    "pipeline.dataset": {
        "actors.images",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.stats",
    },
    "pipeline.phantom": {"actors.gold", "actors.schema", "actors.storage", "pipeline.cluster"},
    "actors.backends": {
        "actors.boxes",
        "actors.checkpoints",
        "actors.conversation",
        "actors.gold",
        "actors.images",
        "actors.reasoning",
        "actors.schema",
        "actors.storage",
        "conf",
    },
    "pipeline.claims": {"actors.schema", "pipeline.dataset"},
    "pipeline.runs": {
        "actors.backends",
        "actors.boxes",
        "actors.checkpoints",
        "actors.conversation",
        "actors.hub",
        "actors.logs",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.checkpoint",
        "pipeline.cluster",
        "pipeline.dataset",
    },
    "actors.reload_check": {
        "actors.backends",
        "actors.checkpoints",
        "actors.conversation",
        "actors.schema",
        "conf",
    },
    "actors.dialogue_actor": {
        "actors.backends",
        "actors.conversation",
        "actors.logs",
        "actors.prometheus",
        "actors.schema",
        "actors.supervision",
        "conf",
    },
    "actors.judge_actor": {
        "actors.backends",
        "actors.conversation",
        "actors.schema",
        "actors.supervision",
        "conf",
    },
    "pipeline.parsing": {
        "actors.boxes",
        "actors.reasoning",
        "actors.schema",
        "pipeline.claims",
    },
    "pipeline.generate": {
        "actors.dialogue_actor",
        "actors.schema",
        "actors.storage",
        "actors.supervision",
        "conf",
        "pipeline.cluster",
        "pipeline.dataset",
        "pipeline.runs",
    },
    "pipeline.metrics": {
        "actors.boxes",
        "actors.gold",
        "actors.schema",
        "pipeline.claims",
        "pipeline.dataset",
        "pipeline.parsing",
    },
    "pipeline.dataset.importers": {
        "actors.gold",
        "actors.images",
        "actors.pixels",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.dataset",
        "pipeline.metrics",
    },
    "pipeline.tables": {
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.metrics",
        "pipeline.runs",
        "pipeline.stats",
    },
    "pipeline.reduce": {"conf", "pipeline.stats", "pipeline.tables"},
    "pipeline.score": {
        "actors.boxes",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.cluster",
        "pipeline.dataset",
        "pipeline.metrics",
        "pipeline.tables",
    },
    "pipeline.gate": {
        "actors.storage",
        "conf",
        "pipeline.runs",
        "pipeline.stats",
        "pipeline.tables",
    },
    "pipeline.judge": {
        "actors.checkpoints",
        "actors.judge_actor",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.cluster",
        "pipeline.dataset",
        "pipeline.metrics",
        "pipeline.parsing",
        "pipeline.runs",
        "pipeline.tables",
    },
    "pipeline.leaderboard": {
        "actors.boxes",
        "actors.storage",
        "conf",
        "pipeline.runs",
        "pipeline.stats",
        "pipeline.tables",
    },
    "pipeline.report": {
        "actors.images",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.dataset",
        "pipeline.leaderboard",
        "pipeline.metrics",
        "pipeline.runs",
        "pipeline.stats",
        "pipeline.tables",
    },
    "pipeline.run": {
        "actors.storage",
        "conf",
        "pipeline.cluster",
        "pipeline.generate",
        "pipeline.leaderboard",
        "pipeline.reduce",
        "pipeline.report",
        "pipeline.runs",
        "pipeline.score",
        "pipeline.tables",
    },
    "pipeline.sweep": {
        "actors.backends",
        "actors.checkpoints",
        "actors.dialogue_actor",
        "actors.reload_check",
        "actors.schema",
        "actors.storage",
        "actors.supervision",
        "conf",
        "pipeline.cluster",
        "pipeline.dataset",
        "pipeline.generate",
        "pipeline.run",
        "pipeline.runs",
        "pipeline.stats",
        "pipeline.tables",
    },
    "pipeline.nightly": {"actors.storage", "conf", "pipeline.gate", "pipeline.sweep"},
    "pipeline.commands": {
        "actors.conversation",
        "actors.gold",
        "actors.schema",
        "actors.storage",
        "conf",
        "pipeline.checkpoint",
        "pipeline.claims",
        "pipeline.cluster",
        "pipeline.dataset",
        "pipeline.dataset.importers",
        "pipeline.gate",
        "pipeline.generate",
        "pipeline.judge",
        "pipeline.leaderboard",
        "pipeline.metrics",
        "pipeline.nightly",
        "pipeline.phantom",
        "pipeline.report",
        "pipeline.run",
        "pipeline.runs",
        "pipeline.score",
        "pipeline.stats",
        "pipeline.sweep",
        "pipeline.tables",
        "pipeline.trial",
    },
    "pipeline.cli": {"actors.logs", "conf", "pipeline.commands"},
    "pipeline.__main__": {"pipeline.cli"},
}
FSSPEC_USERS = {"actors/storage/filesystem.py"}
HEAVY = ("torch", "vllm", "transformers", "tokenizers", "selenium")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 60


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {name_of(path): path for package in PACKAGES for path in modules(package)}


def imports(path: Path, *, top_level: bool = False) -> set[str]:
    """List what a file imports: modules, and names as ``module.name``."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def imported_modules(path: Path) -> set[str]:
    """List the project's modules that a file imports."""
    named = imports(path)
    return {n if n in SOURCES else n.rpartition(".")[0] for n in named} & SOURCES.keys()


def layer_of(module: str) -> str:
    while module not in LAYERS:
        module = module.rpartition(".")[0]
    return module


def test_no_layer_imports_upwards() -> None:
    wrong = {
        f"{module} imports {other}"
        for module, path in SOURCES.items()
        for other in imported_modules(path)
        if layer_of(other) not in {layer_of(module)} | LAYERS[layer_of(module)]
    }
    assert not wrong


def test_nothing_imports_itself_by_way_of_others() -> None:
    """Holds for the table of layers and for the modules; raises CycleError with the circle."""
    TopologicalSorter(LAYERS).prepare()
    TopologicalSorter({m: imported_modules(p) - {m} for m, p in SOURCES.items()}).prepare()


def test_the_table_allows_nothing_that_no_module_needs() -> None:
    used: dict[str, set[str]] = {layer: set() for layer in LAYERS}
    for module, path in SOURCES.items():
        used[layer_of(module)] |= {layer_of(other) for other in imported_modules(path)}
    assert {k: LAYERS[k] - used[k] for k in LAYERS if LAYERS[k] - used[k]} == {}


def test_files_and_functions_stay_short() -> None:
    for module, path in SOURCES.items():
        text = path.read_text()
        assert len(text.splitlines()) <= MOST_LINES, module
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= MOST_LINES_OF_A_FUNCTION, f"{module}.{node.name}"


def test_underscored_names_stay_in_their_file() -> None:
    wrong = {
        f"{module} imports {name}"
        for module, path in SOURCES.items()
        for name in imports(path)
        if name.split(".")[0] in PACKAGES and name.rpartition(".")[2].startswith("_")
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
    assert users == {"pipeline/runs/lease_owner.py", "pipeline/runs/lease.py"}
