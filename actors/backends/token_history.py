"""Token-exact history of one dialogue, apart from any engine: used to serve and to train alike.

In: ``ChatRequest``s and, after each, the ids that were generated. Out: the ids to continue from.
The prompt of turn n + 1 is the prompt of turn n, the ids generated there, and the ids of the
template's text between: nothing that was once tokenised is tokenised again.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from actors.conversation import ChatRequest, UserMessage

Messages = list[dict[str, Any]]  # the chat template's own form

_ANSWER = "\x02answer\x03"  # stands for an answer while the template is rendered


class TokenHistory:
    """The token ids of a dialogue so far.

    ``render`` applies a chat template with the generation prompt; ``encode`` tokenises text
    without adding special tokens. ``ends`` are the tokens on which generation stops: the template
    closes an answer, with its own token, whichever of them the engine stopped on.
    """

    def __init__(
        self,
        render: Callable[[Messages], str],
        encode: Callable[[str], list[int]],
        ends: Collection[int],
    ) -> None:
        self._render = render
        self._encode = encode
        self._ends = ends
        self._ids: list[int] = []

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return all ids up to the next answer; an image is still one token."""
        text = self._render(chat_messages(request))
        if not self._ids:
            return self._encode(text)
        return self._ids + self._encode(text.rsplit(_ANSWER, 1)[1])

    def accept(self, prompt: Sequence[int], generated: Sequence[int]) -> None:
        """Keep a prompt and what was generated after it, without the tokens that end it."""
        end = len(generated)
        while end and generated[end - 1] in self._ends:
            end -= 1
        self._ids = [*prompt, *generated[:end]]


def closing(render: Callable[[Messages], str]) -> str:
    """Return the text that a chat template writes between an answer and the next one."""
    user = {"role": "user", "content": [_text("question")]}
    system = {"role": "system", "content": [_text("system")]}
    return render([system, user, _answered(), user]).rsplit(_ANSWER, 1)[1]


def chat_messages(request: ChatRequest) -> Messages:
    """Return a request as messages of a chat template; earlier answers are a placeholder."""
    messages: Messages = [{"role": "system", "content": [_text(request.system)]}]
    for exchange in request.history:
        messages.append(_user(exchange.message))
        messages.append(_answered())
    return [*messages, _user(request.message)]


def _answered() -> dict[str, Any]:
    return {"role": "assistant", "content": [_text(_ANSWER)]}


def _user(message: UserMessage) -> dict[str, Any]:
    parts: list[dict[str, str]] = []
    for text in message.captions:
        parts += [_text(text), {"type": "image"}]
    return {"role": "user", "content": [*parts, _text(message.text)]}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
