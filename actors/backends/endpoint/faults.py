"""What a provider answers instead of an answer, and whose fault that is.

In: HTTP status, headers and body of an error. Out: an exception of one of three kinds: asked again
(``ProviderFault``), asked otherwise (``ParameterRefused``), or a turn that this model cannot answer
(``TurnFailed``). ``ContentRefused`` is an answer: the provider's filter spoke for the model.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.backends.base import TurnFailed

_SHOWN = 200  # characters of a provider's words that go into a reason
_PASSING = frozenset({401, 402, 403, 407, 408, 409, 425, 429})
_OUT_OF_CREDIT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_error",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
    }
)
_FILTERED = frozenset(
    {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "invalid_prompt"}
)
# Where no code says so, in the words of the providers' messages.
_NO_CREDIT = re.compile(r"credit balance is too low|exceeded your current quota", re.IGNORECASE)
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|not permitted|not allowed|"
    r"deprecated|cannot both|only the default|may only be set|extra inputs|extra fields",
    re.IGNORECASE,
)


class ProviderFault(Exception):
    """The provider, the network or the account failed; the same request may yet be answered.

    ``throttled``: fewer requests at a time would help. ``retry_after_s``: when to come back.
    ``hopeless``: waiting will not mend it, but it is not the model's fault either.
    """

    def __init__(
        self,
        reason: str,
        *,
        throttled: bool = False,
        retry_after_s: float | None = None,
        hopeless: bool = False,
    ) -> None:
        super().__init__(reason)
        self.throttled = throttled
        self.retry_after_s = retry_after_s
        self.hopeless = hopeless


class ParameterRefused(Exception):
    """The model takes a request without this optional parameter."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class ContentRefused(Exception):
    """A content filter stopped the request or the answer; the message is what it said."""


@dataclass(frozen=True, kw_only=True)
class _Said:
    """An error's body as far as it is understood; missing parts are empty."""

    message: str
    codes: frozenset[str]
    param: str

    @classmethod
    def read(cls, body: str) -> "_Said":
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        error = document.get("error", document) if isinstance(document, dict) else None
        if not isinstance(error, dict):
            return cls(message=body, codes=frozenset(), param="")
        nested = [error.get(k) for k in ("innererror", "details")]
        found = [error.get("code"), error.get("type")]
        found += [n.get(k) for n in nested if isinstance(n, dict) for k in ("code", "error_code")]
        return cls(
            message=str(error.get("message") or body),
            codes=frozenset(c for c in found if isinstance(c, str)),
            param=str(error.get("param") or ""),
        )


def fault_of(
    status: int, headers: Mapping[str, str], body: str, optional: Sequence[str]
) -> Exception:
    """Return the exception that an error's status, headers and body amount to.

    ``optional``: the parameters of the request that it could do without.
    """
    said = _Said.read(body)
    reason = f"endpoint: HTTP {status}: {in_short(said.message)}"
    if said.codes & _FILTERED:
        return ContentRefused(in_short(said.message))
    if said.codes & _OUT_OF_CREDIT or _NO_CREDIT.search(said.message):
        return ProviderFault(reason)
    if status == 404:
        return ProviderFault(reason, hopeless=True)
    if status in _PASSING or status >= 500:
        return ProviderFault(reason, throttled=status == 429, retry_after_s=retry_after(headers))
    refused = _refused_parameter(said, optional)
    return TurnFailed(reason) if refused is None else ParameterRefused(refused, reason)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a provider asks to wait; None where it says none it can be read."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name, "")) / unit)
        except ValueError:
            continue
    return None


def in_short(text: str) -> str:
    """Return a provider's words in one line of bounded length."""
    return " ".join(text.split())[:_SHOWN]


def _refused_parameter(said: _Said, optional: Sequence[str]) -> str | None:
    coded = any(code.startswith(("unsupported_", "unknown_")) for code in said.codes)
    if not (coded or _NOT_TAKEN.search(said.message)):
        return None
    if said.param in optional:
        return said.param
    named = re.findall(r"\w+", said.message)
    # The first that is named: a message may propose another one in its place.
    return next((name for name in named if name in optional), None)
