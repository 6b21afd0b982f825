"""What a protocol's file has to give, and one call over its SDK.

In: a request's body. Out: the parsed answer, or an exception of ``endpoint.faults``. Neither the
key nor an exception of the SDK, which may repeat it, leaves this file.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from actors.backends.base import ChatReply
from actors.backends.endpoint.faults import ProviderFault, fault_of, in_short
from actors.backends.endpoint.images import SentImage
from actors.conversation import ChatRequest
from conf.endpoint import EndpointConfig
from conf.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request and what it shows.

    ``images``: by id, as they are sent. ``left_out``: optional parameters that the model refuses.
    ``is_last``: no later request of the dialogue has this one as its beginning.
    """

    request: ChatRequest
    images: dict[str, SentImage]
    left_out: frozenset[str]
    is_last: bool


class Provider(Protocol):
    """One protocol, spoken with one endpoint about one model."""

    url: str

    def body(self, call: Call) -> dict[str, Any]:
        """Word a request."""
        ...

    async def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request; return the parsed answer. Raises what ``endpoint.faults`` has."""
        ...

    def read(self, document: dict[str, Any]) -> ChatReply:
        """Read an answer; raises ProviderFault for what is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """The exceptions of an SDK; both SDKs have these with the same attributes."""

    status: type[Exception]
    connection: type[Exception]


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a call needs beside its body. ``key`` is blotted out of everything that is said."""

    sdk: Sdk
    key: str | None
    timeout_s: float
    optional: Sequence[str]

    async def parsed(
        self, body: dict[str, Any], send: Callable[[], Awaitable[bytes]]
    ) -> dict[str, Any]:
        """Send once and return the answer's JSON object.

        Raises:
            ProviderFault, ParameterRefused, ContentRefused, TurnFailed: as ``fault_of`` says.
        """
        fault: Exception
        try:
            async with asyncio.timeout(self.timeout_s):  # the SDK's own bounds each read alone
                content = await send()
        except TimeoutError:
            fault = ProviderFault(f"endpoint: no answer within {self.timeout_s:g} s")
        except self.sdk.connection as error:
            cause = error.__cause__ or error
            words = in_short(self._blotted(f"{type(cause).__name__}: {cause}"))
            fault = ProviderFault(f"endpoint: {words}")
        except self.sdk.status as error:
            answer: Any = getattr(error, "response")  # noqa: B009  # of either SDK's class
            optional = [name for name in self.optional if name in body]
            text = self._blotted(answer.text)
            fault = fault_of(answer.status_code, answer.headers, text, optional)
        else:
            document = _object(content)
            if document is not None:
                return document
            fault = ProviderFault("endpoint: the answer is no JSON object")
        # Raised out here: as a cause the SDK's exception, with all it quotes, would be logged.
        raise fault

    def _blotted(self, text: str) -> str:
        return text.replace(self.key, "***") if self.key else text


def key_of(endpoint: EndpointConfig) -> str | None:
    """Return the key that the environment holds; None where none is named.

    Raises:
        ConfigError: the variable that is named is not set.
    """
    if endpoint.api_key_env is None:
        return None
    key = os.environ.get(endpoint.api_key_env, "").strip()
    if not key:
        raise ConfigError(
            f"endpoint.api_key_env names {endpoint.api_key_env}, which is not set where the "
            "requests are sent from"
        )
    return key


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
