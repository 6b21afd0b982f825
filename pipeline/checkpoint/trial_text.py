"""A tried dialogue as text for a terminal."""

from collections.abc import Sequence
from textwrap import fill

from actors.gold import gold_text
from pipeline.checkpoint.trial import TriedTurn

_WIDTH = 100


def trial_text(turns: Sequence[TriedTurn]) -> str:
    """Write the system prompt, then each turn: what was asked, expected and answered."""
    lines = [_entry("system", turns[0].request.system)] if turns else []
    for tried in turns:
        message, reply = tried.request.message, tried.reply
        lines.append(f"\nturn {tried.turn.turn}")
        for image, caption in zip(message.images, message.captions, strict=True):
            lines.append(_entry("image", f"{caption} {image.width} x {image.height} pixels"))
        lines.append(_entry("asked", message.text))
        lines.append(_entry("expected", gold_text(tried.turn)))
        if reply is None:
            lines.append(_entry("failed", tried.error or ""))
            continue
        lines.append(_entry("answered", reply.text))
        lines.append(
            _entry(
                "tokens",
                f"{reply.prompt_tokens} in the prompt, {reply.cached_tokens} of them known; "
                f"{reply.completion_tokens} generated, ended by {reply.finish_reason}",
            )
        )
        if tried.image_id is not None:
            box = "none was read" if tried.box is None else _numbers(tried.box)
            lines.append(_entry("box", box))
    return "\n".join(lines)


def _entry(name: str, text: str) -> str:
    indent = " " * 12
    return fill(text, _WIDTH, initial_indent=f"  {name:10}", subsequent_indent=indent)


def _numbers(box: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.0f}" for value in box) + " in pixels of the stored image"
