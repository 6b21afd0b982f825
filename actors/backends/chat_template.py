"""A checkpoint's chat template as token ids: what it writes before, between and after answers.

In: a way to render messages and one to tokenise text; neither needs an engine. Out: ids, in which
an image is what the template writes for it. Where answers stand is found by rendering a marker in
their place, since templates differ in all else; and text is tokenised beside a marker's last word,
since many tokenisers write text at a beginning in another way.

A backend gives its own two functions. From transformers alone, without vLLM::

    processor = AutoProcessor.from_pretrained(folder)
    ChatTemplate(
        lambda messages: processor.apply_chat_template(
            messages, add_generation_prompt=True, **chat.kwargs
        ),
        lambda text: processor.tokenizer.encode(text, add_special_tokens=False),
        chat,
        put_before(processor.tokenizer),
    )
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from actors.conversation import ChatRequest, Exchange, UserMessage
from actors.schema import Image
from conf.errors import ConfigError
from conf.model import ChatConfig

Messages = list[dict[str, Any]]  # the chat template's own form
Render = Callable[[Messages], str | list[int]]  # with the generation prompt; ids if there's no text

_ANSWER = "\x02answer\x03"  # stands for an answer where a template renders text
# Stand for answers where ids are compared. The last letters differ, so that no token that ends an
# answer is taken for one after it; which pair to use depends on what a tokeniser would join.
_WORDS = (("Yes", "No"), ("7", "4"), (".", ")"))


class ChatTemplate:
    """Renders requests, whose earlier answers are left out, with one checkpoint's template."""

    def __init__(
        self,
        render: Render,
        encode: Callable[[str], list[int]],
        chat: ChatConfig,
        begin: Sequence[int] = (),
    ) -> None:
        """Keep the functions; ``begin`` is what the tokeniser puts before a text by itself."""
        self._begin = list(begin)
        self._render = render
        self._encode = encode
        self._system = chat.system
        self.renders_anew = chat.thinking == "strip"

    def first(self, request: ChatRequest) -> list[int]:
        """Return the ids of a request without history."""
        rendered = self._rendered(request, [])
        return self._begun(self._encode(rendered)) if isinstance(rendered, str) else list(rendered)

    def _begun(self, ids: list[int]) -> list[int]:
        """Put ``begin`` before a prompt, unless the template wrote it."""
        return ids if ids[: len(self._begin)] == self._begin else self._begin + ids

    def following(self, request: ChatRequest) -> list[int]:
        """Return the ids that come after the last earlier answer.

        Raises:
            ConfigError: the template leaves that answer out.
        """
        return self.around(request, only_last=True)[-1]

    def around(self, request: ChatRequest, *, only_last: bool = False) -> list[list[int]]:
        """Return the ids before the first answer, between two each, and after the last.

        Args:
            request: has n exchanges as its history; n + 1 lists are returned.
            only_last: the ids after the last answer are all that is asked for.

        Raises:
            ConfigError: the template leaves an answer out.
        """
        answers = len(request.history)
        rendered = self._rendered(request, [_ANSWER] * answers)
        if not isinstance(rendered, str):
            return self._compared(request, only_last=only_last)
        parts = rendered.split(_ANSWER)
        if len(parts) != answers + 1:
            raise ConfigError(
                f"the chat template shows {len(parts) - 1} of {answers} earlier answers"
            )
        wanted = parts[-1:] if only_last else parts
        skipped = len(parts) - len(wanted)
        parts_ids = [
            self._beside(part, after=n > 0, before=n < answers)
            for n, part in enumerate(wanted, start=skipped)
        ]
        if not skipped:
            parts_ids[0] = self._begun(parts_ids[0])
        return parts_ids

    def closing(self) -> list[int]:
        """Return the ids between a question's answer and the next one to come."""
        return self.following(example(2, ()))

    def _beside(self, text: str, *, after: bool, before: bool) -> list[int]:
        """Tokenise text as it would be after a word, before one, or both, without those words."""
        found = []
        this, that = _WORDS[0]  # a space before an answer's first word is the answer's
        for one, other in _WORDS:
            ids = self._encode(one * after + text + this * before)
            left = self._encode(other * after + text + this * before) if after else ids
            right = self._encode(one * after + text + that * before) if before else ids
            kept = after_difference(ids, left)
            found.append(kept[: len(kept) - (len(ids) - _common(ids, right))])
        return max(found, key=len)

    def _compared(self, request: ChatRequest, *, only_last: bool) -> list[list[int]]:
        """Find the answers of a template that renders ids: change each, and see what changes."""
        found = [self._places(request, words, only_last=only_last) for words in _WORDS]
        return max(found, key=lambda parts: sum(map(len, parts)))

    def _places(
        self, request: ChatRequest, words: tuple[str, str], *, only_last: bool
    ) -> list[list[int]]:
        one, other = words
        answers = len(request.history)
        base = self._ids(request, [one] * answers)
        parts, start = [], 0
        for n in range(answers - 1 if only_last else 0, answers):
            changed = [one] * n + [other] + [one] * (answers - n - 1)
            varied = self._ids(request, changed)
            if varied == base:
                raise ConfigError(f"the chat template leaves out answer {n + 1} of {answers}")
            parts.append(base[start : _common(base, varied)])
            start = len(base) - len(after_difference(base, varied))
        return [*parts, base[start:]]

    def _ids(self, request: ChatRequest, answers: Sequence[str]) -> list[int]:
        rendered = self._rendered(request, answers)
        if isinstance(rendered, str):
            raise TypeError("a chat template gave ids, and now text")
        return rendered

    def _rendered(self, request: ChatRequest, answers: Sequence[str]) -> str | list[int]:
        return self._render(chat_messages(request, answers, self._system))


