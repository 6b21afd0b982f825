"""The marks between which models write their reasoning before an answer.

In: an answer's token ids and a way to decode them. Out: the ids after the reasoning.
"""

import re
from collections.abc import Callable, Sequence

# Marks that tokenisers have as single tokens, as they are written; each is also among those below.
TOKEN_MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("◁think▷", "◁/think▷"),
    ("[THINK]", "[/THINK]"),
    ("<unused94>", "<unused95>"),
)

# Opening and closing marks by model family. Those of the reasoning parsers of vLLM 0.32 are all
# here (a test compares); the last ones are of fine-tuned models that no parser knows.
_MARKS = (
    # Qwen, DeepSeek, GLM, Granite, Hunyuan and others; Hunyuan 3 appends a suffix, Seed and MiniMax
    # put a name before it, K2 Horizon has one per effort.
    (
        r"<(?:seed:|mm:)?think(?:ing|:[\w.\-]{1,40})?>",
        r"</(?:seed:|mm:)?think(?:ing|:[\w.\-]{1,40})?>",
    ),
    (r"<ifm\|think(?:_fast|_faster)?>", r"</ifm\|think(?:_fast|_faster)?>"),
    (r"◁think▷", r"◁/think▷"),  # Kimi-VL
    (r"<\|open\|>think<\|sep\|>", r"<\|close\|>think<\|sep\|>"),  # Kimi K3
    (r"\[THINK\]", r"\[/THINK\]"),  # Magistral
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Cohere Command
    (r"<\|channel>", r"<channel\|>"),  # Gemma 4
    (r"<\|plamo:begin_think:plamo\|>", r"<\|plamo:end_think:plamo\|>"),
    (r"<\|content_thinking\|>", r"<\|end_message\|>"),  # Inkling
    (r"to=self<\|message\|>", r"<\|eom\|>"),  # Muse Glimmer
    (r"Here(?:'s| is) my thought process:", r"Here(?:'s| is) my response:"),  # Granite
    (r"<unused94>", r"<unused95>"),  # MedGemma 1.5
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (
        r"<(?:thoughts?|reasoning|reflection|scratchpad|analysis)>",
        r"</(?:thoughts?|reasoning|reflection|scratchpad|analysis)>",
    ),
    # The stages of LLaVA-CoT before its conclusion, in its two ways of writing them.
    (r"<(?:SUMMARY|CAPTION)>", r"</(?:SUMMARY|CAPTION)>"),
    (
        r"\(Here begins the (?:SUMMARY|CAPTION|REASONING) stage\)",
        r"\(Here ends the (?:SUMMARY|CAPTION|REASONING) stage\)",
    ),
)
# Each as one pattern: its first group is the opening mark, its second the closing one.
REASONING_MARKS = tuple(
    re.compile(f"({opening})|({closing})", re.IGNORECASE) for opening, closing in _MARKS
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
    for marks in REASONING_MARKS:
        found = list(marks.finditer(text))
        closings = [match.end() for match in found if match[2]]
        if closings:
            return _from(answer, decode, closings[-1])
        opened = next((match for match in marks.finditer(begun) if match.end() == len(begun)), None)
        if opened or (found and not text[: found[0].start()].strip()):
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
