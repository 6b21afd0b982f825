"""Chat templates of all forms through vLLM's own renderer, on one checkpoint, without an engine."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from vllm.renderers.params import ChatParams

from actors.backends.chat_template import chat_messages, example
from actors.backends.token_history import AnswersOnly, TokenHistory
from actors.backends.vllm_template import (
    check_rendering,
    renderer_without_engine,
    thinking_arguments,
    vllm_template,
)
from actors.conversation import Exchange
from conf.errors import ConfigError
from conf.load import load
from conf.model import ChatConfig
from tests.actors.dialogues import image

CHECKPOINT = Path(__file__).parents[3] / "examples/reference_model/checkpoints/final"
END = "<end_of_utterance>"

# Content as a list of parts, which the template walks through.
PARTS = (
    "{% for m in messages %}<{{ m.role }}>{% for c in m.content %}"
    "{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}{% endfor %}"
    "<end_of_utterance>{% endfor %}<assistant>"
)
# Content as one string.
STRING = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end_of_utterance>{% endfor %}<assistant>"
)
# Gemma's manner: no system message, roles must alternate.
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "<{{ m.role }}>{{ m.content | trim }}<end_of_utterance>\n{% endfor %}<assistant>"
)
# Mistral's manner: the instructions stand before the last question.
SYSTEM_LAST = (
    "{% for m in messages if m.role != 'system' %}{% if m.role == 'user' %}"
    "[INST]{% if loop.last %}{{ messages[0].content }}\n{% endif %}{{ m.content }}[/INST]"
    "{% else %}{{ m.content }}<end_of_utterance>{% endif %}{% endfor %}"
)
# Qwen3's manner: reasoning of earlier answers is dropped, and can be forbidden.
THINKING = (
    "{% for m in messages %}<{{ m.role }}>\n"
    "{% if m.role == 'assistant' %}{{ m.content.split('</think>')[-1].lstrip('\n') }}"
    "{% else %}{{ m.content }}{% endif %}<end_of_utterance>\n{% endfor %}<assistant>{{ '\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}"
    "<think>\n\n</think>{{ '\n\n' }}{% endif %}"
)
FORGETFUL = "<user>{{ messages[-1].content }}<end_of_utterance><assistant>"
ONE_TURN = "{% if messages | length > 2 %}{{ raise_exception('One question only') }}{% endif %}x"
TEMPLATES = [PARTS, STRING, THINKING]


@pytest.fixture(scope="module")
def renderer():
    model = load("demo", [f"model.source={CHECKPOINT}"]).model
    return renderer_without_engine(model.source, model)


@pytest.fixture(scope="module")
def tokenizer(renderer):
    return renderer.get_tokenizer()


def text_of(renderer, chat: ChatConfig, turn: int, images=()) -> str:
    parts = vllm_template(renderer, chat).around(example(turn, images))
    return "|".join(renderer.get_tokenizer().decode(part) for part in parts)


def conversed(history, tokenizer, answers: list[str]) -> str:
    """Ask a turn for each answer and one more; return what the last one was asked with."""
    ids: list[int] = []
    for n in range(len(answers) + 1):
        request = example(n + 1, ())
        ids = history.prompt(request)
        if n < len(answers):
            history.accept(ids, tokenizer.encode(answers[n] + END, add_special_tokens=False))
    return tokenizer.decode(ids)


@pytest.mark.parametrize("template", [None, *TEMPLATES])
def test_a_template_is_rendered_whatever_form_of_content_it_expects(renderer, template):
    check_rendering(renderer, ChatConfig(template=template))
    text = text_of(renderer, ChatConfig(template=template), 3)
    assert text.count("|") == 2
    assert "{'type'" not in text
    assert all(f"Is there a finding {n}?" in part for n, part in enumerate(text.split("|"), 1))


@pytest.mark.parametrize("template", [PARTS, STRING])
def test_an_image_stands_beside_its_caption(renderer, template):
    images = [image("now"), image("then")]
    text = text_of(renderer, ChatConfig(template=template), 2, images)
    for part in text.split("|"):
        assert re.search(r"Current image:\s*<image>\s*Is there", part)


def test_without_any_template_the_sentence_says_what_to_give(tmp_path):
    copy = tmp_path / "bare"
    shutil.copytree(CHECKPOINT, copy)
    (copy / "chat_template.jinja").unlink()
    model = load("demo", [f"model.source={copy}"]).model
    with pytest.raises(ConfigError, match=r"cannot render a dialogue: .*chat template.*give an"):
        check_rendering(renderer_without_engine(str(copy), model), model.chat)
    given = ChatConfig(template=PARTS)
    check_rendering(renderer_without_engine(str(copy), model), given)


@pytest.mark.parametrize(
    ("template", "system", "sentence"),
    [
        (NO_SYSTEM, "role", "System role not supported; model.chat.system says"),
        (ONE_TURN, "role", "One question only"),
        (FORGETFUL, "role", "shows 0 of 1 earlier answers"),
        (SYSTEM_LAST, "role", "writes a question in another way once it is answered"),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_the_reason(renderer, template, system, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_rendering(renderer, ChatConfig(template=template, system=system))


@pytest.mark.parametrize("system", ["first_user", "omit"])
def test_instructions_stand_where_the_template_can_have_them(renderer, system):
    chat = ChatConfig(template=NO_SYSTEM, system=system)
    check_rendering(renderer, chat)
    first, second = text_of(renderer, chat, 2).split("|")
    instructed = "Answer each question.\n" if system == "first_user" else ""
    assert first == f"<user>{instructed}Is there a finding 1?{END}\n<assistant>"
    assert second == f"{END}\n<user>Is there a finding 2?{END}\n<assistant>"


def test_a_template_that_moves_the_instructions_is_followed_when_each_turn_is_rendered_anew(
    renderer,
):
    chat = ChatConfig(template=SYSTEM_LAST, thinking="strip")
    check_rendering(renderer, chat)
    first, second = text_of(renderer, chat, 2).split("|")
    assert "Answer each" not in first
    assert "Answer each" in second


@pytest.mark.parametrize("template", [None, *TEMPLATES])
def test_a_history_of_plain_answers_reads_as_the_template_itself_would_write_it(
    renderer, tokenizer, template
):
    answers = ["No.", "42 mm", "It is (B)"]
    chat = ChatConfig(template=template)
    request = example(4, ())
    history = tuple(Exchange(e.message, a) for e, a in zip(request.history, answers, strict=True))
    expected = renderer.render_messages(
        chat_messages(replace(request, history=history), answers),
        ChatParams(
            chat_template=template,
            chat_template_kwargs={"add_generation_prompt": True, "tokenize": False},
        ),
    )[1]["prompt"]
    built = vllm_template(renderer, chat)
    spoken = [f" {a}" for a in answers] if template is None else answers
    for history in (
        TokenHistory(built, {tokenizer.eos_token_id}),
        AnswersOnly(built, {tokenizer.eos_token_id}, tokenizer.decode),
    ):
        assert conversed(history, tokenizer, spoken) == expected


REASONED = ["<think>\nNo lesion.\n</think>\n\nNo.", "<think>hm</think>Yes."]


def test_reasoning_stays_in_the_history_as_it_was_generated(renderer, tokenizer):
    template = vllm_template(renderer, ChatConfig(template=THINKING))
    text = conversed(TokenHistory(template, {tokenizer.eos_token_id}), tokenizer, REASONED)
    assert all(f"<assistant>\n{answer}{END}" in text for answer in REASONED)


def test_reasoning_is_taken_out_of_the_history_where_that_is_asked_for(renderer, tokenizer):
    chat = ChatConfig(template=THINKING, thinking="strip", kwargs={"enable_thinking": True})
    template = vllm_template(renderer, chat)
    history = AnswersOnly(template, {tokenizer.eos_token_id}, tokenizer.decode)
    text = conversed(history, tokenizer, REASONED)
    assert "think" not in text
    assert f"<assistant>\nNo.{END}" in text
    assert f"<assistant>\nYes.{END}" in text


def test_settings_reach_the_template(renderer, tokenizer):
    chat = ChatConfig(template=THINKING, kwargs={"enable_thinking": False})
    check_rendering(renderer, chat)
    assert text_of(renderer, chat, 2).endswith("<assistant>\n<think>\n\n</think>\n\n")


def test_a_thinking_budget_needs_marks_that_the_tokeniser_knows(renderer):
    config = load("demo", ["sampling.thinking_tokens=8"])
    with pytest.raises(ConfigError, match="no marks of reasoning that are known"):
        thinking_arguments(renderer, config.model, config.sampling)
    named = load("demo", ["sampling.thinking_tokens=8", "model.engine.reasoning_parser=qwen3"])
    assert thinking_arguments(renderer, named.model, named.sampling) == {}


def test_a_checkpoint_to_which_no_image_can_be_shown_is_refused():
    model = load("demo", [f"model.source={CHECKPOINT}", "model.engine.limit_mm_per_prompt.image=0"])
    blind = renderer_without_engine(str(CHECKPOINT), model.model)
    with pytest.raises(ConfigError, match="takes no images with this checkpoint here"):
        check_rendering(blind, ChatConfig())
    check_rendering(blind, ChatConfig(), needs_images=False)
