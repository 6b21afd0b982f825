"""Token-exact history of one dialogue, apart from any engine: used to serve and to train alike.

In: ``ChatRequest``s and, after each, the ids that were generated. Out: the ids to continue from.
The prompt of turn n + 1 is the prompt of turn n, the ids generated there, and the ids of what the
template writes between: nothing that was once tokenised is tokenised again.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from actors.backends.chat_template import ChatTemplate
from actors.conversation import ChatRequest
from actors.reasoning import after_reasoning


class History(Protocol):
    """The token ids of a dialogue so far."""

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return all ids up to the next answer; an image is as the template wrote it."""
        ...

    def accept(self, prompt: Sequence[int], generated: Sequence[int]) -> None:
        """Keep a prompt and what was generated after it, without the tokens that end it."""
        ...


class TokenHistory:
    """A history in which everything stays as the engine read and wrote it.

    ``ends`` are the tokens on which generation stops: the template closes an answer, with its own
    token, whichever of them the engine stopped on.
    """

    def __init__(self, template: ChatTemplate, ends: Collection[int]) -> None:
        self._template = template
        self._ends = ends
        self._ids: list[int] = []

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return the ids so far and what the template writes after the last answer."""
        if not self._ids:
            return self._template.first(request)
        return self._ids + self._template.following(request)

    def accept(self, prompt: Sequence[int], generated: Sequence[int]) -> None:
        """Keep prompt and answer."""
        self._ids = [*prompt, *without_end(generated, self._ends)]


class AnswersOnly:
    """A history in which earlier answers have lost their reasoning, as many templates want it.

    What the template writes around them is rendered anew each turn. ``decode`` turns ids into text,
    special tokens included.
    """

    def __init__(
        self, template: ChatTemplate, ends: Collection[int], decode: Callable[[list[int]], str]
    ) -> None:
        self._template = template
        self._ends = ends
        self._decode = decode
        self._answers: list[list[int]] = []

    def prompt(self, request: ChatRequest) -> list[int]:
        """Return the template's text with the answers so far in their places."""
        first, *between = self._template.around(request)
        for answer, text in zip(self._answers, between, strict=True):
            first += answer + text
        return first

    def accept(self, prompt: Sequence[int], generated: Sequence[int]) -> None:
        """Keep the answer after its reasoning."""
        answer = without_end(generated, self._ends)
        self._answers.append(after_reasoning(prompt, answer, self._decode))


def begin_history(
    template: ChatTemplate, ends: Collection[int], decode: Callable[[list[int]], str]
) -> History:
    """Return an empty history, of the kind that the template's configuration asks for."""
    if template.renders_anew:
        return AnswersOnly(template, ends, decode)
    return TokenHistory(template, ends)


def without_end(generated: Sequence[int], ends: Collection[int]) -> list[int]:
    """Return generated ids without the tokens at their end that end an answer."""
    end = len(generated)
    while end and generated[end - 1] in ends:
        end -= 1
    return list(generated[:end])
