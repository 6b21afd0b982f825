"""What a served model's answers cost: estimated from a dataset, and counted in turn outputs.

In: dialogues or turn files, and a price. Out: tokens and money. The estimate: four characters of
text are a token, images are what the price row says of their sent size, every answer has the same
length; a request is the dialogue so far. Retries that the provider bills, and answers that were
lost when a run was killed, are in neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

import pyarrow as pa
import pyarrow.compute as pc

from actors.conversation import Conversation
from actors.schema import Dialogue
from actors.storage.files import list_files, parquet_schema, read_parquet
from conf.errors import BrokenFile, ConfigError
from conf.model import ModelConfig
from conf.prices import Price, Usage, price_of
from conf.schema import RunConfig
from pipeline.runs.directory import RunDirectory

_CHARACTERS = 4  # of a token, in English text
_LEAST_CACHED = 1024  # tokens of a beginning that OpenAI's and Anthropic's caches hold
_COLUMNS = ("prompt_tokens", "cached_tokens", "completion_tokens", "served")


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """A run's tokens and cost; ``at_most`` without any cache hit, ``cached`` with all of them.

    ``images`` are the tokens of images among ``prompt``. ``price`` None: it is not known, and
    neither are image tokens and cost.
    """

    dialogues: int
    turns: int
    answer_tokens: int
    prompt: int
    images: int | None
    output: int
    price: Price | None
    at_most: float | None
    cached: float | None


def current_price(model: ModelConfig) -> Price | None:
    """Return today's price of a model; None where it is not known, or no provider serves it.

    Raises:
        ConfigError: ``model.endpoint.prices`` is not a price file.
    """
    if not model.is_served:
        return None
    return price_of(model.source, model.endpoint.prices, datetime.now(UTC).date())


def check_limit(config: RunConfig, price: Price | None) -> None:
    """Raise ConfigError where ``compute.max_cost`` is set and cannot be kept."""
    if config.compute.max_cost is not None and price is None:
        raise ConfigError(
            f"compute.max_cost is {config.compute.max_cost:g}, but the price of "
            f"{config.model.source} is not known: state it in a file, as conf/prices.yaml does, "
            "and name that by model.endpoint.prices"
        )


def estimate_cost(
    dialogues: Iterable[Dialogue], config: RunConfig, price: Price | None, *, answer_tokens: int
) -> CostEstimate:
    """Estimate what asking dialogues costs, by the model of this module."""
    plain, cached = Usage(), Usage()
    asked = images = turns = 0
    for dialogue in dialogues:
        asked += 1
        before = 0  # tokens of the request before, which the cache may hold
        for prompt, shown in _requests(dialogue, config, price, answer_tokens):
            turns += 1
            images += shown
            held = before if before >= _LEAST_CACHED else 0
            plain += Usage(prompt=prompt, output=answer_tokens)
            written = prompt - held if prompt >= _LEAST_CACHED else 0
            cached += Usage(prompt=prompt, cached=held, written=written, output=answer_tokens)
            before = prompt
    return CostEstimate(
        dialogues=asked,
        turns=turns,
        answer_tokens=answer_tokens,
        prompt=plain.prompt,
        images=None if price is None else images,
        output=plain.output,
        price=price,
        at_most=None if price is None else max(price.of(plain), price.of(cached)),
        cached=None if price is None else price.of(cached),
    )


def _requests(
    dialogue: Dialogue, config: RunConfig, price: Price | None, answer_tokens: int
) -> Iterable[tuple[int, int]]:
    """Yield each request's tokens and those of its images."""
    conversation = Conversation(dialogue, box_dialect=config.model.box_dialect, seed=0)
    text = images = 0
    while (request := conversation.next_request()) is not None:
        if not request.history:
            text = _tokens(request.system)
        else:
            text += answer_tokens
        message = request.message
        text += _tokens(message.text) + sum(_tokens(c) for c in message.captions)
        if price is not None:
            for image in message.images:
                size = config.model.endpoint.scaled(image.width, image.height)
                images += price.image.of(*size)
        yield text + images, images
        conversation.accept("")


def _tokens(text: str) -> int:
    return ceil(len(text) / _CHARACTERS)


def usage_of(table: pa.Table) -> Usage:
    """Count what the rows of turn outputs were paid for; kept answers cost nothing."""
    if not table.num_rows:
        return Usage()
    kept = pc.fill_null(pc.struct_field(table["served"], "from_cache"), False)
    paid = table.filter(pc.invert(kept))
    written = pc.struct_field(paid["served"], "cache_write_tokens")
    return Usage(
        prompt=pc.sum(paid["prompt_tokens"]).as_py() or 0,
        cached=pc.sum(paid["cached_tokens"]).as_py() or 0,
        written=pc.sum(written).as_py() or 0,
        output=pc.sum(paid["completion_tokens"]).as_py() or 0,
    )


def usage_of_run(run: RunDirectory) -> Usage:
    """Count what the turn outputs of a run were paid for; unreadable files are left out."""
    total = Usage()
    for uri in list_files(run.turns, ".parquet"):
        try:
            if "served" in parquet_schema(uri).names:
                total += usage_of(read_parquet(uri, columns=list(_COLUMNS)))
        except BrokenFile:
            continue  # of a killed writer; its dialogues are asked again
    return total


def cost_text(estimate: CostEstimate) -> str:
    """Write an estimate for a terminal."""
    e, million = estimate, 1e6
    images = "" if e.images is None else f" ({e.images / million:.2f} of them images)"
    output = f"{e.output / million:.2f} million out at {e.answer_tokens} an answer"
    lines = [
        f"asked       {e.dialogues} dialogues, {e.turns} turns",
        f"tokens      {e.prompt / million:.2f} million in{images}, {output}",
    ]
    if e.price is None or e.at_most is None:
        return "\n".join([*lines, "cost        not known: no price file has the model's price"])
    p = e.price
    return "\n".join(
        [
            *lines,
            f"price       {p.input:g} in, {p.cached_read:g} cached, {p.cache_write:g} written to "
            f"the cache, {p.output:g} out, USD a million tokens, since {p.since}",
            f"cost        {e.at_most:,.2f} USD at most; {e.cached:,.2f} USD where the provider's "
            "cache holds the beginning of each dialogue",
        ]
    )
