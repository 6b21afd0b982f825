"""A provider of models on loopback: OpenAI's chat completions and Anthropic's messages.

Real HTTP. It checks the key, the parameters and the images, limits the rate, counts tokens and what
its prompt cache holds, bills what it answers, and fails as a test tells it to.
"""

import base64
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image as PIL

FAULTS = ("429", "500", "503", "529", "cut", "garbled", "401")
_ERRORS: dict[str, tuple[int, str, str]] = {
    # fault: HTTP status, OpenAI's code, Anthropic's type
    "401": (401, "invalid_api_key", "authentication_error"),
    "402": (402, "billing_hard_limit_reached", "billing_error"),
    "404": (404, "model_not_found", "not_found_error"),
    "429": (429, "rate_limit_exceeded", "rate_limit_error"),
    "500": (500, "server_error", "api_error"),
    "503": (503, "server_error", "api_error"),
    "529": (529, "overloaded", "overloaded_error"),
    "credit": (429, "insufficient_quota", "billing_error"),
}
_BAD_IMAGE = {
    "error": {
        "message": "You uploaded an unsupported image. Please make sure it is valid.",
        "type": "invalid_request_error",
        "code": "invalid_image_format",
    }
}


@dataclass(frozen=True)
class Asked:
    """A request as the provider understood it, whichever protocol it came by."""

    protocol: str
    body: dict[str, Any]
    texts: tuple[str, ...]
    question: str
    images: int
    key: str | None
    at: float


