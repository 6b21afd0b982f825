"""Checkpoints by hub id, from a hub on loopback."""

import shutil
from pathlib import Path

import pytest

from actors.checkpoints import local_folder, weights_id
from actors.hub import at_commit, hub_folder, is_hub_id
from conf.errors import BadInput, InfrastructureError
from conf.load import load
from pipeline.runs.prepare import prepare
from tests.actors.hub_server import Hub, serving

CHECKPOINTS = Path(__file__).parents[2] / "examples/reference_model/checkpoints"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    commits = {OLD: CHECKPOINTS / "early", NEW: CHECKPOINTS / "final"}
    served = Hub(commits=commits, main=NEW)
    with serving(served) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield served


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("owner/model", True),
        ("owner/model@main", True),
        ("owner/model@refs/pr/1", True),
        ("gpt2", True),
        ("s3://bucket/model", False),
        ("./owner/model", False),
        ("a/b/c", False),
        (str(CHECKPOINTS), False),
    ],
)
def test_what_has_the_form_of_a_hub_id(source, expected):
    assert is_hub_id(source) == expected


def test_a_hub_id_becomes_the_commit_that_the_hub_has_now(hub):
    assert at_commit("owner/model") == f"owner/model@{NEW}"
    assert at_commit("owner/model@main") == f"owner/model@{NEW}"
    asked = len(hub.asked)
    assert at_commit(f"owner/model@{OLD}") == f"owner/model@{OLD}"
    assert len(hub.asked) == asked


def test_all_files_are_those_of_the_commit_the_processors_too(hub):
    folder = Path(local_folder(f"owner/model@{OLD}"))
    expected = {f.name: f.read_bytes() for f in (CHECKPOINTS / "early").iterdir()}
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == expected


def test_what_describes_a_checkpoint_comes_without_its_weights(hub):
    folder = Path(hub_folder("owner/model", small=True))
    assert (folder / "config.json").exists()
    assert (folder / "processor_config.json").exists()
    assert not (folder / "model.safetensors").exists()
    assert (Path(local_folder("owner/model")) / "model.safetensors").exists()


def test_a_fetched_commit_is_there_without_the_hub(hub, monkeypatch):
    folder = local_folder(f"owner/model@{NEW}")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert local_folder(f"owner/model@{NEW}") == folder


def test_a_run_is_that_of_a_commit(hub, phantom, tmp_path):
    def prepared(source):
        config = load("demo", [f"dataset.uri={phantom}", f"output={tmp_path}"])
        return prepare(load("demo", [*overrides(config), f"model.source={source}"]), dry=True)

    def overrides(config):
        return [f"dataset.uri={config.dataset.uri}", f"output={config.output}"]

    newest = prepared("owner/model")
    assert newest.config.model.source == f"owner/model@{NEW}"
    assert prepared(f"owner/model@{NEW}").run_id == newest.run_id
    hub.main = OLD
    assert prepared("owner/model").run_id != newest.run_id
    assert weights_id(newest.config.model.source) == f"hub:owner/model@{NEW}"


def test_a_gated_checkpoint_needs_a_token(hub, monkeypatch):
    hub.token = "hf_let_me_in"
    with pytest.raises(BadInput, match=r"owner/model is gated at .*set HF_TOKEN"):
        at_commit("owner/model")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert at_commit("owner/model") == f"owner/model@{NEW}"
    assert (Path(local_folder("owner/model")) / "config.json").exists()


def test_what_the_hub_does_not_have_is_named(hub):
    with pytest.raises(BadInput, match="other/model is no folder here and no checkpoint at"):
        at_commit("other/model")
    with pytest.raises(BadInput, match=r"owner/model@v9: .* has no such revision"):
        at_commit("owner/model@v9")


def test_a_hub_that_cannot_be_reached_is_not_the_users_fault(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InfrastructureError, match="cannot be asked") as caught:
        at_commit("owner/model")
    assert "\n" not in str(caught.value)


def test_text_models_are_refused_by_what_the_hub_says(hub, tmp_path, phantom):
    copy = tmp_path / "text"
    shutil.copytree(CHECKPOINTS / "final", copy)
    (copy / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    hub.commits[NEW] = copy
    with pytest.raises(BadInput, match="LlamaForCausalLM takes no images"):
        prepare(load("demo", [f"dataset.uri={phantom}", "model.source=owner/model"]), dry=True)
    assert not [path for path in hub.asked if path.endswith("safetensors")]
