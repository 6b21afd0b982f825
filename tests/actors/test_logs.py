"""Log records with the ids of their run and dialogue."""

import asyncio
import io
import json
import logging
from contextvars import Context

import pytest

from actors.logs import JsonFormatter, PlainFormatter, bind, configure_logging
from conf.errors import ConfigError


@pytest.fixture
def lines():
    """Records of a logger of its own, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("test.logs")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_dialogues_at_the_same_time_keep_their_own_ids(lines):
    logger = logging.getLogger("test.logs")

    async def converse(name: str, turns: asyncio.Barrier) -> None:
        bind(dialogue_id=name)
        for turn in (1, 2):
            bind(turn=turn)
            await turns.wait()
            logger.warning("asked")

    async def main() -> None:
        bind(run_id="r")
        barrier = asyncio.Barrier(3)
        await asyncio.gather(*(converse(name, barrier) for name in "abc"))
        logger.warning("after")

    Context().run(asyncio.run, main())
    found = [(r["run_id"], r.get("dialogue_id"), r.get("turn")) for r in lines()]
    assert sorted(found[:-1]) == [("r", name, turn) for name in "abc" for turn in (1, 2)]
    assert found[-1] == ("r", None, None)


def test_a_record_is_one_line_whatever_it_holds(lines):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("test.logs").exception('a "quoted"\nmessage')
    (record,) = lines()
    assert record["message"] == 'a "quoted"\nmessage'
    assert "ValueError: two" in record["exception"]
    assert record["level"] == "ERROR"
    assert record["time"].endswith("+00:00")


def test_plain_lines_carry_the_ids_too():
    record = logging.LogRecord("some.where", logging.WARNING, "", 0, "text", None, None)

    async def bound() -> str:
        bind(run_id="r", dialogue_id="d")
        return PlainFormatter().format(record)

    said = Context().run(asyncio.run, bound())
    assert said == "WARNING some.where [run_id=r dialogue_id=d]: text"
    assert Context().run(PlainFormatter().format, record) == "WARNING some.where: text"


@pytest.mark.parametrize(
    ("name", "value"), [("IMCBENCH_LOG_FORMAT", "xml"), ("IMCBENCH_LOG_LEVEL", "LOUD")]
)
def test_an_unknown_setting_is_named(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name} is '{value}'"):
        configure_logging()


def test_a_file_gets_the_records(tmp_path, monkeypatch):
    monkeypatch.setenv("IMCBENCH_LOG_FORMAT", "json")
    monkeypatch.setenv("IMCBENCH_LOG_FILE", str(tmp_path / "log"))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    try:
        configure_logging()
        logging.getLogger("a").warning("one")
        logging.getLogger("a").info("quiet")
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers, root.level = before, level
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["message"] == "one"