@dataclass
class Provider:
    """How it behaves; ``seen`` and ``billed`` are for tests to look at.

    ``answer`` gives the text of an answer, ``fault`` the name of one or None, both from what is
    asked. ``per_second`` requests are let through, in bursts of up to as many. ``refuses`` are
    parameters that the model does not take.
    """

    answer: Callable[[Asked], str] = lambda asked: f"Yes, {len(asked.texts)}."
    fault: Callable[[Asked], str | None] = lambda asked: None
    key: str | None = None
    per_second: float | None = None
    retry_after: str | None = "0.05"
    delay_s: float = 0.0
    refuses: frozenset[str] = frozenset()
    version: str = "served-2025-01-01"
    seen: list[Asked] = field(default_factory=list)
    billed: list[Asked] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = self.per_second or 0.0
        self._filled = time.monotonic()
        self._prefixes: set[str] = set()

    def admitted(self) -> bool:
        """Take a token out of the bucket that holds one second's requests."""
        if self.per_second is None:
            return True
        with self._lock:
            now = time.monotonic()
            self._tokens += (now - self._filled) * self.per_second
            self._tokens, self._filled = min(self._tokens, self.per_second), now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def usage(self, asked: Asked) -> tuple[int, int, int]:
        """Count the prompt's tokens: all, those read from the cache, those written to it."""
        parts = [len(text) // 4 + 1 for text in asked.texts]
        with self._lock:
            heads = ["\0".join(asked.texts[:n]) for n in range(len(parts) + 1)]
            known = max(n for n, head in enumerate(heads) if not n or head in self._prefixes)
            self._prefixes.add(heads[-1])
        marked = json.dumps(asked.body).count("cache_control")
        written = sum(parts[known:]) if marked else 0
        return sum(parts) + 85 * asked.images, sum(parts[:known]), written


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    """Serve until the block ends; yields the root URL (OpenAI's is that and /v1)."""

    class Handler(_Handler):
        served = provider

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        openai = self.path == "/v1/chat/completions"
        if not openai and self.path != "/v1/messages":
            self._send(404, {"error": {"message": f"no route {self.path}"}})
            return
        asked = _understood("openai" if openai else "anthropic", body, self._key())
        served = self.served
        served.seen.append(asked)
        if served.key is not None and asked.key != served.key:
            self._fail("401", asked, f"Incorrect API key provided: {asked.key}.")
            return
        if not served.admitted():
            served.faults["limited"] += 1
            self._fail("429", asked, "Rate limit reached for requests.")
            return
        fault = served.fault(asked)
        if fault is not None:
            served.faults[fault] += 1
            self._fault(fault, asked)
            return
        problem = _problem(asked, served.refuses)
        if problem is not None:
            self._send(400, problem)
            return
        if served.delay_s:
            time.sleep(served.delay_s)
        served.billed.append(asked)
        self._send(200, _answer(served, asked, served.answer(asked), "stop"))

    def _key(self) -> str | None:
        bearer = self.headers["Authorization"]
        return bearer.removeprefix("Bearer ") if bearer else self.headers["X-Api-Key"]

    def _fault(self, fault: str, asked: Asked) -> None:
        served = self.served
        if fault == "cut":
            data = json.dumps(_answer(served, asked, "Never read.", "stop")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif fault == "garbled":
            self._send(200, b'{"choices": [')
        elif fault == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):  # a byte now and then: no single read is slow
                self.wfile.write(b" ")
                time.sleep(0.05)
            self.close_connection = True
        elif fault == "refusal":
            self._send(200, _answer(served, asked, "I cannot help with that.", "refusal"))
        elif fault == "filter":
            self._send(200, _answer(served, asked, "", "content_filter"))
        elif fault == "bad image":
            self._send(400, _BAD_IMAGE)
        elif fault == "filtered prompt":
            error = {"message": "The prompt was filtered.", "code": "content_filter"}
            self._send(400, {"error": error})
        else:
            self._fail(fault, asked, f"This is a test's {fault}; your key is {asked.key}.")

    def _fail(self, fault: str, asked: Asked, message: str) -> None:
        status, code, kind = _ERRORS[fault]
        document: dict[str, Any] = {"error": {"message": message, "type": kind, "code": code}}
        if asked.protocol == "anthropic":
            document = {"type": "error", "error": {"type": kind, "message": message}}
            status = 402 if fault == "credit" else status
        headers = {}
        if status == 429 and self.served.retry_after is not None:
            headers["Retry-After"] = self.served.retry_after
        self._send(status, document, headers)

    def _send(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _understood(protocol: str, body: dict[str, Any], key: str | None) -> Asked:
    texts, images, question = [], 0, ""
    messages = body["messages"]
    if protocol == "anthropic" and "system" in body:
        messages = [{"role": "system", "content": body["system"]}, *messages]
    for message in messages:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part["type"] == "text":
                question = part["text"]
                texts.append(f"{message['role']}: {question}")
            else:
                images += 1
                texts.append(f"{message['role']}: image {hash(json.dumps(part)[:4000])}")
    return Asked(protocol, body, tuple(texts), question, images, key, time.monotonic())


def _problem(asked: Asked, refuses: frozenset[str]) -> dict[str, Any] | None:
    """Say what is wrong with a request's parameters or images, as the provider would."""
    for name in sorted(refuses & set(asked.body)):
        words = f"Unsupported parameter: '{name}' is not supported with this model."
        if name == "max_tokens":
            words += " Use 'max_completion_tokens' instead."
        if asked.protocol == "anthropic":
            error = {"type": "invalid_request_error", "message": f"`{name}` is deprecated here."}
            return {"type": "error", "error": error}
        return {"error": {"message": words, "param": name, "code": "unsupported_parameter"}}
    for message in asked.body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            data = None
            if part["type"] == "image_url":
                data = part["image_url"]["url"].partition(",")[2]
            elif part["type"] == "image":
                data = part["source"]["data"]
            if data is not None and not _is_image(data):
                return _BAD_IMAGE
    return None


def _is_image(data: str) -> bool:
    try:
        with PIL.open(io.BytesIO(base64.b64decode(data))) as picture:
            picture.verify()
    except (OSError, ValueError, SyntaxError):
        return False
    return True


def _answer(served: Provider, asked: Asked, text: str, finish: str) -> dict[str, Any]:
    prompt, cached, written = served.usage(asked)
    new = len(text) // 4 + 1
    if asked.protocol == "anthropic":
        stop = {"stop": "end_turn", "content_filter": "refusal"}.get(finish, finish)
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": served.version,
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": stop,
            "usage": {
                "input_tokens": prompt - cached - written,
                "cache_read_input_tokens": cached,
                "cache_creation_input_tokens": written,
                "output_tokens": new,
            },
        }
    refused = finish == "refusal"
    message = {"role": "assistant", "content": None if refused else text}
    message["refusal"] = text if refused else None
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": served.version,
        "choices": [
            {"index": 0, "message": message, "finish_reason": "stop" if refused else finish}
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": new,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }
