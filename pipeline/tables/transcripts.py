"""Transcripts of other systems as turn outputs: a reader before ``score``.

In: JSON Lines of chats, or a log of inspect_ai (.eval, .json), and the dialogues that were asked.
Out: one file of turn outputs. A chat is a dialogue's by its id; its answer to a turn is what the
assistant says between that turn's question and the next one. A question has to be there in the
user's own words, so that an answer is never taken for another turn's.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from actors.schema import TURN_SCHEMA, Dialogue, TurnRecord
from actors.storage.files import join, list_files, read_bytes, write_parquet
from conf.errors import BadInput

FORMATS = (".jsonl", ".eval", ".json")
_IDS = ("dialogue_id", "id", "custom_id")
_ATTACHED = "attachment://"  # inspect_ai keeps long texts beside a sample's messages
_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One transcript: ``messages`` are (role, text); ``place`` names it in errors.

    ``error``: why the other system has no further answer, where it says so.
    """

    dialogue_id: str
    messages: tuple[tuple[str, str], ...]
    place: str
    model: str
    error: str | None = None


def is_transcript(uri: str) -> bool:
    """Return whether a URI names a file of transcripts and not a folder of turn outputs."""
    return uri.endswith(FORMATS)


def write_turns(uri: str, dialogues: pa.Table, output: str) -> str:
    """Read transcripts and write them as turn outputs below ``output``; return their folder.

    A dialogue without a chat has no rows, which ``score`` counts as failed.

    Raises:
        BadInput: the file cannot be read, a chat is no dialogue's or one too many, or its questions
            are not the dialogue's; the message says where.
    """
    asked = {row["dialogue_id"]: row for row in dialogues.to_pylist()}
    rows: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for chat in read_chats(uri):
        if chat.dialogue_id not in asked:
            raise BadInput(f"{chat.place}: the dataset has no dialogue {chat.dialogue_id!r}")
        if chat.dialogue_id in seen:
            raise BadInput(
                f"{chat.place}: dialogue {chat.dialogue_id} is there already, "
                f"at {seen[chat.dialogue_id]}"
            )
        seen[chat.dialogue_id] = chat.place
        rows += [r.to_row() for r in turn_records(chat, Dialogue.from_row(asked[chat.dialogue_id]))]
    folder = join(output, "turns")
    target = join(folder, "transcripts.parquet")
    if set(list_files(folder, ".parquet")) - {target}:
        raise BadInput(f"{folder} holds turn outputs of a run; choose another --output")
    write_parquet(target, pa.Table.from_pylist(rows, schema=TURN_SCHEMA))
    return folder


def read_chats(uri: str) -> Iterator[Chat]:
    """Yield the chats of a file; raises BadInput where it cannot be read."""
    try:
        data = read_bytes(uri)
    except FileNotFoundError:
        raise BadInput(f"{uri} is missing") from None
    if uri.endswith(".jsonl"):
        for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
            if line.strip():
                place = f"{uri}, line {number}"
                yield _chat(_object(line, place), place, "imported")
    elif uri.endswith(".eval"):
        yield from _inspect_archive(uri, data)
    else:
        log = _object(data.decode(errors="replace"), uri)
        yield from _inspect_samples(uri, log.get("samples") or [], _model(log))


def turn_records(chat: Chat, dialogue: Dialogue) -> list[TurnRecord]:
    """Return a chat as the rows of its dialogue's turns; a turn without an answer failed.

    Raises:
        BadInput: a user's message that was answered does not hold the turn's question.
    """
    answers = _answers(chat, dialogue)
    records = []
    for turn in dialogue.turns:
        text = answers.get(turn.turn)
        reason = chat.error or "the transcript has no answer to this turn"
        records.append(
            TurnRecord(
                run_id="imported",
                model=chat.model,
                dialogue_id=dialogue.dialogue_id,
                turn=turn.turn,
                status="failed" if text is None else "ok",
                error=reason if text is None else None,
                question=turn.question,
                response=text,
            )
        )
    return records


