"""Token-exact history of one dialogue, apart from any engine: used to serve and to train alike.

In: ``ChatRequest``s and, after each, the ids that were generated. Out: the ids to continue from.
The prompt of turn n + 1 is the prompt of turn n, the ids generated there, and the ids of the
template's text between: nothing that was once tokenised is tokenised again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from actors.conversation import ChatRequest, UserMessage

Messages = list[dict[str, Any]]  # the chat template's own form

_ANSWER = "\x02answer\x03"  # stands for an answer while the template is rendered


class TokenHistory:
    """The token ids of a dialogue so far.

    ``render`` applies a chat template with the generation prompt; ``encode`` tokenises text
    without adding special tokens.
    """

    def __init__(
        self, render: Callable[[Messages], str], encode: Callable[[str], list[int]]
    ) -> None:
        self._render = render
        self._encode = encode
        self._ids: list[int] = []

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return all ids up to the next answer; an image is still one token."""
        text = self._render(chat_messages(request))
        if not self._ids:
            return self._encode(text)
        ids = self._encode(text.rsplit(_ANSWER, 1)[1])
        # The template closes an answer with the token on which the engine stopped.
        return self._ids + (ids[1:] if ids[:1] == self._ids[-1:] else ids)

    def accept(self, prompt: Sequence[int], generated: Sequence[int]) -> None:
        """Keep a prompt and what was generated after it."""
        self._ids = [*prompt, *generated]


def chat_messages(request: ChatRequest) -> Messages:
    """Return a request as messages of a chat template; earlier answers are a placeholder."""
    messages: Messages = [{"role": "system", "content": [_text(request.system)]}]
    for exchange in request.history:
        messages.append(_user(exchange.message))
        messages.append({"role": "assistant", "content": [_text(_ANSWER)]})
    return [*messages, _user(request.message)]


def _user(message: UserMessage) -> dict[str, Any]:
    parts: list[dict[str, str]] = []
    for text in message.captions:
        parts += [_text(text), {"type": "image"}]
    return {"role": "user", "content": [*parts, _text(message.text)]}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
