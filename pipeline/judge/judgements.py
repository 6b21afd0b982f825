"""Verdicts as they are stored: judgements/*.parquet of a run directory.

In: rows of JUDGEMENT_SCHEMA. Out: the same, by key. An item with a verdict is never asked
again; one that failed is, and its verdict replaces the failure.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from actors.schema import Row
from actors.storage.files import list_files, read_parquet, remove
from conf.errors import BrokenFile
from conf.judge import JudgeConfig
from pipeline.judge.items import JudgeItem
from pipeline.judge.verdict import NoVerdict, read_verdict
from pipeline.tables.schemas import JUDGEMENT_SCHEMA

logger = logging.getLogger(__name__)


def read_judgements(folder: str) -> dict[str, Row]:
    """Read what was judged so far, by key; a file that a killed writer left broken is removed."""
    kept: dict[str, Row] = {}
    for uri in list_files(folder, ".parquet"):
        try:
            table = read_parquet(uri, schema=JUDGEMENT_SCHEMA)
        except BrokenFile:
            logger.warning("%s is truncated; it is removed and its verdicts asked again", uri)
            remove(uri)
            continue
        for row in table.to_pylist():
            if row["status"] == "ok" or row["key"] not in kept:
                kept[row["key"]] = row
    return kept


def judgement_rows(
    replies: Iterable[Row], items: Mapping[str, JudgeItem], judge: JudgeConfig, identity: str
) -> list[dict[str, Any]]:
    """Read the replies of an actor and make rows of JUDGEMENT_SCHEMA; ``items`` is by key."""
    rows = []
    for reply in replies:
        item = items[reply["key"]]
        grades, reason = _read(reply, item)
        rows.append(
            {
                **reply,
                "judge": judge.name,
                "judge_id": identity,
                "rubric": item.rubric.name,
                "rubric_version": item.rubric.version,
                "prompt_sha256": item.prompt_sha256,
                "dialogue_id": item.dialogue_id,
                "turn": item.turn,
                "status": "failed" if reason else "ok",
                "reason": reason,
                "grades": grades,
            }
        )
    return rows


def _read(reply: Row, item: JudgeItem) -> tuple[list[dict[str, Any]], str | None]:
    if reply["text"] is None:
        return [], reply["reason"] or "no answer"
    try:
        grades = read_verdict(reply["text"], item.rubric)
    except NoVerdict as error:
        cut = " (cut off)" if reply["finish_reason"] == "length" else ""
        return [], f"{error}{cut}"
    return [{"criterion": c, "grade": g} for c, g in grades.items()], None
