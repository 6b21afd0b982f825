"""The ids of a dialogue, whichever token the engine stopped on."""

import pytest

from actors.backends.token_history import TokenHistory, closing
from actors.conversation import ChatRequest, Exchange, UserMessage

END, OTHER_END = ord("#"), ord("$")  # the template's own, and another that generation stops on


def render(messages):
    """A chat template: role's letter, text, END; then the letter of the one to answer."""
    parts = (m["role"][0] + m["content"][0]["text"] + chr(END) for m in messages)
    return "".join(parts) + "a"


def encode(text):
    return [ord(letter) for letter in text]


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
def test_the_template_closes_an_answer_whatever_it_stopped_on(generated):
    history = TokenHistory(render, encode, {END, OTHER_END})
    first = history.prompt(request(1))
    history.accept(first, generated)
    assert history.prompt(request(2)) == first + encode("yes#uq#a")


def test_a_turn_without_words_takes_nothing_off_the_prompt():
    history = TokenHistory(render, encode, {END, ord("a")})
    first = history.prompt(request(1))
    history.accept(first, [END])
    assert history.prompt(request(2)) == first + encode("#uq#a")


def test_an_end_within_an_answer_stays():
    history = TokenHistory(render, encode, {END})
    first = history.prompt(request(1))
    history.accept(first, encode("y#s#"))
    assert history.prompt(request(2)) == first + encode("y#s#uq#a")


def test_the_closing_text_is_what_the_template_writes_after_an_answer():
    assert closing(render) == "#uquestion#a"
