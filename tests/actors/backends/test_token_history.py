"""The ids of a dialogue, whichever token ends an answer, for templates of text and of ids."""

import pytest

from actors.backends.chat_template import ChatTemplate, put_before
from actors.backends.token_history import AnswersOnly, TokenHistory
from actors.conversation import ChatRequest, Exchange, UserMessage
from conf.model import ChatConfig

END, OTHER_END = ord("#"), ord("$")  # the template's own, and another that generation stops on


def render(messages):
    """A chat template: role's letter, text, END; then the letter of the one to answer."""
    parts = (m["role"][0] + m["content"][0]["text"] + chr(END) for m in messages)
    return "".join(parts) + "a"


def encode(text):
    return [ord(letter) for letter in text]


def decode(ids):
    return "".join(map(chr, ids))


@pytest.fixture(params=["text", "ids"])
def template(request):
    """The same template as one that renders text, and as one that renders ids at once."""
    by_ids = request.param == "ids"
    return ChatTemplate(
        (lambda messages: encode(render(messages))) if by_ids else render, encode, ChatConfig()
    )


def request(turn):
    message = UserMessage(images=(), captions=(), text="q")
    history = (Exchange(message, "whatever"),) * (turn - 1)
    return ChatRequest(
        dialogue_id="d", turn=turn, system="s", history=history, message=message, seed=0
    )


@pytest.mark.parametrize(
    "generated",
    [
        [*encode("yes"), END],
        [*encode("yes"), OTHER_END],
        [*encode("yes"), END, OTHER_END],
        encode("yes"),  # cut off by its length
    ],
)
def test_the_template_closes_an_answer_whatever_it_stopped_on(template, generated):
    for history in (
        TokenHistory(template, {END, OTHER_END}),
        AnswersOnly(template, {END, OTHER_END}, decode),
    ):
        first = history.prompt(request(1))
        history.accept(first, generated)
        assert history.prompt(request(2)) == first + encode("yes#uq#a")


def test_a_turn_without_words_takes_nothing_off_the_prompt(template):
    history = TokenHistory(template, {END, ord("a")})
    first = history.prompt(request(1))
    history.accept(first, [END])
    assert history.prompt(request(2)) == first + encode("#uq#a")


def test_an_end_within_an_answer_stays(template):
    history = TokenHistory(template, {END})
    first = history.prompt(request(1))
    history.accept(first, encode("y#s#"))
    assert history.prompt(request(2)) == first + encode("y#s#uq#a")


def test_the_closing_ids_are_what_the_template_writes_after_an_answer(template):
    assert decode(template.closing()) == "#uIs there a finding 2?#a"


def test_several_answers_without_their_reasoning(template):
    history = AnswersOnly(template, {END}, decode)
    for turn, answer in enumerate(("<think>x</think>\n\nyes", "[THINK]y[/THINK] no", "3"), 1):
        history.accept(history.prompt(request(turn)), [*encode(answer), END])
    assert decode(history.prompt(request(4))) == "ss#uq#ayes#uq#ano#uq#a3#uq#a"


def test_reasoning_that_never_ended_leaves_an_empty_answer(template):
    history = AnswersOnly(template, {END}, decode)
    history.accept(history.prompt(request(1)), encode("<think>perhaps"))
    assert decode(history.prompt(request(2))) == "ss#uq#a#uq#a"


def test_a_tokeniser_that_joins_words_with_what_follows_still_gives_all_of_it():
    """``s#`` is one token here, so after "Yes" the template's end would be missed."""

    def joined(text):
        ids = []
        for letter in text:
            if letter == "#" and ids[-1:] in ([ord("s")], [ord("o")]):
                ids[-1] += 1000
            else:
                ids.append(ord(letter))
        return ids

    for by_ids in (False, True):
        template = ChatTemplate(
            (lambda messages: joined(render(messages))) if by_ids else render,
            joined,
            ChatConfig(),
        )
        assert decode(template.following(request(2))) == "#uq#a"


@pytest.mark.parametrize("written", ["", "^"])
def test_what_a_tokeniser_puts_before_a_text_is_there_once(written):
    """Whether the template writes it, or leaves it to the tokeniser, as that of LLaVA 1.5."""
    template = ChatTemplate(
        lambda messages: written + render(messages), encode, ChatConfig(), begin=encode("^")
    )
    first = template.first(request(1))
    assert first == encode("^ss#uq#a")
    assert template.around(request(2))[0] == first
    assert template.following(request(2)) == encode("#uq#a")


@pytest.mark.parametrize(("before", "after"), [([], []), ([1], []), ([1, 2], [3])])
def test_what_a_tokeniser_adds_is_told_from_the_text(before, after):
    class Adding:
        def encode(self, text, add_special_tokens=True):
            return [*before, 9, *after] if add_special_tokens else [9]

    assert put_before(Adding()) == before
