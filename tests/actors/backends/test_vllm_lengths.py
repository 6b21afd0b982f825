"""Lengths of prompts measured without an engine are those that the engine counts."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as PIL
from vllm.renderers.inputs.preprocess import parse_model_prompt

from actors.backends.prompt_lengths import last_request
from actors.backends.vllm_lengths import prompt_measure
from actors.backends.vllm_template import renderer_without_engine
from conf.errors import ConfigError
from conf.load import load
from pipeline.runs.dry_run import dry_run_text, look_ahead
from pipeline.runs.prepare import prepare
from tests.actors.dialogues import dialogue, image, turn

CHECKPOINT = Path(__file__).parents[3] / "examples/reference_model/checkpoints/final"
ANSWER = 48


def config(*overrides):
    return load("demo", [f"model.source={CHECKPOINT}", *overrides])


@pytest.fixture(scope="module")
def measure():
    return prompt_measure(config())


@pytest.fixture
def talk():
    return dialogue(turn(1, image_ids=("now",)), turn(2, image_ids=("then",)), turn(3))


def test_lengths_are_those_of_the_rendered_prompt(measure, talk):
    renderer = renderer_without_engine(str(CHECKPOINT), config().model)
    before = measure.template.around(last_request(talk, config()))
    pictures = [PIL.new("RGB", (i.width, i.height)) for i in talk.images]
    prompt = {
        "prompt_token_ids": [i for ids in before for i in ids],
        "multi_modal_data": {"image": pictures},
    }
    (rendered,) = renderer.render_cmpl([parse_model_prompt(renderer.model_config, prompt)])
    found = measure.lengths(config(), [talk])
    tokens = len(rendered["prompt_token_ids"])
    assert found.least == {"d1": tokens + ANSWER}
    assert found.most == {"d1": tokens + 3 * ANSWER}
    assert (found.too_long, found.perhaps_too_long, found.refused) == ([], [], {})


def test_dialogues_that_do_not_fit_are_told_from_those_that_may_not(measure, talk):
    fits = measure.lengths(config(), [talk])
    short = replace(measure, context=fits.least["d1"])
    assert short.lengths(config(), [talk]).perhaps_too_long == ["d1"]
    none = replace(measure, context=fits.least["d1"] - 1)
    assert none.lengths(config(), [talk]).too_long == ["d1"]


def test_an_image_limit_is_kept(talk):
    limited = config("model.engine.limit_mm_per_prompt.image=1")
    found = prompt_measure(limited).lengths(limited, [talk])
    assert found.refused == {"d1": "shows 2 images, a prompt may show 1"}


def test_images_of_one_size_are_processed_once(measure, talk):
    seen = []

    def counted(shown):
        seen.append(shown.image_id)
        return 7

    other = replace(image("wide"), width=300)
    more = dialogue(
        turn(1, image_ids=("now", "then", "wide")), images=(*talk.images, other), dialogue_id="d2"
    )
    replace(measure, image_tokens=counted).lengths(config(), [talk, more])
    assert seen == ["now", "wide"]


def test_a_dry_run_tells_the_longest_prompt_and_who_does_not_fit(phantom, tmp_path):
    def told(*overrides):
        run = config(f"dataset.uri={phantom}", f"output={tmp_path}", *overrides)
        return look_ahead(prepare(run, dry=True))

    roomy = told()
    assert roomy.problem is None
    assert roomy.prompts.too_long == []
    assert "the context holds 2048" in dry_run_text(roomy)
    tight = told("model.engine.max_model_len=400")
    assert f"{len(tight.prompts.too_long)} dialogues do not fit: " in dry_run_text(tight)
    assert 0 < len(tight.prompts.too_long) < 40
    refused = told("model.chat.template='{{ raise_exception(\"Nothing to say\") }}'")
    assert "cannot render a dialogue: Nothing to say" in refused.problem


def test_what_vllm_refuses_is_one_sentence():
    with pytest.raises(ConfigError, match=r"vLLM cannot read .*final: .*max_model_len") as caught:
        prompt_measure(config("model.engine.max_model_len=1000000"))
    assert "\n" not in str(caught.value)
