"""The marks between which models write their reasoning before an answer.

In: an answer's token ids and a way to decode them. Out: the ids after the reasoning.
"""

from collections.abc import Callable, Sequence

# Opening and closing marks by model family: Qwen, DeepSeek and GLM, further tag models, Seed, Kimi,
# Magistral, Cohere, Gemma 4, MedGemma. Scoring knows further ones, which no chat template drops.
REASONING_MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>", "<channel|>"),
    ("<unused94>", "<unused95>"),
)


def after_reasoning(
    prompt: Sequence[int], answer: Sequence[int], decode: Callable[[list[int]], str]
) -> list[int]:
    """Return an answer's ids after its reasoning, with the white space between taken off.

    Args:
        prompt: the ids before the answer: a chat template may open the reasoning itself.
        answer: the generated ids.
        decode: ids to text, special tokens included.

    Returns:
        All ids where there is no reasoning, none where it never ended.
    """
    text = decode(list(answer))
    begun = decode(list(prompt[-8:])).rstrip()
    for opening, closing in REASONING_MARKS:
        if closing in text:
            return _from(answer, decode, text.rfind(closing) + len(closing))
        if text.lstrip().startswith(opening) or begun.endswith(opening):
            return []
    return list(answer)


def _from(answer: Sequence[int], decode: Callable[[list[int]], str], start: int) -> list[int]:
    """Return the ids whose text begins at ``start`` characters or later and is not white space."""
    low, high = 0, len(answer)
    while low < high:  # the fewest ids whose text reaches the start
        middle = (low + high) // 2
        if len(decode(list(answer[:middle]))) < start:
            low = middle + 1
        else:
            high = middle
    while low < len(answer) and not decode([answer[low]]).strip():
        low += 1
    return list(answer[low:])
