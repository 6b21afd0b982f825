"""A checkpoint's outline as text for a terminal, with how a dataset fits it.

In: ``ModelCard`` and perhaps ``DatasetFit``. Out: lines.
"""

from collections.abc import Sequence
from statistics import median

from pipeline.checkpoint.dataset_fit import DatasetFit
from pipeline.checkpoint.describe import ModelCard
from pipeline.checkpoint.families import Suggestion
from pipeline.checkpoint.memory import gpu_need

_GIB = 2**30


def card_text(
    card: ModelCard, fit: DatasetFit | None, *, gpu_bytes: int, warnings: Sequence[str] = ()
) -> str:
    """Write a card.

    Args:
        card: the checkpoint's.
        fit: how a dataset fits it, if one was named.
        gpu_bytes: memory of one GPU.
        warnings: beside those of the card.
    """
    generation = ", ".join(f"{key} {value}" for key, value in card.generation.items())
    rows = {
        "architecture": card.architecture or "not stated",
        "model type": card.model_type or "not stated",
        "backend": _suggested(card.backend, "none"),
        "context": f"{card.context:,} tokens" if card.context else "not stated",
        "dtype": card.dtype or "not stated",
        "image processor": card.image_processor or "none",
        "chat template": card.template or "none",
        "box dialect": _suggested(card.dialect, "none suggested"),
        "generation": generation or "greedy, or not stated",
        "weights": f"{card.weights / _GIB:.2f} GiB in 16 bits" if card.weights else "none",
        **_fit_rows(fit),
        "GPUs": _gpus(card, fit, gpu_bytes),
        "missing": ", ".join(card.missing) or "nothing",
    }
    lines = [card.source, *(f"  {name:16} {value}" for name, value in rows.items())]
    return "\n".join([*lines, *(f"  warning          {w}" for w in _all(card, fit, warnings))])


def _suggested(suggestion: Suggestion, none: str) -> str:
    return f"{suggestion.choice or none} ({suggestion.reason})"


def _fit_rows(fit: DatasetFit | None) -> dict[str, str]:
    if fit is None:
        return {}
    counts = sorted(fit.tokens.values())
    smallest, *_, largest = (*fit.tokens, *fit.tokens)
    return {
        "image tokens": (
            f"{counts[0]} to {counts[-1]}, median {median(counts):g}, "
            f"for {smallest[0]} x {smallest[1]} to {largest[0]} x {largest[1]} pixels"
        ),
        "context needed": (
            f"{fit.longest:,} tokens for the longest dialogue, {fit.longest_id}, "
            f"with answers of {fit.answer_tokens}"
        ),
    }


def _gpus(card: ModelCard, fit: DatasetFit | None, gpu_bytes: int) -> str:
    context = fit.longest if fit else card.context
    if not (card.weights and card.token_bytes and context):
        return "cannot be estimated: weights, sizes or context are not stated"
    need = gpu_need(card.weights, card.token_bytes, context, card.heads, gpu_bytes)
    size = f"{need.bytes / _GIB:.1f} GiB for 16 dialogues of {context:,} tokens at once"
    if need.gpus is None:
        return f"{size}: more than 8 GPUs of {gpu_bytes / _GIB:.0f} GiB"
    return f"{size}: tensor_parallel_size {need.gpus} on GPUs of {gpu_bytes / _GIB:.0f} GiB"


def _all(card: ModelCard, fit: DatasetFit | None, warnings: Sequence[str]) -> list[str]:
    found = [*card.warnings, *warnings]
    if fit and card.context and fit.longest > card.context:
        found.append(
            f"the longest dialogue does not fit the context of {card.context:,} tokens; its last "
            "turns would fail"
        )
    if card.generation.get("do_sample"):
        found.append("the checkpoint samples by default; a run is greedy unless it says otherwise")
    return found