def put_before(tokenizer: Any) -> list[int]:
    """Return the ids that a tokeniser puts before a text by itself.

    Some templates leave the beginning to it (LLaVA 1.5, whose text has no ``<s>``).
    """
    plain = tokenizer.encode("a", add_special_tokens=False)
    whole = tokenizer.encode("a")
    begins = range(len(whole) - len(plain) + 1)
    at = next((n for n in begins if whole[n : n + len(plain)] == plain), 0)
    return list(whole[:at])


def after_difference(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Return the ids that two lists have in common at their end."""
    length = _common(one[::-1], other[::-1])
    return list(one[len(one) - length :])


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many ids two lists have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def chat_messages(request: ChatRequest, answers: Sequence[str], system: str = "role") -> Messages:
    """Return a request as messages of a chat template.

    Args:
        request: its history's answers are replaced.
        answers: one text for each exchange of the history.
        system: where the instructions stand, as ``ChatConfig`` says.
    """
    messages: Messages = []
    if system == "role":
        messages.append({"role": "system", "content": [_text(request.system)]})
    before = [_text(request.system)] if system == "first_user" else []
    for exchange, answer in zip(request.history, answers, strict=True):
        messages.append(_user(exchange.message, before))
        messages.append({"role": "assistant", "content": [_text(answer)]})
        before = []
    return [*messages, _user(request.message, before)]


def _user(message: UserMessage, before: Sequence[dict[str, str]]) -> dict[str, Any]:
    parts = list(before)
    for text in message.captions:
        parts += [_text(text), {"type": "image"}]
    return {"role": "user", "content": [*parts, _text(message.text)]}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def example(turn: int, images: Sequence[Image]) -> ChatRequest:
    """Return the canonical request of a turn: a question each, one image at each of the first."""
    shown: list[tuple[Image, ...]] = [(image,) for image in images]
    shown += [()] * (turn - len(shown))
    messages = [
        UserMessage(shown[n], ("Current image:",) * len(shown[n]), f"Is there a finding {n + 1}?")
        for n in range(turn)
    ]
    return ChatRequest(
        dialogue_id="canonical",
        turn=turn,
        system="Answer each question.",
        history=tuple(Exchange(message, "") for message in messages[:-1]),
        message=messages[-1],
        seed=0,
    )


def example_images(count: int) -> list[Image]:
    """Return the images of the canonical requests, of different sizes; they have no file."""
    return [
        Image(
            image_id=f"image {n + 1}",
            uri="",
            sha256="",
            width=320 - 64 * n,
            height=256,
            role="current",
            days_before=0,
        )
        for n in range(count)
    ]


def check_template(template: ChatTemplate, images: Sequence[Image] = ()) -> None:
    """Render a dialogue of two turns, and check that a history can be built from it.

    Args:
        template: the checkpoint's.
        images: up to two, shown one at each turn.

    Raises:
        ConfigError: the template refuses the messages, leaves an answer out, writes nothing after
            one, or writes the first question in another way once there is a second one.
    """
    first, second = example(1, images[:1]), example(2, images)
    try:
        begin = template.first(first)
        other = template.first(
            replace(first, message=replace(first.message, text="Is there a finding here?"))
        )
        before, after = template.around(second)
    except ConfigError as error:
        raise ConfigError(f"{error}; give another model.chat.template") from error
    except Exception as error:  # whatever a template raises, by jinja2, vLLM or mistral-common
        raise ConfigError(
            f"the chat template cannot render a dialogue: {_reason(error)}; "
            "model.chat.system says where the instructions stand, model.chat.template and "
            "model.chat.kwargs give another template or its settings"
        ) from error
    if not after:
        raise ConfigError("the chat template writes nothing between an answer and a question")
    question = _common(begin, other)
    if not template.renders_anew and _common(before, begin) < question:
        raise ConfigError(
            "the chat template writes a question in another way once it is answered, so what the "
            "engine has read would not stay the history; set model.chat.thinking to strip, which "
            "renders each turn anew, or model.chat.system to first_user"
        )


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