def _answers(chat: Chat, dialogue: Dialogue) -> dict[int, str]:
    """Walk through a chat; return what the assistant said after each turn's question."""
    answers: dict[int, str] = {}
    turns = iter(dialogue.turns)
    current = None
    for role, text in chat.messages:
        if role == "user":
            turn = next(turns, None)
            if turn is None:
                raise BadInput(
                    f"{chat.place}: more user messages than the {len(dialogue.turns)} turns of "
                    f"dialogue {dialogue.dialogue_id}"
                )
            if _squeezed(turn.question) not in _squeezed(text):
                raise BadInput(
                    f"{chat.place}: dialogue {dialogue.dialogue_id}, turn {turn.turn}: the user "
                    f"says {text[:_SHOWN]!r}, which does not hold the question {turn.question!r}"
                )
            current = turn.turn
        elif role == "assistant" and text.strip():
            if current is None:
                raise BadInput(f"{chat.place}: the assistant speaks before the first question")
            answers[current] = f"{answers[current]}\n{text}" if current in answers else text
    return answers


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()


def _inspect_archive(uri: str, data: bytes) -> Iterator[Chat]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(name.endswith("/sample.json") for name in names):
                raise BadInput(f"{uri} holds samples in pieces; write it anew as one .json log")
            header = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
            model = "imported" if header is None else _model(json.loads(archive.read(header)))
            files = sorted(n for n in names if n.startswith("samples/") and n.endswith(".json"))
            samples = [json.loads(archive.read(name)) for name in files]
    except (zipfile.BadZipFile, ValueError) as error:
        raise BadInput(f"{uri} is not a log of inspect_ai: {error}") from error
    except NotImplementedError as error:
        raise BadInput(
            f"{uri} is compressed as this Python cannot read ({error}); convert it with "
            "`inspect log convert --to json`"
        ) from error
    yield from _inspect_samples(uri, samples, model)


def _inspect_samples(uri: str, samples: list[Any], model: str) -> Iterator[Chat]:
    """Yield the first epoch of each sample: repeats of a dialogue are no dialogues more."""
    for sample in samples:
        if isinstance(sample, dict) and sample.get("epoch", 1) == 1:
            yield _chat(sample, f"{uri}, sample {sample.get('id')!r}", model)


def _model(log: Any) -> str:
    evaluated = log.get("eval") if isinstance(log, dict) else None
    return str((evaluated or {}).get("model") or "imported")


def _chat(document: dict[str, Any], place: str, model: str) -> Chat:
    """Read one chat: an id, and messages with role and content, as chat APIs have them."""
    named = next((document[key] for key in _IDS if document.get(key) is not None), None)
    messages = document.get("messages")
    if named is None or not isinstance(messages, list):
        raise BadInput(f"{place}: no dialogue_id, or no list of messages")
    attached = document.get("attachments") or {}
    read = []
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadInput(f"{place}: a message without a role")
        read.append((message["role"], _text(message.get("content"), attached)))
    error = document.get("error")
    return Chat(
        dialogue_id=str(named),
        messages=tuple(read),
        place=place,
        model=str(document.get("model") or model),
        error=None
        if not error
        else str(error.get("message") if isinstance(error, dict) else error),
    )


def _text(content: Any, attached: dict[str, str]) -> str:
    """Return a message's text; parts that are no text, such as images and reasoning, are not."""
    if isinstance(content, str):
        key = content.removeprefix(_ATTACHED)
        return attached.get(key, content) if content.startswith(_ATTACHED) else content
    parts = content if isinstance(content, list) else []
    texts = [p["text"] for p in parts if isinstance(p, dict) and p.get("type") == "text"]
    return "\n".join(_text(text, attached) for text in texts)


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{place} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadInput(f"{place} is not a JSON object")
    return document
