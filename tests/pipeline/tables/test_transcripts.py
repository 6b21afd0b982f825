"""Chats of other systems become turn outputs, and nothing is taken for another turn's answer."""

import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from actors.schema import DIALOGUE_SCHEMA
from actors.storage.files import read_parquet
from conf.errors import BadInput
from pipeline.tables.transcripts import is_transcript, read_chats, write_turns
from tests.actors.dialogues import dialogue, turn

ASKED = pa.Table.from_pylist(
    [
        dialogue(turn(1, "Is there a nodule?"), turn(2, "Where is it?")).to_row(),
        dialogue(turn(1, "Is it new?"), dialogue_id="d2").to_row(),
    ],
    schema=DIALOGUE_SCHEMA,
)
FIRST = [
    {"role": "system", "content": "You are a physician."},
    {
        "role": "user",
        "content": [{"type": "image"}, {"type": "text", "text": "Is there a nodule?"}],
    },
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Where  is it?\nA. left\nB. right"},
    {
        "role": "assistant",
        "content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "A."}],
    },
]


def jsonl(folder: Path, *chats: object) -> str:
    path = folder / "chats.jsonl"
    path.write_text("\n".join(c if isinstance(c, str) else json.dumps(c) for c in chats) + "\n\n")
    return str(path)


def archive(folder: Path, *samples: dict, method: int = zipfile.ZIP_DEFLATED) -> str:
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", method) as log:
        log.writestr("header.json", json.dumps({"eval": {"model": "openai/gpt-4o"}}))
        for sample in samples:
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            log.writestr(name, json.dumps(sample))
    return str(path)


def rows(uri: str, folder: Path) -> list[dict]:
    turns = write_turns(uri, ASKED, str(folder / "out"))
    return read_parquet(f"{turns}/transcripts.parquet").to_pylist()


def test_chats_as_json_lines_become_one_row_a_turn(tmp_path):
    second = {
        "custom_id": "d2",
        "model": "theirs",
        "messages": [{"role": "user", "content": "Is it new?"}],
    }
    found = rows(jsonl(tmp_path, {"dialogue_id": "d1", "messages": FIRST}, second), tmp_path)
    assert [(r["dialogue_id"], r["turn"], r["status"], r["response"]) for r in found] == [
        ("d1", 1, "ok", "Yes."),
        ("d1", 2, "ok", "A."),
        ("d2", 1, "failed", None),
    ]
    assert found[2]["error"] == "the transcript has no answer to this turn"
    assert [r["model"] for r in found] == ["imported", "imported", "theirs"]


def test_an_inspect_log_gives_its_first_epoch_with_what_is_attached(tmp_path):
    attached = [*FIRST[:2], {"role": "assistant", "content": "attachment://abc"}]
    sample = {
        "id": "d1",
        "epoch": 1,
        "messages": attached,
        "attachments": {"abc": "Yes, a long text."},
    }
    again = sample | {"epoch": 2, "messages": FIRST}
    broken = {"id": "d2", "epoch": 1, "messages": [], "error": {"message": "out of time"}}
    found = rows(archive(tmp_path, sample, again, broken), tmp_path)
    assert [r["response"] for r in found] == ["Yes, a long text.", None, None]
    assert found[2]["error"] == "out of time"
    assert {r["model"] for r in found} == {"openai/gpt-4o"}
    whole = tmp_path / "log.json"
    whole.write_text(json.dumps({"eval": {"model": "m"}, "samples": [sample, again]}))
    assert [c.model for c in read_chats(str(whole))] == ["m"]


@pytest.mark.parametrize(
    ("chat", "named"),
    [
        ("{", "line 1 is not JSON"),
        ("[]", "not a JSON object"),
        ({"messages": FIRST}, "no dialogue_id"),
        ({"id": "d1", "messages": "?"}, "no list of messages"),
        ({"id": "d1", "messages": [{"content": "?"}]}, "without a role"),
        ({"id": "d9", "messages": FIRST}, "no dialogue 'd9'"),
        ({"id": "d1", "messages": FIRST[3:]}, r"turn 1: the user says 'Where.*nodule"),
        ({"id": "d2", "messages": [FIRST[1]] * 2}, "turn 1"),
        ({"id": "d1", "messages": [*FIRST, FIRST[1]]}, "more user messages than the 2 turns"),
        ({"id": "d1", "messages": FIRST[2:]}, "before the first question"),
    ],
)
def test_what_does_not_fit_the_dialogue_is_named(chat, named, tmp_path):
    with pytest.raises(BadInput, match=named):
        rows(jsonl(tmp_path, chat), tmp_path)


def test_a_dialogue_that_comes_twice_is_named_with_both_places(tmp_path):
    chat = {"id": "d1", "messages": FIRST}
    with pytest.raises(BadInput, match=r"line 2: dialogue d1 is there already, at .*line 1"):
        rows(jsonl(tmp_path, chat, chat), tmp_path)


def test_turn_outputs_of_a_run_are_not_mixed_with_transcripts(tmp_path):
    chats = jsonl(tmp_path, {"id": "d1", "messages": FIRST})
    rows(chats, tmp_path)
    assert len(rows(chats, tmp_path)) == 2
    (tmp_path / "out/turns/part-1.parquet").write_bytes(b"")
    with pytest.raises(BadInput, match="choose another --output"):
        rows(chats, tmp_path)


def test_what_is_no_log_is_named(tmp_path):
    (tmp_path / "log.eval").write_bytes(b"PK not really")
    with pytest.raises(BadInput, match="not a log of inspect_ai"):
        list(read_chats(str(tmp_path / "log.eval")))
    with pytest.raises(BadInput, match="is missing"):
        list(read_chats(str(tmp_path / "none.jsonl")))
    assert not is_transcript(str(tmp_path))


def test_a_compression_that_python_lacks_is_named_with_the_way_out(tmp_path):
    uri = archive(tmp_path, {"id": "d1", "epoch": 1, "messages": FIRST}, method=zipfile.ZIP_STORED)
    data = bytearray(Path(uri).read_bytes())
    # The method of every entry, in local headers and the central directory, is set to Zstandard.
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset : at + offset + 2] = (93).to_bytes(2, "little")
            at = data.find(mark, at + 4)
    Path(uri).write_bytes(data)
    with pytest.raises(BadInput, match="inspect log convert"):
        list(read_chats(uri))
