"""Turn outputs as answers: what each dialogue was answered, by turn.

In: turn-output Parquet with at least the columns ``NEEDED``. Out: ``Response`` by dialogue
and turn.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyarrow.compute as pc

from actors.storage.files import list_files, parquet_schema, read_parquet
from conf.errors import BadInput
from pipeline.metrics.base import Response

NEEDED = ("dialogue_id", "turn", "status", "response")
_SIZES = "input_sizes"
_OPTIONAL = (_SIZES, "finish_reason")


def read_responses(
    files: Iterable[str], dialogue_id: str | None = None
) -> Mapping[str, Mapping[int, Response]]:
    """Read the answers of some turn files, or those of one dialogue.

    Raises:
        BadInput: a row's status is neither ok nor failed.
        BrokenFile: a file is truncated or not Parquet.
    """
    responses: dict[str, dict[int, Response]] = defaultdict(dict)
    for uri in files:
        present = parquet_schema(uri).names
        columns = [*NEEDED, *(name for name in _OPTIONAL if name in present)]
        table = read_parquet(uri, columns=columns)
        if dialogue_id is not None:
            table = table.filter(pc.equal(table["dialogue_id"], dialogue_id))
        for row in table.to_pylist():
            if row["status"] not in ("ok", "failed"):
                raise BadInput(f"{uri}: status is {row['status']!r}; it must be ok or failed")
            responses[row["dialogue_id"]][row["turn"]] = Response.from_row(row)
    return responses


def declared_dialect(turns: str) -> str:
    """Return the box dialect that the turn files declare in their metadata, else norm1000.

    Raises:
        BadInput: two files declare different dialects.
    """
    declared = {
        (parquet_schema(uri).metadata or {}).get(b"box_dialect", b"").decode()
        for uri in list_files(turns, ".parquet")
    } - {""}
    if len(declared) > 1:
        raise BadInput(f"{turns} mixes the box dialects {', '.join(sorted(declared))}")
    return declared.pop() if declared else "norm1000"


def answered_without_sizes(uri: str) -> int:
    """Count the answered turns of a file that lack the sizes at which their images were shown."""
    if _SIZES not in parquet_schema(uri).names:
        return int(pc.sum(pc.equal(read_parquet(uri, ["status"])["status"], "ok")).as_py() or 0)
    table = read_parquet(uri, ["status", _SIZES])
    missing = pc.and_(pc.equal(table["status"], "ok"), pc.is_null(table[_SIZES]))
    return int(pc.sum(missing).as_py() or 0)
