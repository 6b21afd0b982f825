"""What a provider's tokens cost: rows of price files.

In: YAML of the form of ``conf/prices.yaml``. Out: ``Price`` of a model, or None: it is not guessed.
"""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from conf.checks import at_least, one_of
from conf.errors import ConfigError
from conf.load import build, read_document

_PACKAGED = str(Path(__file__).with_name("prices.yaml"))
_MILLION = 1e6
_TILE, _FIT, _SHORT = 512, 2048, 768  # pixels, as conf/prices.yaml says


@dataclass(frozen=True, kw_only=True)
class ImageTokens:
    """How many tokens an image is; the rules are those of ``conf/prices.yaml``."""

    kind: str
    base: float
    each: float

    def __post_init__(self) -> None:
        """Check the values."""
        one_of("prices.image.kind", self.kind, ("tiles", "area"))
        at_least("prices.image", self, base=0)
        if self.each <= 0:
            raise ConfigError(f"prices.image.each is {self.each}; it must be above 0")

    def of(self, width: int, height: int) -> int:
        """Return the tokens of an image of that many pixels."""
        if self.kind == "area":
            return math.ceil(self.base + width * height / self.each)
        scale = min(1.0, _FIT / max(width, height))
        scale = min(scale, _SHORT / min(width, height))
        tiles = math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
        return math.ceil(self.base + self.each * tiles)


@dataclass(frozen=True, kw_only=True)
class Price:
    """One row: prices of a million tokens, from the day ``since`` on, of the models ``ids``."""

    ids: tuple[str, ...]
    since: str
    input: float
    cached_read: float
    cache_write: float
    output: float
    image: ImageTokens

    def __post_init__(self) -> None:
        """Check the values."""
        at_least("prices", self, input=0, cached_read=0, cache_write=0, output=0)
        try:
            date.fromisoformat(self.since)
        except ValueError:
            raise ConfigError(f"prices.since is {self.since!r}, not a day as 2025-11-01") from None

    def of(self, usage: "Usage") -> float:
        """Return what tokens cost."""
        fresh = usage.prompt - usage.cached - usage.written
        return (
            fresh * self.input
            + usage.cached * self.cached_read
            + usage.written * self.cache_write
            + usage.output * self.output
        ) / _MILLION


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens that were paid for; ``cached`` and ``written`` ones are among those of the prompt."""

    prompt: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Add kind by kind."""
        return Usage(
            prompt=self.prompt + other.prompt,
            cached=self.cached + other.cached,
            written=self.written + other.written,
            output=self.output + other.output,
        )


@dataclass(frozen=True, kw_only=True)
class _PriceFile:
    prices: tuple[Price, ...]


def price_of(model: str, own: str | None, today: date) -> Price | None:
    """Return a model's price on a day, from ``own``, a file, or else the packaged one.

    Raises:
        ConfigError: the file is not a price file.
    """
    for path in (own, _PACKAGED):
        if path is not None:
            rows = build(_PriceFile, read_document(path)).prices
            fits = [p for p in rows if model in p.ids and date.fromisoformat(p.since) <= today]
            if fits:
                return max(fits, key=lambda price: price.since)
    return None
