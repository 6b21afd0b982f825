"""A tried dialogue as text for a terminal."""

from textwrap import fill, indent

from actors.gold import gold_text
from pipeline.trial.run import Trial

_WIDTH = 100


def trial_text(trial: Trial) -> str:
    """Write the first prompt, then each turn: what was asked, expected and answered."""
    lines = ["first prompt, as the model reads it:", indent(trial.prompt, " | ", lambda _: True)]
    for tried in trial.turns:
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
        if tried.region is not None:
            lines.append(_entry("annotated", _numbers(tried.region.box)))
            lines.append(_entry("box read", _numbers(tried.box) if tried.box else "none"))
    return "\n".join(lines)


def _entry(name: str, text: str) -> str:
    return fill(text, _WIDTH, initial_indent=f"  {name:10}", subsequent_indent=" " * 12)


def _numbers(box: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.0f}" for value in box) + ", in pixels of the stored image"
