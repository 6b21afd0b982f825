"""One broken dataset or checkpoint per fault of a file: refused, and named."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.images import safe_relative
from conf.errors import BadInput
from conf.load import load, to_yaml
from pipeline.checkpoint.check import check_checkpoint, text_only
from pipeline.cli import main
from pipeline.dataset.open import open_dataset
from pipeline.runs.directory import RunDirectory


@pytest.fixture
def copy(phantom, tmp_path):
    """A copy with its images that may be broken; dataset.json states no hashes."""
    target = tmp_path / "copy"
    shutil.copytree(phantom, target)
    path = target / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": {}}))
    return target


def dialogues(folder: Path) -> Path:
    return next((folder / "dialogues").iterdir())


def change(make: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        pq.write_table(make(pq.read_table(dialogues(folder))), dialogues(folder))

    return apply


def swap(name: str, make: Callable[[pa.Table], pa.Array]) -> Callable[[Path], None]:
    return change(lambda t: t.set_column(t.column_names.index(name), name, make(t)))


def numbers(table: pa.Table) -> pa.Array:
    return pa.array(range(table.num_rows))


def turns_without_questions(table: pa.Table) -> pa.Array:
    kept = [[{"turn": t["turn"]} for t in row] for row in table["turns"].to_pylist()]
    return pa.array(kept)


def text(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content)


def lexicon(**entry: object) -> Callable[[Path], None]:
    document = {"schema_version": 1, "concepts": [entry]}
    return text("lexicon.json", json.dumps(document))


FAULTS = {
    "dataset.json not JSON": (text("dataset.json", "{"), r"dataset\.json is not valid JSON"),
    "dataset.json a list": (text("dataset.json", "[]"), r"dataset\.json is not a JSON object"),
    "lexicon not JSON": (text("lexicon.json", "nope"), r"lexicon\.json is not valid JSON"),
    "lexicon of version 3": (text("lexicon.json", '{"schema_version": 3}'), "schema_version is 3"),
    "lexicon empty": (text("lexicon.json", '{"schema_version": 1}'), "no concepts"),
    "concept without kind": (lexicon(id="a", name="a", checkable=True), "lacks kind"),
    "concept of odd kind": (
        lexicon(id="a", name="a", checkable=True, kind="mood"),
        "unknown kind 'mood'",
    ),
    "no row at all": (change(lambda t: t.slice(0, 0)), "holds no dialogues"),
    "ids as numbers": (swap("dialogue_id", numbers), "'dialogue_id' is int64, not string"),
    "turns as numbers": (swap("turns", numbers), "'turns' is int64, not a list of structs"),
    "turns without question": (
        swap("turns", turns_without_questions),
        "'turns' lacks the field 'question'",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_broken_file_is_named(name, copy):
    break_it, words = FAULTS[name]
    break_it(copy)
    with pytest.raises(BadInput, match=words):
        open_dataset(str(copy)).dialogues()


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_text_may_come_in_other_string_types(kind, copy, phantom):
    swap("specialty", lambda t: t["specialty"].cast(pa.string()).combine_chunks().cast(kind))(copy)
    expected = open_dataset(str(phantom)).dialogues()["specialty"].to_pylist()
    assert open_dataset(str(copy)).dialogues()["specialty"].to_pylist() == expected


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b"\x89PNG"), "SHA-256 differs"),
    ],
)
def test_validate_names_images_that_are_missing_or_altered(damage, words, copy, capsys):
    row = open_dataset(str(copy)).dialogues(1).to_pylist()[0]
    damage(copy / row["images"][0]["uri"])
    assert main(["dataset", "validate", str(copy)]) == 2
    shown = capsys.readouterr().out
    assert words in shown
    assert f"{row['dialogue_id']}: images.uri" in shown
    assert main(["dataset", "validate", "--no-images", str(copy)]) == 0


def test_validate_says_what_goes_unscored_in_a_language_without_forms(copy, capsys):
    swap("language", lambda t: pa.array(["ko"] * t.num_rows))(copy)
    assert main(["dataset", "validate", "--no-images", str(copy)]) == 0
    shown = capsys.readouterr().out
    assert "dialogues will have no hallucination_rate" in shown
    assert "'ko' are not read" in shown


OUTSIDE = ["../x.png", "a/../../x.png", "..", "/etc/passwd", "s3://b/x.png", "file:///x"]
OUTSIDE += ["a\\..\\x", "", "x.png::file", "zip::x.png", "a\x00.png"]


@pytest.mark.parametrize("uri", OUTSIDE)
def test_names_from_data_never_leave_the_dataset_folder(uri):
    assert not safe_relative(uri)


@pytest.mark.parametrize("uri", ["x.png", "images/a/b.png", "a..b.png", "./x.png", "a/../b.png"])
def test_names_inside_the_dataset_folder_are_fine(uri):
    assert safe_relative(uri)


def test_dialogue_ids_never_become_paths(scripted, copy, tmp_path, ray_cluster):
    swap("dialogue_id", lambda t: pa.array([f"../../{n}/x" for n in range(t.num_rows)]))(copy)
    output = tmp_path / "below" / "runs"
    config = scripted(f"dataset.uri={copy}", f"output={output}", "dataset.limit=3")
    before = {p for p in tmp_path.rglob("*") if output not in p.parents and p != output}
    from_config = tmp_path / "config.yaml"
    from_config.write_text(to_yaml(config))
    assert main(["run", "--config", str(from_config)]) == 0
    (root,) = (output / "scripted").iterdir()
    assert Path(RunDirectory(str(root)).summary).exists()
    after = {p for p in tmp_path.rglob("*") if output not in p.parents and p != output}
    assert after - before == {from_config, output.parent}


CHECKPOINTS = {
    "no config": ({}, r"holds no config\.json"),
    "config not JSON": ({"config.json": "{"}, "not valid JSON"),
    "config a list": ({"config.json": "[]"}, "names no architectures"),
    "no architectures": ({"config.json": "{}"}, "names no architectures"),
    "no vision": (
        {"config.json": '{"architectures": ["LlamaForCausalLM"]}'},
        "LlamaForCausalLM takes no images",
    ),
    "vLLM dropped it": (
        {"config.json": '{"architectures": ["InternLM2VEForCausalLM"]}'},
        r"vLLM had InternLM2VEForCausalLM until version 0\.\d+\.\d+",
    ),
    "nobody has it": (
        {"config.json": '{"architectures": ["UnheardOf"]}'},
        "vLLM does not have the architecture UnheardOf, and neither does transformers",
    ),
    "consolidated, no vision": ({"params.json": '{"dim": 8}'}, "takes no images"),
    "consolidated, no tokenizer": (
        {"params.json": '{"vision_encoder": {"hidden_size": 8}}'},
        "holds no tokenizer",
    ),
    "no tokenizer": (
        {"config.json": '{"architectures": ["Idefics3ForConditionalGeneration"]}'},
        "holds no tokenizer",
    ),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_each_broken_checkpoint_is_named(name, tmp_path):
    files, words = CHECKPOINTS[name]
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    with pytest.raises(BadInput, match=words):
        check_checkpoint(model_at(tmp_path))


def model_at(folder):
    return load("demo", [f"model.source={folder}"]).model


@pytest.mark.parametrize(
    ("architecture", "more"),
    [
        ("MllamaForConditionalGeneration", {}),  # transformers has it, so vLLM might
        ("UnheardOf", {"auto_map": {"AutoModel": "modeling.UnheardOf"}}),
        ("Qwen2VLForConditionalGeneration", {}),
    ],
)
def test_what_vllm_might_have_is_left_to_the_engine(architecture, more, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": [architecture], **more}))
    (tmp_path / "tokenizer.json").write_text("{}")
    check_checkpoint(model_at(tmp_path))


def test_checking_a_checkpoint_imports_nothing_heavy(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["InternLM2VEForCausalLM"]}')
    program = (
        "import sys\n"
        "from conf.load import load\n"
        "from pipeline.checkpoint.check import check_checkpoint\n"
        f"model = load('demo', ['model.source={tmp_path}']).model\n"
        "try: check_checkpoint(model)\n"
        "except Exception as error: print(error)\n"
        "print({'torch', 'vllm', 'transformers'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "InternLM2VEForCausalLM until" in told.stdout
    assert told.stdout.endswith("set()\n")


def test_models_that_see_are_not_taken_for_blind():
    assert "LlamaForCausalLM" in text_only()
    for name in ("Idefics3", "Qwen2_5_VL", "LlavaNext", "PaliGemma"):
        assert f"{name}ForConditionalGeneration" not in text_only()
