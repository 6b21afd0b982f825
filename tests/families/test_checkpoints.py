"""The families' checkpoints: made alike from the same seed, read back, rendered."""

import json
from pathlib import Path

import pytest
from PIL import Image as PIL
from transformers import AutoProcessor
from transformers.utils import is_torchvision_available

from tests.families.all import FAMILIES
from tests.families.family import Family, write_checkpoint
from tests.families.matrix import run_trial
from tests.families.trial import check_box

WITHOUT_TORCHVISION = pytest.mark.skipif(
    not is_torchvision_available(),
    reason="its processor needs torchvision, which `make families` has",
)


@pytest.fixture(
    params=[
        pytest.param(family, id=name, marks=[WITHOUT_TORCHVISION] if family.torchvision else [])
        for name, family in FAMILIES.items()
    ]
)
def family(request: pytest.FixtureRequest) -> Family:
    chosen: Family = request.param
    return chosen


def test_a_checkpoint_is_read_back_and_its_processor_takes_an_image(
    family: Family, tmp_path: Path
) -> None:
    assert 100_000 < write_checkpoint(family, tmp_path) < 3_000_000
    processor = AutoProcessor.from_pretrained(tmp_path)
    content = [{"type": "text", "text": "Current image:"}, {"type": "image"}]
    text = "<image>"
    if family.template is not None:
        shown = processor if processor.chat_template else processor.tokenizer
        text = shown.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        assert "Current image:" in text
    inputs = processor(text=[text], images=[PIL.new("RGB", (160, 120))], return_tensors="pt")
    image = json.loads((tmp_path / "config.json").read_text())
    if found := image.get("image_token_id", image.get("image_token_index")):
        assert found in inputs["input_ids"][0].tolist()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_box_survives_the_familys_special_tokens(name: str) -> None:
    check_box(FAMILIES[name], FAMILIES[name].tokenizer(), (160, 120), (112, 84))


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        write_checkpoint(FAMILIES["gemma3"], tmp_path / name, seed=seed)
    one, same, other = (
        (tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "same", "other")
    )
    assert one == same
    assert one != other


@pytest.mark.engine
@pytest.mark.parametrize("name", ["idefics3"])
def test_a_family_runs_on_vllm(name: str) -> None:
    outcome = run_trial(FAMILIES[name], "vllm")
    assert outcome["outcome"] == "runs", outcome.get("reason")


@pytest.mark.parametrize("name", ["llava_next"])
def test_a_family_runs_on_transformers(name: str) -> None:
    outcome = run_trial(FAMILIES[name], "transformers")
    assert outcome["outcome"] == "runs", outcome.get("reason")
