"""The seam between dialogues and engines: one Protocol, one reply, two errors."""

from dataclasses import dataclass
from typing import Protocol

from actors.conversation import ChatRequest
from actors.schema import Dialogue


class TurnFailed(Exception):
    """This turn cannot be answered; its message becomes the row's reason. Others go on."""


class EngineDead(Exception):
    """The engine cannot answer anything any more; the process must end to be replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatReply:
    """One generated answer. Token counts cover the whole prompt, images included."""

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    input_sizes: tuple[tuple[str, int, int], ...] | None = None


class Chat(Protocol):
    """One dialogue's side of an engine; holds what the engine needs between turns."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer one turn.

        Raises:
            TurnFailed: this turn has no answer; the chat can be asked the next one.
            EngineDead: nothing can be answered any more.
        """
        ...


class ChatBackend(Protocol):
    """A model engine, made once per actor. Gold in the dialogue is for the scripted one alone."""

    def open(self, dialogue: Dialogue) -> Chat:
        """Start the engine's side of one dialogue."""
        ...

    def close(self) -> None:
        """Stop the engine in order; called once, from any thread."""
        ...
