"""Where an answer of a checkpoint ends, whichever engine generates it.

In: the tokenizer, the tokens that generation stops on, and what the chat template writes after an
answer. Out: the tokens that end an answer, and texts without them.
"""

from collections.abc import Collection, Sequence
from typing import Any


class AnswerEnd:
    """The tokens that end a turn; special tokens within an answer stay.

    ``stop_ids`` are the tokens on which the engine stops, ``closing`` those that the chat template
    writes after an answer: if the first is a special one, it ends an answer as well.
    """

    def __init__(self, tokenizer: Any, stop_ids: Collection[int], closing: Sequence[int]) -> None:
        first = list(closing[:1])
        special = bool(first) and not tokenizer.decode(first, skip_special_tokens=True)
        self.ids = frozenset(stop_ids) | frozenset(first if special else ())
        marks = (tokenizer.decode([end], skip_special_tokens=False) for end in self.ids)
        self._marks = tuple(mark for mark in marks if mark.strip())

    def text(self, generated: str) -> str:
        """Take the marks that end a turn off the end of a text, and white space between them."""
        while mark := next((m for m in self._marks if generated.rstrip().endswith(m)), None):
            generated = generated.rstrip().removesuffix(mark)
        return generated
