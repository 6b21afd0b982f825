"""Conversation state of one dialogue: pure, no Ray, no engine.

In: a dialogue and, turn by turn, the model's answers or failures.
Out: the next request (the user's message, the history, a seed). The model's own answers are fed
back; a failed turn's text never is, but an image first shown at a failed turn is shown again at
the next.
"""

import hashlib
from dataclasses import dataclass

from actors.boxes.write import instruction
from actors.schema import Dialogue, Image, Turn

_SYSTEM_V1 = (
    "You are a physician who reads medical images with a colleague. "
    "Answer each question about the images shown so far. "
    "Begin with the answer itself: yes or no, the letter of the option, the number with its unit, "
    "or one short sentence. Then say only what the images show."
)


@dataclass(frozen=True, slots=True)
class UserMessage:
    """The user's message of one turn: images newly shown, each with its caption, then the text."""

    images: tuple[Image, ...]
    captions: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question that the model has answered, and its answer as it was generated."""

    message: UserMessage
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRequest:
    """One turn to be answered. ``seed`` is in [0, 2**31).

    ``json_schema`` is JSON Schema, as text, that the answer must hold to where the engine can
    enforce it; None leaves the answer free.
    """

    dialogue_id: str
    turn: int
    system: str
    history: tuple[Exchange, ...]
    message: UserMessage
    seed: int
    json_schema: str | None = None


class Conversation:
    """The state machine: ``next_request`` until None, each followed by ``accept`` or ``fail``."""

    def __init__(self, dialogue: Dialogue, *, box_dialect: str, seed: int) -> None:
        self._dialogue = dialogue
        self._turns = iter(dialogue.turns)
        self._system = system_prompt(box_dialect)
        self._seed = seed
        self._history: tuple[Exchange, ...] = ()
        self._pending: tuple[Image, ...] = ()
        self._open: UserMessage | None = None

    def next_request(self) -> ChatRequest | None:
        """Return the next turn's request, or None after the last turn."""
        if self._open is not None:
            raise RuntimeError("the open turn was neither accepted nor failed")
        turn = next(self._turns, None)
        if turn is None:
            return None
        self._pending += tuple(self._dialogue.image(i) for i in turn.image_ids)
        self._open = user_message(turn, self._pending)
        return ChatRequest(
            dialogue_id=self._dialogue.dialogue_id,
            turn=turn.turn,
            system=self._system,
            history=self._history,
            message=self._open,
            seed=turn_seed(self._seed, self._dialogue.dialogue_id, turn.turn),
        )

    def accept(self, answer: str) -> None:
        """Feed the model's answer to the open turn back into the history."""
        self._history += (Exchange(self._close(), answer),)
        self._pending = ()

    def fail(self) -> None:
        """Leave the open turn out of the history; its images stay to be shown."""
        self._close()

    def _close(self) -> UserMessage:
        if self._open is None:
            raise RuntimeError("no turn is open")
        message, self._open = self._open, None
        return message


def system_prompt(box_dialect: str) -> str:
    """Return the system prompt: the answer, then the region in the declared dialect."""
    return f"{_SYSTEM_V1} {instruction(box_dialect)}".rstrip()


def user_message(turn: Turn, images: tuple[Image, ...]) -> UserMessage:
    """Write one turn: captions for images not yet shown, the question, the options if any."""
    options = "".join(f"\n{chr(65 + n)}. {text}" for n, text in enumerate(turn.choices))
    return UserMessage(images, tuple(caption(i) for i in images), turn.question + options)


def caption(image: Image) -> str:
    """Return an image's role and date as the prompt has them."""
    if image.role == "prior":
        return f"Prior image, {image.days_before} days earlier:"
    return "Current image:"


def turn_seed(seed: int, dialogue_id: str, turn: int) -> int:
    """Derive a sampling seed that depends on nothing but the run's seed, dialogue and turn."""
    digest = hashlib.sha256(f"{seed}\x1f{dialogue_id}\x1f{turn}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1
