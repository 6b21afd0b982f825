"""A model behind an OpenAI-compatible chat endpoint, by way of the openai SDK.

In: ``ChatRequest``. Out: chat-completions requests; answers as ``ChatReply``. Images go as data
URLs.
"""

import json
from typing import Any

import openai

from actors.backends.base import REFUSAL, ChatReply
from actors.backends.endpoint.backend import EndpointBackend
from actors.backends.endpoint.faults import ProviderFault
from actors.backends.endpoint.provider import Access, Call, Sdk, key_of
from actors.conversation import UserMessage
from actors.schema import Served
from conf.endpoint import ServedModel
from conf.errors import ConfigError
from conf.judge import JudgeConfig
from conf.schema import RunConfig

_URL = "https://api.openai.com/v1"
_OPTIONAL = ("max_tokens", "temperature", "top_p", "seed")
_SDK = Sdk(status=openai.APIStatusError, connection=openai.APIConnectionError)


def run_backend(config: RunConfig, *, reloads: bool) -> EndpointBackend:
    """Make a run's backend; raises ConfigError where it is to be reloaded."""
    if reloads:
        raise ConfigError("model.backend openai: a served model cannot be reloaded")
    served = config.served_model()
    return EndpointBackend(served, OpenAIProvider(served), config.dataset.uri, "openai")


def judge_backend(judge: JudgeConfig, dataset_uri: str) -> EndpointBackend:
    """Make the backend behind a judge."""
    served = judge.served_model()
    return EndpointBackend(served, OpenAIProvider(served), dataset_uri, "openai")


class OpenAIProvider:
    """Chat completions of one served model."""

    def __init__(self, served: ServedModel) -> None:
        endpoint = served.endpoint
        key = key_of(endpoint)
        self.url = endpoint.base_url or _URL
        self._served = served
        self._access = Access(sdk=_SDK, key=key, timeout_s=endpoint.timeout_s, optional=_OPTIONAL)
        # Without a key the SDK would look for OPENAI_API_KEY, which nobody named.
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=self.url,
            timeout=endpoint.timeout_s,
            max_retries=0,
        )
        self._headers = {} if key else {"Authorization": openai.omit}

    def body(self, call: Call) -> dict[str, Any]:
        """Word a request; ``max_tokens`` goes under its newer name where the model asks so.

        Answers go back without outer white space: chat templates put their own there.
        """
        request = call.request
        messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
        for exchange in request.history:
            messages.append({"role": "user", "content": _content(exchange.message, call)})
            messages.append({"role": "assistant", "content": exchange.answer.strip()})
        messages.append({"role": "user", "content": _content(request.message, call)})
        parameters = {
            "max_tokens": self._served.max_tokens,
            "temperature": self._served.temperature,
            "seed": request.seed,
        }
        if self._served.top_p < 1.0:
            parameters["top_p"] = self._served.top_p
        if "max_tokens" in call.left_out:
            parameters["max_completion_tokens"] = self._served.max_tokens
        body: dict[str, Any] = {"model": self._served.model, "messages": messages}
        body |= {k: v for k, v in parameters.items() if k not in call.left_out}
        if request.json_schema is not None:
            schema = {"name": "answer", "strict": True, "schema": json.loads(request.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body | self._served.endpoint.extra

    async def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request; return the parsed completion."""
        create = self._client.chat.completions.with_raw_response.create
        asked = {"model": body["model"], "messages": body["messages"]}
        rest = {k: v for k, v in body.items() if k not in asked}

        async def send() -> bytes:
            response = await create(**asked, extra_body=rest, extra_headers=self._headers)
            content: bytes = response.content
            return content

        return await self._access.parsed(body, send)

    def read(self, document: dict[str, Any]) -> ChatReply:
        """Read the first choice."""
        try:
            choice = document["choices"][0]
            message = choice["message"]
            text, refusal = message.get("content"), message.get("refusal")
        except (KeyError, IndexError, TypeError, AttributeError):
            raise ProviderFault("endpoint: the answer is no chat completion") from None
        finish = choice.get("finish_reason") or "unknown"
        if refusal or finish == "content_filter":
            finish = REFUSAL
        usage = document.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return ChatReply(
            text=str(text or refusal or ""),
            finish_reason=finish,
            prompt_tokens=usage.get("prompt_tokens"),
            cached_tokens=details.get("cached_tokens"),
            completion_tokens=usage.get("completion_tokens"),
            served=Served(version=document.get("model")),
        )


def _content(message: UserMessage, call: Call) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.text
    parts: list[dict[str, Any]] = []
    for image, caption in zip(message.images, message.captions, strict=True):
        sent = call.images[image.image_id]
        url = f"data:{sent.media_type};base64,{sent.data}"
        parts.append({"type": "text", "text": caption})
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return [*parts, {"type": "text", "text": message.text}]
