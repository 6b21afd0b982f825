from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from conf.errors import ConfigError
from conf.load import load
from conf.sweep import GateConfig, load_sweep, plan

NIGHTLY = Path(__file__).parents[2] / "conf" / "nightly.yaml"
TWO = "sweep.checkpoints=[{name: a, source: x}, {name: b, source: y, box_dialect: qwen25}]"


def runs(*overrides: str, found: tuple[str, ...] = ()):
    return plan(load_sweep("nightly", overrides), found)


def test_the_nightly_preset_is_complete_and_each_planned_run_is_a_preset_of_its_own() -> None:
    planned = runs()
    assert [p.config.model.name for p in planned] == ["early", "middle", "final"]
    assert {p.variant for p in planned} == {"default"}


def test_a_checkpoint_is_laid_over_the_model_section_alone() -> None:
    a, b = (p.config for p in runs(TWO))
    assert (a.model.source, a.model.box_dialect) == ("x", "norm1000")
    assert (b.model.source, b.model.box_dialect) == ("y", "qwen25")
    assert a.model.engine == b.model.engine
    assert (a.dataset, a.sampling, a.output) == (b.dataset, b.sampling, b.output)


def test_what_a_checkpoint_says_of_the_engine_leaves_the_rest_of_the_engine() -> None:
    (run,) = runs("sweep.checkpoints=[{name: a, source: x, engine: {tensor_parallel_size: 4}}]")
    assert run.config.model.engine["tensor_parallel_size"] == 4
    assert run.config.model.engine["dtype"] == "float32"


def test_every_variant_of_every_checkpoint_is_a_run_with_a_name_of_its_own() -> None:
    planned = runs(TWO, "sweep.variants={default: [], warm: [sampling.temperature=0.7]}")
    found = [(p.checkpoint, p.config.model.name, p.config.sampling.temperature) for p in planned]
    assert found == [("a", "a", 0), ("a", "a.warm", 0.7), ("b", "b", 0), ("b", "b.warm", 0.7)]


def test_folders_that_a_glob_found_come_after_the_listed_ones() -> None:
    planned = runs(TWO, "sweep.glob=s3://bucket/step-*", found=("s3://bucket/step-9",))
    assert [p.config.model.name for p in planned] == ["a", "b", "step-9"]
    assert planned[-1].config.model.source == "s3://bucket/step-9"


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("sweep.parallel=0", "sweep.parallel is 0"),
        ("sweep.parallel=two", "sweep.parallel"),
        ("sweep.paralel=2", "unknown key sweep.paralel"),
        ("sweep.engines=shared", "sweep.engines is 'shared'"),
        ("sweep.checkpoints=[]", "sweep.checkpoints and sweep.glob are both empty"),
        ("sweep.checkpoints=[{name: a}]", r"sweep.checkpoints\[0\]"),
        ("sweep.variants={x: [dataset.limit=3]}", "sweep.variants.x has 'dataset.limit=3'"),
        ("sweep.variants={x: [sampling.sed=3]}", "unknown key sampling.sed"),
        ("sweep.checkpoints=[{name: a, source: x, sauce: y}]", "unknown key model.sauce"),
        ("sweep.checkpoints=[{name: a/b, source: x}]", "model.name"),
        ("sweep.checkpoints=[{name: a, source: x}, {name: a, source: y}]", "two runs called a"),
        ("gate.alpha=0.5", "gate.alpha is 0.5"),
        ("gate.margins.turn_accuracy=-1", "gate.margins.turn_accuracy is -1"),
        ("gates.alpha=0.1", "unknown key gates"),
    ],
)
def test_a_bad_value_is_named_by_its_key(override: str, names: str) -> None:
    with pytest.raises(ConfigError, match=names.replace(".", r"\.")):
        runs(override)


def test_a_glob_without_a_match_is_named() -> None:
    with pytest.raises(ConfigError, match="step-* matches no folder".replace("*", r"\*")):
        runs("sweep.checkpoints=[]", "sweep.glob=s3://bucket/step-*")


def altered(tmp_path: Path, change: Callable[[dict], object]) -> str:
    document = yaml.safe_load(NIGHTLY.read_text())
    change(document)
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_a_section_that_is_missing_is_named(tmp_path: Path) -> None:
    path = altered(tmp_path, lambda document: document.pop("gate"))
    with pytest.raises(ConfigError, match="key gate is missing"):
        load_sweep(path)


def test_how_engines_are_used_must_be_said(tmp_path: Path) -> None:
    assert load_sweep("nightly").sweep.engines == "per_checkpoint"
    path = altered(tmp_path, lambda document: document["sweep"].pop("engines"))
    with pytest.raises(ConfigError, match=r"key sweep\.engines is missing"):
        load_sweep(path)


def test_reloaded_engines_may_be_used_beside_runs_that_go_side_by_side():
    section = load_sweep("nightly", ["sweep.engines=reloaded", "sweep.parallel=2"]).sweep
    assert (section.engines, section.parallel) == ("reloaded", 2)


def test_a_sweep_without_variants_is_named(tmp_path: Path) -> None:
    path = altered(tmp_path, lambda document: document["sweep"].update(variants={}))
    with pytest.raises(ConfigError, match=r"sweep\.variants is empty"):
        load_sweep(path)


def test_what_stays_open_in_a_planned_run_is_asked_for(tmp_path: Path) -> None:
    path = altered(tmp_path, lambda document: document["dataset"].update(uri="???"))
    with pytest.raises(ConfigError, match=r"give dataset\.uri="):
        plan(load_sweep(path), ())
    assert plan(load_sweep(path, ["dataset.uri=d"]), ())


def test_a_sweep_is_no_single_run() -> None:
    with pytest.raises(ConfigError, match="unknown key sweep"):
        load("nightly", ["model.name=m", "model.source=s"])


def test_no_margins_would_compare_nothing() -> None:
    with pytest.raises(ConfigError, match=r"gate\.margins is empty"):
        GateConfig(margins={})
