from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from conf.errors import ConfigError
from conf.load import fingerprint, from_document, load, to_yaml
from conf.schema import RunConfig


def identity(config: RunConfig, **changed: str) -> str:
    parts = {"dataset_id": "d", "weights_id": "w", "protocol": "p"} | changed
    return fingerprint(config, **parts)


@pytest.mark.parametrize("name", ["demo", "demo-transformers", "full", "full-qwen-vl"])
def test_presets_are_complete_and_survive_a_round_trip(name: str) -> None:
    open_keys = ("dataset.uri=d", "model.name=m", "model.source=s", "output=o")
    config = load(name, [*open_keys, "model.box_dialect=norm1000"])
    assert from_document(yaml.safe_load(to_yaml(config))) == config


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("sampling.sed=3", "sampling.sed"),
        ("nonsense=1", "nonsense"),
        ("sampling.seed=x", "sampling.seed"),
        ("sampling.max_tokens=0", "sampling.max_tokens"),
        ("sampling.top_p=0", "sampling.top_p"),
        ("compute.max_failed_share=1.5", "compute.max_failed_share"),
        ("sampling.temperature=-1", "sampling.temperature"),
        ("dataset.limit=0", "dataset.limit"),
        ("dataset.limit=true", "dataset.limit"),
        ("dataset.uri=''", "dataset.uri"),
        ("output=''", "output"),
        ("dataset=3", "dataset"),
        ("model.name=a/b", "model.name"),
        ("model.name=..", "model.name"),
        ("model.backend=magic", "model.backend"),
        ("model.box_dialect=guess", "model.box_dialect"),
        ("model.script.error_rte=0.1", "model.script"),
        ("conversation.prompt=v9", "conversation.prompt"),
        ("compute.actors=0", "compute.actors"),
        ("scoring.weights.turn_accuracy=0.5", "scoring.weights"),
        ("scoring.weights.beauty=0.0", "scoring.weights"),
        ("scoring.confidence=1.0", "scoring.confidence"),
        ("no-equals-sign", "no-equals-sign"),
    ],
)
def test_a_bad_value_is_named_by_its_key(override: str, names: str) -> None:
    with pytest.raises(ConfigError, match=names.replace(".", r"\.")) as caught:
        load("demo", [override])
    assert "\n" not in str(caught.value)


def test_an_unknown_key_comes_with_the_nearest_one_and_with_all_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        load("demo", ["sampling.sed=3"])
    assert str(caught.value) == (
        "unknown key sampling.sed; did you mean sampling.seed? "
        "known here: max_tokens, temperature, top_p, seed, top_k, min_p, repetition_penalty, "
        "presence_penalty, thinking_tokens, source"
    )


@pytest.mark.parametrize(
    ("section", "key", "value", "must"),
    [
        ("sampling", "seed", "many", "it must be int"),
        ("sampling", "seed", "3", "it must be int"),
        ("sampling", "seed", True, "it must be int"),
        ("sampling", "seed", 3.0, "it must be int"),
        ("sampling", "seed", None, "it must be int"),
        ("sampling", "temperature", "1e3", "it must be float"),
        ("sampling", "temperature", False, "it must be float"),
        ("dataset", "limit", "5", "it must be int or null"),
        ("dataset", "uri", 3, "it must be str"),
        ("dataset", "uri", True, "it must be str"),
        ("dataset", "drop_faulty", "yes", "it must be bool"),
        ("dataset", "drop_faulty", 1, "it must be bool"),
        ("model", "engine", None, "it must be dict"),
        ("model", "engine", [1], "it must be dict"),
    ],
)
def test_no_value_is_converted_to_another_type(section, key, value, must) -> None:
    document = yaml.safe_load(to_yaml(load("demo")))
    document[section][key] = value
    with pytest.raises(ConfigError) as caught:
        from_document(document)
    assert str(caught.value) == f"{section}.{key} is {value!r}; {must}"


@pytest.mark.parametrize("value", ["x", [1], True, None])
def test_an_entry_of_a_mapping_is_named_by_its_own_key(value) -> None:
    document = yaml.safe_load(to_yaml(load("demo")))
    document["scoring"]["weights"]["turn_accuracy"] = value
    with pytest.raises(ConfigError, match=r"scoring\.weights\.turn_accuracy is .* must be float"):
        from_document(document)
    document = yaml.safe_load(to_yaml(load("demo")))
    document["model"]["script"]["error_rate"] = value
    with pytest.raises(ConfigError, match=r"model\.script\.error_rate is .* must be float"):
        from_document(document)


def test_what_goes_to_the_engine_keeps_its_form() -> None:
    document = yaml.safe_load(to_yaml(load("demo")))
    document["model"]["engine"] = {"a": None, "b": [1, {"c": "2"}], "d": {"e": 1.5, "f": True}}
    assert from_document(document).model.engine == document["model"]["engine"]
    assert type(from_document(document).model.engine["b"]) is list


