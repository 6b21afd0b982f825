"""mistral-common's tokeniser, which renders ids itself and expands images, through vLLM's renderer.

vLLM's module of Pixtral imports torchvision, which does not exist beside the CPU build of PyTorch:
another architecture stands in for it where only the renderer is asked.
"""

import base64
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as PIL
from vllm.tokenizers.mistral import MistralTokenizer
from vllm.transformers_utils.processors.pixtral import (
    MistralCommonImageProcessor,
    MistralCommonPixtralProcessor,
)

from actors.backends.chat_template import check_template, example
from actors.backends.token_history import AnswersOnly, TokenHistory
from actors.backends.vllm_template import renderer_without_engine, vllm_template, with_image_rows
from conf.errors import ConfigError
from conf.load import load
from conf.model import ChatConfig
from tests.actors.backends.mistral_folder import write_mistral_folder
from tests.actors.dialogues import image

CHECKPOINT = Path(__file__).parents[3] / "examples/reference_model/checkpoints/final"
IMAGES = [image("a"), image("b")]
FIRST = "[INST]Current image:[IMG][IMG_END]Is there a finding 1?[/INST]"
SECOND = "</s>[INST]Current image:[IMG][IMG_END]Is there a finding 2?[/INST]"


@pytest.fixture(scope="module", params=["v3", "v7"])
def version(request):
    return request.param


@pytest.fixture(scope="module")
def renderer(version, tmp_path_factory):
    folder = write_mistral_folder(tmp_path_factory.mktemp("m") / version, version=version)
    tokeniser = [f"model.engine.tokenizer={folder}", "model.engine.tokenizer_mode=mistral"]
    model = load("demo", [f"model.source={CHECKPOINT}", *tokeniser]).model
    return renderer_without_engine(model.source, model)


def parts_of(renderer, chat):
    parts = vllm_template(renderer, chat).around(example(2, IMAGES))
    return [renderer.get_tokenizer().decode(part) for part in parts]


def test_what_stands_between_answers_is_found_by_ids(renderer):
    chat = ChatConfig(system="omit")
    check_template(vllm_template(renderer, chat), IMAGES)
    assert parts_of(renderer, chat) == ["<s>" + FIRST, SECOND]


def test_instructions_before_the_last_question_would_not_stay_the_history(renderer, version):
    template = vllm_template(renderer, ChatConfig())
    if version == "v7":  # has a system message of its own
        check_template(template, IMAGES)
        system = "[SYSTEM_PROMPT]Answer each question.[/SYSTEM_PROMPT]"
        assert parts_of(renderer, ChatConfig()) == [f"<s>{system}{FIRST}", SECOND]
    else:
        with pytest.raises(ConfigError, match=r"set model\.chat\.thinking to strip"):
            check_template(template, IMAGES)
        check_template(vllm_template(renderer, ChatConfig(thinking="strip")), IMAGES)
        check_template(vllm_template(renderer, ChatConfig(system="first_user")), IMAGES)


def test_the_history_holds_the_generated_ids(renderer):
    tokeniser = renderer.get_tokenizer()
    template = vllm_template(renderer, ChatConfig(system="first_user"))
    answer = [*tokeniser.encode("No lesion.", add_special_tokens=False), tokeniser.eos_token_id]
    for history in (
        TokenHistory(template, {tokeniser.eos_token_id}),
        AnswersOnly(template, {tokeniser.eos_token_id}, tokeniser.decode),
    ):
        first = history.prompt(example(1, IMAGES[:1]))
        history.accept(first, answer)
        second = history.prompt(example(2, IMAGES))
        assert second[: len(first) + len(answer)] == first + answer
        assert tokeniser.decode(second).endswith("No lesion." + SECOND)


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (16, 16), (640, 480), (17, 500)])
def test_an_image_takes_the_rows_that_mistral_common_gives_it(size, tmp_path):
    tokeniser = MistralTokenizer.from_pretrained(str(write_mistral_folder(tmp_path / "m")))
    images = MistralCommonImageProcessor(tokeniser.instruct.mm_encoder)
    processor = MistralCommonPixtralProcessor(tokenizer=tokeniser, image_processor=images)

    def rendered(width, height):
        buffer = io.BytesIO()
        PIL.new("RGB", (width, height)).save(buffer, "PNG")
        url = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "x"}]
        return tokeniser.apply_chat_template([{"role": "user", "content": parts}])

    shown = replace(image("a"), width=size[0], height=size[1])
    assert with_image_rows(processor, rendered(1, 1), [shown]) == rendered(*size)


def test_a_template_cannot_be_given(renderer):
    with pytest.raises(ConfigError, match="a mistral-common tokeniser takes none"):
        vllm_template(renderer, ChatConfig(template="{{ messages }}"))
