"""Logs of driver and workers: plain lines, or one JSON object a line, with run and dialogue ids.

In: IMCBENCH_LOG_FORMAT (``plain`` or ``json``), IMCBENCH_LOG_FILE (default: standard error) and
IMCBENCH_LOG_LEVEL (default WARNING). Out: records with the ids given to ``bind``, also those of
libraries. Each dialogue is a coroutine with a context of its own, so ids never mix.
"""

import json
import logging
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from conf.errors import ConfigError

_ids: ContextVar[tuple[tuple[str, str | int], ...]] = ContextVar("log_ids", default=())


def bind(**ids: str | int) -> None:
    """Add ids, such as run_id and dialogue_id, to all records of this context from here on."""
    _ids.set(tuple((dict(_ids.get()) | ids).items()))


def configure_logging() -> None:
    """Send this process's records where the environment says; what was set up before goes.

    Raises:
        ConfigError: an unknown format or level; names the variable.
    """
    form = os.environ.get("IMCBENCH_LOG_FORMAT", "plain")
    if form not in ("plain", "json"):
        raise ConfigError(f"IMCBENCH_LOG_FORMAT is {form!r}; choose plain or json")
    level = os.environ.get("IMCBENCH_LOG_LEVEL", "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"IMCBENCH_LOG_LEVEL is {level!r}; choose DEBUG, INFO, WARNING or ERROR")
    path = os.environ.get("IMCBENCH_LOG_FILE")
    handler = logging.FileHandler(path) if path else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, the bound ids, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record; whatever it holds, the result is one line."""
        fields: dict[str, str | int] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process or 0,
            **dict(_ids.get()),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


class PlainFormatter(logging.Formatter):
    """``WARNING pipeline.generate.generate [run_id=…]: message``."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s%(ids)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Render one record with its ids."""
        ids = " ".join(f"{key}={value}" for key, value in _ids.get())
        record.ids = f" [{ids}]" if ids else ""
        return super().format(record)
