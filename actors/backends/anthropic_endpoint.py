"""A model behind Anthropic's Messages API, by way of the anthropic SDK.

In: ``ChatRequest``. Out: messages requests; answers as ``ChatReply``. The growing beginning of a
dialogue is marked for the provider's prompt cache. The API knows no seed.
"""

import json
from typing import Any

import anthropic

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

_URL = "https://api.anthropic.com"
_OPTIONAL = ("temperature", "top_p")
_SDK = Sdk(status=anthropic.APIStatusError, connection=anthropic.APIConnectionError)
_MARK = {"cache_control": {"type": "ephemeral"}}
# Stop reasons in the words of the turn outputs.
_FINISHED = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": REFUSAL,
}


def run_backend(config: RunConfig, *, reloads: bool) -> EndpointBackend:
    """Make a run's backend; raises ConfigError where it is to be reloaded."""
    if reloads:
        raise ConfigError("model.backend anthropic: a served model cannot be reloaded")
    served = config.served_model()
    return EndpointBackend(served, AnthropicProvider(served), config.dataset.uri, "anthropic")


def judge_backend(judge: JudgeConfig, dataset_uri: str) -> EndpointBackend:
    """Make the backend behind a judge."""
    served = judge.served_model()
    return EndpointBackend(served, AnthropicProvider(served), dataset_uri, "anthropic")


class AnthropicProvider:
    """Messages of one served model."""

    def __init__(self, served: ServedModel) -> None:
        endpoint = served.endpoint
        key = key_of(endpoint)
        self.url = endpoint.base_url or _URL
        self._served = served
        self._access = Access(sdk=_SDK, key=key, timeout_s=endpoint.timeout_s, optional=_OPTIONAL)
        # A key that is given keeps the SDK from looking for others in the environment.
        self._client = anthropic.AsyncAnthropic(
            api_key=key or "none",
            base_url=self.url,
            timeout=endpoint.timeout_s,
            max_retries=0,
        )
        self._headers = {} if key else {"Authorization": anthropic.omit}

    def body(self, call: Call) -> dict[str, Any]:
        """Word a request.

        The newest message is marked as the end of a beginning to be kept, unless nothing follows
        it; the one before it is where the provider finds what it kept.
        """
        request = call.request
        messages: list[dict[str, Any]] = []
        for exchange in request.history:
            messages.append({"role": "user", "content": _content(exchange.message, call)})
            answer = {"type": "text", "text": exchange.answer.strip()}
            messages.append({"role": "assistant", "content": [answer]})
        if messages:
            messages[-2]["content"][-1] |= _MARK
        messages.append({"role": "user", "content": _content(request.message, call)})
        if not call.is_last:
            messages[-1]["content"][-1] |= _MARK
        parameters = {"temperature": self._served.temperature}
        if self._served.top_p < 1.0:
            parameters["top_p"] = self._served.top_p
        body: dict[str, Any] = {
            "model": self._served.model,
            "max_tokens": self._served.max_tokens,
            "system": [{"type": "text", "text": request.system}],
            "messages": messages,
        }
        body |= {k: v for k, v in parameters.items() if k not in call.left_out}
        if request.json_schema is not None:
            schema = json.loads(request.json_schema)
            body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        return body | self._served.endpoint.extra

    async def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request; return the parsed message."""
        create = self._client.messages.with_raw_response.create
        asked = {k: body[k] for k in ("model", "max_tokens", "messages")}
        rest = {k: v for k, v in body.items() if k not in asked}

        async def send() -> bytes:
            response = await create(**asked, extra_body=rest, extra_headers=self._headers)
            content: bytes = await response.read()
            return content

        return await self._access.parsed(body, send)

    def read(self, document: dict[str, Any]) -> ChatReply:
        """Read the text blocks; usage counts what the cache held apart from the rest."""
        try:
            blocks = document["content"]
            text = "".join(b["text"] for b in blocks if b["type"] == "text")
            usage = document["usage"]
            fresh = usage["input_tokens"]
        except (KeyError, TypeError):
            raise ProviderFault("endpoint: the answer is no message") from None
        cached = usage.get("cache_read_input_tokens") or 0
        written = usage.get("cache_creation_input_tokens") or 0
        stop = document.get("stop_reason") or "unknown"
        return ChatReply(
            text=text,
            finish_reason=_FINISHED.get(stop, stop),
            prompt_tokens=fresh + cached + written,
            cached_tokens=cached,
            completion_tokens=usage.get("output_tokens"),
            served=Served(version=document.get("model"), cache_write_tokens=written),
        )


def _content(message: UserMessage, call: Call) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for image, caption in zip(message.images, message.captions, strict=True):
        sent = call.images[image.image_id]
        source = {"type": "base64", "media_type": sent.media_type, "data": sent.data}
        parts.append({"type": "text", "text": caption})
        parts.append({"type": "image", "source": source})
    return [*parts, {"type": "text", "text": message.text}]
