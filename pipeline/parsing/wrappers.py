"""What a model puts around its answer: tags, boxes of LaTeX, JSON, code fences, end tokens.

In: a response without its reasoning. Out: the same words without the wrapping. An answer that
stands in a wrapper beside further text becomes a line of its own, ``Final answer: ...``, which the
readers of answers prefer to the rest of the text.
"""

import json
import re

FINAL = "Final answer:"

# Tokens that end or frame a turn, by model family, and the role that a template repeats.
_FRAME = re.compile(
    r"<\|(?:im_end|im_start\|>assistant|endoftext|end_of_text|eot_id|eot|eom|eom_id|end|return|"
    r"endofassistant|assistant|start\|>assistant|end_of_turn|END_OF_TURN_TOKEN|CHATBOT_TOKEN|"
    r"message_model|content_text|content_model_end_sampling|end_message|"
    r"START_RESPONSE|END_RESPONSE|START_TEXT|END_TEXT|begin_of_solution|end_of_solution|"
    r"begin_of_text|start_header_id|end_header_id|(?:open|close)\|>(?:response|message)<\|sep)\|>"
    r"|<\|im_start\|>assistant\b|<\|start\|>assistant\b|to=user<\|message\|>"
    r"|</?s>|<eos>|<bos>|<pad>|<end_of_turn>|<start_of_turn>model\b|<turn\|>|<end_of_utterance>"
    r"|<\|?[｜|]end[▁_ ]of[▁_ ]sentence[｜|]\|?>|<[｜]Assistant[｜]>|\[/?INST\]|</?response>"
)
# A model that runs on into the next turn has ended its own.
_NEXT_TURN = re.compile(
    r"<\|im_start\|>(?:user|system)|<start_of_turn>user|<\|start_header_id\|>user|<[｜]User[｜]>"
    r"|<\|user\|>"
)
_EMPHASIS = re.compile(r"</?(?:b|i|u|em|strong|span|mark|code)>", re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|h[1-6]|html|body)\s{0,2}/?>", re.IGNORECASE)
_ROLE = re.compile(r"\s*(?:assistant|model)\s*[:\n]\s*", re.IGNORECASE)
_FENCE = re.compile(r"```[ \t]*(?:[A-Za-z][\w+-]{0,15}(?=\s*[\n{\[]))?[ \t]*\n?")
_TAGGED = re.compile(
    r"<(?P<tag>final[_ ]?answer|answer|conclusion|choice|solution|output)>(?P<tagged>.*?)"
    r"(?:</(?P=tag)>|\Z)"
    r"|\[ANSWER\](?P<square>.*?)(?:\[/ANSWER\]|\Z)"
    r"|<\|begin_of_box\|>(?P<box>.*?)(?:<\|end_of_box\|>|\Z)"
    r"|\(Here begins the CONCLUSION stage\)(?P<stage>.*?)"
    r"(?:\(Here ends the CONCLUSION stage\)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_STRAY = re.compile(
    r"</(?:final[_ ]?answer|answer|conclusion|choice|solution|output)>|<\|end_of_box\|>",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\$*\\f?boxed\s{0,3}\{")
_LONGEST_BOX = 2000
_LATEX_WORD = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathsf|mathit|bf|rm)\b")
_LATEX = {
    "\\times": " x ",
    "\\pm": " ± ",
    "\\approx": " ~",
    "\\leq": "≤",
    "\\geq": "≥",
    "\\le ": "≤",
    "\\ge ": "≥",
    "\\mu": "µ",
    "^\\circ": "°",
    "^{\\circ}": "°",
    "^{2}": "²",
    "^{3}": "³",
}
_LATEX_MARKS = re.compile(r"\\[,;:! ]|\\(?=%)|\\[\[\]()]|(?<!\w)\$|\$(?!\w)")

_ANSWER_KEY = (
    r"(?:(?:final|correct|predicted|my|short)?[ _-]?answer|prediction|response|verdict|conclusion)"
)
_PAIR = re.compile(
    r"[\"'](?P<key>[A-Za-z][\w \-/]{0,40})[\"']\s{0,20}:\s{0,20}"
    r"(?P<value>\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'|\[[^\[\]{}]{0,400}\]|[-+\w.%]++)"
)
_HOLDS_ANSWER = re.compile(
    rf"[\"'](?P<key>{_ANSWER_KEY})[\"']\s{{0,20}}:\s{{0,20}}(?=[\"'\[\w.+-])", re.IGNORECASE
)
_NAMES_ANSWER = re.compile(rf"{_ANSWER_KEY}\Z", re.IGNORECASE)
_INNER = re.compile(
    r"(?:reasoning|thoughts?|thinking|analysis|chain[_ -]of[_ -]thought|steps?|rationale_steps|"
    r"confidence|certainty|probability|score|type|format|id|question|unit|units|bbox\w*|box\w*|"
    r"label|language)\Z",
    re.IGNORECASE,
)
_LITERALS = {"true": "yes", "false": "no", "null": "", "none": "None"}


def unwrap(text: str) -> str:
    """Return the words of an answer without what is wrapped around them; twice changes nothing."""
    tagged = "<" in text or "[ANSWER" in text or "INST]" in text or "Here begins" in text
    if tagged:
        text = _framed(text)
    role = _ROLE.match(text)
    if role:
        text = text[role.end() :]
    if "```" in text:
        text = _FENCE.sub("\n", text)
    if tagged:
        text = _named(_TAGGED, text)
        text = _STRAY.sub(" ", text)
    if "\\" in text or "$" in text:
        text = _without_latex(text)
    if "{" in text and _HOLDS_ANSWER.search(text):
        text = _json_answer(text)
    return text.strip()


def _framed(text: str) -> str:
    text = _BLOCK.sub("\n", _EMPHASIS.sub("", text))
    following = _NEXT_TURN.search(text)
    return _FRAME.sub(" ", text[: following.start()] if following else text)


def _named(pattern: re.Pattern[str], text: str) -> str:
    """Put each wrapped answer on a line of its own; alone in its text it needs no name."""
    if not pattern.search(text):
        return text
    outside = _STRAY.sub("", pattern.sub("", text)).strip(" \n\t.*_#")
    return pattern.sub(lambda match: _line(match[match.lastgroup or 0], bool(outside)), text)


def _line(answer: str | None, named: bool) -> str:
    answer = (answer or "").strip()
    if not named or not answer:
        return answer
    end = "" if answer[-1] in ".!?" else "."
    return f"\n{FINAL} {answer}{end}\n"


def _without_latex(text: str) -> str:
    r"""Read ``\boxed{\text{B}}`` as B, and formulas as the plain text that they stand for."""
    text = _boxed(text)
    for mark, plain in _LATEX.items():
        text = text.replace(mark, plain)
    text = re.sub(_LATEX_WORD.pattern + r"\s{0,3}\{([^{}]{0,400})\}", r" \1", text)
    return _LATEX_MARKS.sub(" ", text)


def _boxed(text: str) -> str:
    parts: list[str] = []
    found: list[tuple[int, int, str]] = []
    for match in _BOXED.finditer(text):
        end = _closing_brace(text, match.end())
        inner = text[match.end() : end]
        inner = re.sub(_LATEX_WORD.pattern + r"\s{0,3}\{([^{}]{0,400})\}", r" \1 ", inner)
        rest = re.match(r"\}?\$*", text[end:])
        found.append((match.start(), end + (rest.end() if rest else 0), inner))
    if not found:
        return text
    at = 0
    outside = "".join(
        text[a:b]
        for a, b in zip(
            [0, *(f[1] for f in found)], [*(f[0] for f in found), len(text)], strict=True
        )
    )
    named = bool(outside.strip(" \n\t.*_#$\\[]"))
    for start, end, inner in found:
        if start < at:
            continue
        parts += [text[at:start], _line(inner, named)]
        at = end
    return "".join([*parts, text[at:]])


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for i in range(start, min(len(text), start + _LONGEST_BOX)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i
    return min(len(text), start + _LONGEST_BOX)


def _json_answer(text: str) -> str:
    """Read an object with an answer key: the answer first, then what it says beside it."""
    answers: list[str] = []
    beside: list[str] = []
    unit = ""
    for match in _PAIR.finditer(text):
        key, value = match["key"], _value(match["value"])
        if _NAMES_ANSWER.match(key):
            answers.append(value)
        elif key.lower() in ("unit", "units"):
            unit = " " + value
        elif not _INNER.match(key) and " " in value.strip():
            beside.append(value)
    if not answers:
        return text
    brace, close = text.find("{"), text.rfind("}")
    outside = [text[:brace].strip(" \n[,"), text[close + 1 :].strip(" \n],") if close > 0 else ""]
    beside = [part for part in (*outside, *beside) if part]
    answer = answers[-1] + (unit if answers[-1][-1:].isdigit() else "")
    if not beside:
        return answer
    return _line(answer, named=True).strip() + "\n" + "\n".join(beside)


def _value(raw: str) -> str:
    """Return a JSON value as the words that it stands for."""
    if raw[:1] == '"':
        try:
            return str(json.loads(raw if raw[-1:] == '"' and len(raw) > 1 else raw + '"'))
        except ValueError:
            return raw.strip('"')
    if raw[:1] == "'":
        return raw.strip("'")
    if raw[:1] == "[":
        return raw.strip("[]").replace('"', "").replace("'", "").strip()
    return _LITERALS.get(raw.lower(), raw)
