"""A model behind an OpenAI-compatible chat endpoint.

In: ``ChatRequest``. Out: ``ChatReply``. Images go as data URLs of the dataset's own bytes. What the
network or the server does wrong fails the one request, with a reason; only a server that has
not answered at all for a while is no longer asked.
"""

import asyncio
import base64
import json
import os
from typing import Any

import httpx

from actors.backends.base import ChatReply, TurnFailed
from actors.conversation import ChatRequest, UserMessage
from actors.images import ImageFault, ImageStore
from actors.schema import Dialogue, Image
from conf.judge import JudgeConfig

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_BACKOFF_S, _BACKOFF_MOST_S = 0.5, 20.0
# Requests without any answer from the server, one after the other, until it counts as down.
_GIVE_UP = 16
_SHOWN = 200  # characters of a server's error that go into the reason


class OpenAIBackend:
    """One endpoint and one served model."""

    def __init__(self, judge: JudgeConfig, dataset_uri: str) -> None:
        key = os.environ.get(judge.api_key_env, "") if judge.api_key_env else ""
        self._judge = judge
        self._images = ImageStore(dataset_uri)
        self._unanswered = 0
        self._client = httpx.AsyncClient(
            base_url=(judge.base_url or "").rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(judge.timeout_s),
            limits=httpx.Limits(max_connections=judge.max_in_flight),
        )

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
        reason = ""
        for attempt in range(1 + self._judge.retries):
            if self._unanswered >= _GIVE_UP:
                raise TurnFailed(f"endpoint: {self._judge.base_url} has stopped answering")
            if attempt:
                await asyncio.sleep(min(_BACKOFF_S * 2 ** (attempt - 1), _BACKOFF_MOST_S))
            try:
                response = await self._client.post("chat/completions", json=body)
            except httpx.TimeoutException:
                reason = f"endpoint: no answer within {self._judge.timeout_s:g} s"
            except httpx.TransportError as error:
                self._unanswered += 1
                reason = f"endpoint: {type(error).__name__}: {error}"
            else:
                self._unanswered = 0
                if response.status_code == httpx.codes.OK:
                    return _json(response)
                said = " ".join(response.text.split())[:_SHOWN]
                reason = f"endpoint: HTTP {response.status_code}: {said}"
                if response.status_code not in _RETRIED:
                    break
        raise TurnFailed(reason)

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


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise TurnFailed("endpoint: the answer is not JSON") from error


def _reply(document: Any) -> ChatReply:
    """Take the first choice; a refusal is no answer."""
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
