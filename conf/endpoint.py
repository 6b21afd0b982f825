"""The section ``endpoint`` of a model or a judge: a served model, and how it is reached and paid.

Every key has a default, so that a configuration written before a key existed can be read.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from conf.checks import at_least
from conf.errors import ConfigError
from conf.uris import refuse_credentials

IMAGE_RULE = "v1"  # of actors/backends/endpoint/images.py; raise it with every change of the rule


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """How a provider is asked; read where ``backend`` is ``openai`` or ``anthropic``.

    ``base_url`` is the address, for ``openai`` up to and with /v1; None: the provider's own.
    ``api_key_env`` names the environment variable with the key; the key itself is written nowhere.
    A request is cut after ``timeout_s`` seconds. What the provider or the network fails is asked
    again for ``patience_s`` seconds, then the run ends and can be resumed. ``extra`` goes into each
    request's body as it is, beside what the configuration says elsewhere.

    An image over ``max_image_bytes``, ``max_image_side`` (pixels of the longer side) or
    ``max_image_pixels`` is encoded anew so that it fits; a request with more than ``max_images`` is
    a failed turn. None: no limit.

    ``cache`` is a folder of answers, which the same request is not paid for again; None: none.
    ``prices`` is a price file before conf/prices.yaml; None: that alone.
    """

    base_url: str | None = None
    api_key_env: str | None = None
    timeout_s: float = 120.0
    patience_s: float = 600.0
    extra: dict[str, Any] = field(default_factory=dict)
    max_image_bytes: int | None = None
    max_image_side: int | None = None
    max_image_pixels: int | None = None
    max_images: int | None = None
    cache: str | None = None
    prices: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if self.base_url is not None:
            refuse_credentials("endpoint.base_url", self.base_url)
            if not self.base_url.startswith(("http://", "https://")):
                raise ConfigError(f"endpoint.base_url is {self.base_url!r}, not a URL")
        if self.api_key_env is not None and not self.api_key_env.isidentifier():
            # Perhaps the key itself: it is not repeated.
            raise ConfigError("endpoint.api_key_env is not the name of an environment variable")
        for key in ("timeout_s", "patience_s"):
            if not getattr(self, key) > 0:
                raise ConfigError(f"endpoint.{key} is {getattr(self, key)}; it must be above 0")
        at_least("endpoint", self, max_image_bytes=10_000, max_image_side=16, max_image_pixels=256)
        at_least("endpoint", self, max_images=0)
        for key in ("cache", "prices"):
            refuse_credentials(f"endpoint.{key}", getattr(self, key) or "")

    def scaled(self, width: int, height: int, factor: float = 1.0) -> tuple[int, int]:
        """Return an image's size within the limits, both sides then multiplied by ``factor``."""
        scale = 1.0
        if self.max_image_side is not None:
            scale = min(scale, self.max_image_side / max(width, height))
        if self.max_image_pixels is not None:
            scale = min(scale, math.sqrt(self.max_image_pixels / (width * height)))
        scale *= factor
        return max(1, math.floor(width * scale)), max(1, math.floor(height * scale))

    def decisive(self) -> dict[str, Any]:
        """Return what decides the answers, and not where the provider is or what it costs."""
        return {
            "extra": self.extra,
            "images": [
                IMAGE_RULE,
                self.max_image_bytes,
                self.max_image_side,
                self.max_image_pixels,
                self.max_images,
            ],
        }


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A model behind an endpoint, for a run or for a judge: its id there, and how it is drawn."""

    model: str
    max_tokens: int
    temperature: float
    top_p: float
    endpoint: EndpointConfig
