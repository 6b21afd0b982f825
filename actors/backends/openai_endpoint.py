"""A model behind an OpenAI-compatible chat endpoint, by way of the openai SDK.

In: ``ChatRequest``. Out: ``ChatReply``. Images go as data URLs of the dataset's own bytes. What the
network or the server does wrong fails the one request, with a reason; the SDK tries again where
that can help, and waits as long as the server's Retry-After asks. A server that has not answered
at all for a while is no longer asked.
"""

import asyncio
import base64
import json
import os
from typing import Any

import openai

from actors.backends.base import ChatReply, TurnFailed
from actors.conversation import ChatRequest, UserMessage
from actors.images import ImageFault, ImageStore
from actors.schema import Dialogue, Image
from conf.judge import JudgeConfig

# Attempts without any answer from the server, one after the other, until it counts as down.
_GIVE_UP = 16
_SHOWN = 200  # characters of a server's error that go into the reason


def judge_backend(judge: JudgeConfig, dataset_uri: str) -> "OpenAIBackend":
    """Make the backend behind a judge."""
    return OpenAIBackend(judge, dataset_uri)


class OpenAIBackend:
    """One endpoint and one served model."""

    def __init__(self, judge: JudgeConfig, dataset_uri: str) -> None:
        key = os.environ.get(judge.api_key_env, "") if judge.api_key_env else ""
        self._judge = judge
        self._images = ImageStore(dataset_uri)
        self._unanswered = 0
        # Without a key the SDK would look for OPENAI_API_KEY, which nobody named.
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=judge.base_url,
            timeout=judge.timeout_s,
            max_retries=judge.retries,
        )
        self._headers = {} if key else {"Authorization": openai.omit}

    def open(self, dialogue: Dialogue) -> "OpenAIBackend":
        """Return the backend itself: a request carries its whole history."""
        return self

    def close(self) -> None:
        """Leave the connections to the process's end: their event loop may be gone already."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Ask for one answer, again where the server was busy or the network failed.

        Raises:
            TurnFailed: no answer, or one without text; the reason says why.
        """
        try:
            body = await asyncio.to_thread(self._body, request)
        except ImageFault as error:
            raise TurnFailed(str(error)) from error
        return _reply(await self._post(body))

    async def _post(self, body: dict[str, Any]) -> Any:
        if self._unanswered >= _GIVE_UP:
            raise TurnFailed(f"endpoint: {self._judge.base_url} has stopped answering")
        try:
            completions = self._client.chat.completions.with_raw_response
            response = await completions.create(**body, extra_headers=self._headers)
        except openai.APITimeoutError as error:
            reason = f"no answer within {self._judge.timeout_s:g} s"
            raise TurnFailed(f"endpoint: {reason}") from error
        except openai.APIConnectionError as error:
            self._unanswered += 1 + self._judge.retries
            cause = error.__cause__ or error
            raise TurnFailed(f"endpoint: {type(cause).__name__}: {cause}") from error
        except openai.APIStatusError as error:
            self._unanswered = 0
            text = " ".join(error.response.text.split())[:_SHOWN]
            raise TurnFailed(f"endpoint: HTTP {error.status_code}: {text}") from error
        self._unanswered = 0
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise TurnFailed("endpoint: the answer is not JSON") from error

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
        for exchange in request.history:
            messages.append({"role": "user", "content": self._content(exchange.message)})
            messages.append({"role": "assistant", "content": exchange.answer})
        messages.append({"role": "user", "content": self._content(request.message)})
        body: dict[str, Any] = {
            "model": self._judge.model,
            "messages": messages,
            "max_tokens": self._judge.max_tokens,
            "temperature": self._judge.temperature,
            "seed": request.seed,
        }
        if request.json_schema is not None:
            schema = {"name": "answer", "strict": True, "schema": json.loads(request.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _content(self, message: UserMessage) -> str | list[dict[str, Any]]:
        if not message.images:
            return message.text
        parts: list[dict[str, Any]] = []
        for image, caption in zip(message.images, message.captions, strict=True):
            parts.append({"type": "text", "text": caption})
            parts.append({"type": "image_url", "image_url": {"url": self._data_url(image)}})
        return [*parts, {"type": "text", "text": message.text}]

    def _data_url(self, image: Image) -> str:
        data, kind = self._images.checked_bytes(image)
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _reply(document: Any) -> ChatReply:
    """Read the first choice; a refusal is no answer."""
    try:
        choice = document["choices"][0]
        message, usage = choice["message"], document.get("usage") or {}
        text, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise TurnFailed("endpoint: the answer is no chat completion") from error
    finish = choice.get("finish_reason") or "unknown"
    if refusal or finish == "content_filter":
        raise TurnFailed(f"refused: {' '.join(str(refusal or finish).split())[:_SHOWN]}")
    if not text:
        raise TurnFailed(f"endpoint: an answer without text, finished by {finish}")
    return ChatReply(
        text=text,
        finish_reason=finish,
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=usage.get("completion_tokens"),
    )