def test_a_script_in_whole_numbers_is_the_same_run() -> None:
    whole = load("demo", ["model.backend=scripted", "model.script.error_rate=0"])
    assert identity(whole) == identity(load("demo", ["model.backend=scripted"]))


def test_negative_weights_are_refused_even_if_they_sum_to_one() -> None:
    weights = ("turn_accuracy=1.3", "visual_consistency=-0.3")
    rest = ("reasoning_coherence=0.0", "hallucination_rate=0.0")
    with pytest.raises(ConfigError, match="negative"):
        load("demo", [f"scoring.weights.{w}" for w in (*weights, *rest)])


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    document = yaml.safe_load(to_yaml(load("demo")))
    del document["sampling"]["seed"]
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match=r"sampling\.seed is missing"):
        load(str(path))


def test_what_a_preset_leaves_open_is_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"give dataset\.uri="):
        load("full")


def test_a_missing_file_and_broken_yaml_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load("nowhere")
    path = tmp_path / "broken.yaml"
    path.write_text("a: [1,")
    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        load(str(path))


def test_integers_pass_as_numbers_but_not_the_other_way() -> None:
    assert load("demo", ["sampling.temperature=1"]).sampling.temperature == 1.0
    with pytest.raises(ConfigError, match="max_tokens"):
        load("demo", ["sampling.max_tokens=1.5"])


def test_fingerprint_ignores_where_and_how_fast() -> None:
    config = load("demo")
    same = [
        "output=s3://elsewhere/runs",
        "dataset.uri=/mnt/copy",
        "model.source=/mnt/weights",
        "model.name=renamed",
        "compute.actors=8",
        "compute.dialogues_per_task=1",
        "compute.max_failed_share=0.5",
        "model.engine.tensor_parallel_size=4",
        "model.engine.max_num_seqs=256",
        "scoring.resamples=10",
    ]
    assert {identity(load("demo", [o])) for o in same} == {identity(config)}


@pytest.mark.parametrize(
    "override",
    [
        "sampling.seed=1",
        "sampling.max_tokens=7",
        "sampling.temperature=0.5",
        "dataset.limit=5",
        "dataset.drop_faulty=true",
        "model.box_dialect=pixels",
        "model.engine.dtype=bfloat16",
        "model.engine.max_model_len=1024",
        "model.backend=scripted",
        "sampling.top_k=20",
        "sampling.min_p=0.1",
        "sampling.repetition_penalty=1.1",
        "sampling.presence_penalty=0.5",
        "sampling.thinking_tokens=8",
        "sampling.source=checkpoint",
        "model.chat.system=first_user",
        "model.chat.thinking=strip",
        "model.chat.kwargs.enable_thinking=false",
        "model.chat.template='{{ messages }}'",
    ],
)
def test_fingerprint_changes_with_what_decides_the_outputs(override: str) -> None:
    assert identity(load("demo", [override])) != identity(load("demo"))


def test_settings_that_came_later_change_no_fingerprint_while_they_are_not_used() -> None:
    """As version 0.2.0 had it; the runs of that version are resumed."""
    assert identity(load("demo")) == "995e1b77f71c"


def test_fingerprint_changes_with_content() -> None:
    config = load("demo")
    found = {
        identity(config),
        *(identity(config, **{k: "x"}) for k in ("dataset_id", "weights_id", "protocol")),
    }
    assert len(found) == 4


def test_config_is_immutable() -> None:
    config = load("demo")
    with pytest.raises(AttributeError):
        config.output = "elsewhere"  # type: ignore[misc]  # what is tested
    assert replace(config, output="elsewhere").output == "elsewhere"


@pytest.mark.parametrize("copies", [0, 2, 8])
def test_engines_that_copy_themselves_are_refused(copies) -> None:
    with pytest.raises(ConfigError) as caught:
        load("demo", [f"model.engine.data_parallel_size={copies}"])
    assert str(caught.value) == (
        f"model.engine.data_parallel_size is {copies}; it must be 1, because an actor is one "
        "engine: set compute.actors to the number of engines"
    )


def test_a_configuration_of_an_earlier_version_takes_defaults_for_keys_that_came_later():
    document = yaml.safe_load(to_yaml(load("demo", [])))
    del document["compute"]["max_failed_share"]
    with pytest.raises(ConfigError, match=r"key compute\.max_failed_share is missing"):
        from_document(document)
    assert from_document(document, earlier=True).compute.max_failed_share == 0.05
    del document["compute"]["actors"]
    with pytest.raises(ConfigError, match=r"key compute\.actors is missing"):
        from_document(document, earlier=True)
