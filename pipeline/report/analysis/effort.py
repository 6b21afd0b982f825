"""What a run cost: time, tokens, cache hits, GPU time.

In: the turn outputs and the manifest's passes. Out: ``Effort``; what was not recorded is None.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from actors.storage.files import list_files, parquet_schema, read_parquet
from pipeline.report.inputs import RunData
from pipeline.runs.cost import usage_of_run

_COLUMNS = (
    "status",
    "error",
    "finish_reason",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "latency_s",
    "attempt",
)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Totals of a run. ``seconds``: wall time of all generating passes, engine start included.

    ``cache_hits`` is the share of prompt tokens that the prefix cache held. ``gpu_hours`` is
    ``seconds`` x actors x GPUs per actor, where the configuration states the latter. ``spent`` is
    in USD, by the price that the manifest notes.
    """

    passes: int
    seconds: float | None
    turns_per_second: float | None
    tokens_per_second: float | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    cache_hits: float | None
    latency_median: float | None
    latency_p95: float | None
    retried: int | None
    actors: int | None
    gpu_hours: float | None
    spent: float | None


def read_turns(data: RunData) -> pd.DataFrame | None:
    """Read what each turn took, absent columns as null; None without turn files."""
    tables = []
    for uri in list_files(data.directory.turns, ".parquet"):
        present = parquet_schema(uri).names
        table = read_parquet(uri, columns=[c for c in _COLUMNS if c in present])
        for name in _COLUMNS:
            if name not in present:
                table = table.append_column(name, pa.nulls(table.num_rows))
        tables.append(table.select(_COLUMNS))
    if not tables:
        return None
    frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    return frame


def effort(data: RunData, turns: pd.DataFrame) -> Effort:
    """Return the totals of what the turns took."""
    passes = data.manifest.passes if data.manifest else ()
    time = sum(p.seconds for p in passes) or None
    generated = sum(p.turns for p in passes)
    prompt, cached = _total(turns, "prompt_tokens"), _total(turns, "cached_tokens")
    new = _total(turns, "completion_tokens")
    latency = pd.to_numeric(turns["latency_s"]).dropna()
    attempt = pd.to_numeric(turns["attempt"]).dropna()
    compute = data.config.compute if data.config else None
    gpus = compute.gpus_per_actor if compute else None
    price = data.manifest.price if data.manifest else None
    return Effort(
        passes=len(passes),
        seconds=time,
        turns_per_second=generated / time if time else None,
        tokens_per_second=sum(p.tokens for p in passes) / time if time else None,
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=new,
        cache_hits=cached / prompt if prompt and cached is not None else None,
        latency_median=float(latency.median()) if len(latency) else None,
        latency_p95=float(latency.quantile(0.95)) if len(latency) else None,
        retried=int((attempt > 1).sum()) if len(attempt) else None,
        actors=compute.actors if compute else None,
        gpu_hours=time * compute.actors * gpus / 3600 if time and compute and gpus else None,
        spent=None if price is None else price.of(usage_of_run(data.directory)),
    )


def _total(turns: pd.DataFrame, column: str) -> int | None:
    """Return the sum of a column; None where no row has it."""
    known = pd.to_numeric(turns[column]).dropna()
    return int(known.sum()) if len(known) else None
