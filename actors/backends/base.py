"""The interface between dialogues and engines: Protocols, the reply, three errors."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from actors.conversation import ChatRequest
from actors.schema import Dialogue, InputSize, Served
from conf.model import ModelConfig, SamplingConfig

# Reasons to finish that an engine gives where it has no answer; a text beside them is no answer.
UNANSWERED = frozenset({"error", "abort"})
REFUSAL = "refusal"  # the reason to finish of an answer that the model or a filter declined to give


class TurnFailed(Exception):
    """This turn cannot be answered; the message becomes the row's reason. Other turns go on."""


class EngineDead(Exception):
    """The engine cannot answer anything any more; the process must end to be replaced."""


class ReloadError(Exception):
    """The engine cannot be trusted with other weights; others on engines of their own go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatReply:
    """One generated answer. Token counts cover the whole prompt, images included.

    ``is_fed_back``: later turns of the dialogue show the answer; one without words is not shown.
    """

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    input_sizes: tuple[InputSize, ...] | None = None
    token_ids: Sequence[int] | None = None  # of the answer, where the engine returns them
    served: Served | None = None
    is_fed_back: bool = True


class Chat(Protocol):
    """One dialogue's side of an engine; holds what the engine needs between turns."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one turn.

        Raises:
            TurnFailed: this turn has no answer; the next one can be asked.
            EngineDead: nothing can be answered any more.
        """
        ...


async def ask_again_once(ask: Callable[[], Awaitable[ChatReply]]) -> ChatReply:
    """Return the engine's answer, of a second request where the first was not answered.

    Raises:
        TurnFailed: the second request was not answered either.
    """
    reply = await ask()
    if reply.finish_reason in UNANSWERED:
        first, reply = reply, await ask()
        if reply.finish_reason in UNANSWERED:
            raise TurnFailed(
                f"engine: no answer in two requests, finished by {first.finish_reason!r} "
                f"and {reply.finish_reason!r}"
            )
    return reply


class ChatBackend(Protocol):
    """A model engine, made once per actor. Gold in the dialogue is for the scripted one alone."""

    def open(self, dialogue: Dialogue) -> Chat:
        """Start the engine's side of one dialogue."""
        ...

    def close(self) -> None:
        """Stop the engine in order; called once, from any thread."""
        ...


@runtime_checkable
class ShowsPrompts(Protocol):
    """An engine that can say what its model reads."""

    def prompt_text(self, request: ChatRequest) -> str:
        """Return a dialogue's first prompt as text, special tokens included."""
        ...


class Reloadable(ChatBackend, Protocol):
    """An engine that can load other weights; its decoded images stay."""

    async def reload(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        """Load a checkpoint's weights, if it is another one, and drop what older ones computed.

        No chat may be open, and all but the weights must be as in the checkpoint before.

        Raises:
            ReloadError: weights could not be loaded, or what was computed cannot be dropped; the
                engine's state is unknown.
            EngineDead: nothing can be answered any more.
        """
        ...

    async def checksum(self) -> str:
        """Identify the weights that the engine holds."""
        ...
