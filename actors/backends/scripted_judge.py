"""A judge without an engine: deterministic verdicts made from the requested JSON schema alone.

In: ``ChatRequest`` with a ``json_schema``. Out: ``ChatReply``. For dry runs of a jury and for tests
of its arithmetic. ``model`` names the script: ``lowest`` and ``highest`` grade so throughout,
``drawn`` draws each grade from the prompt and the judge's seed, ``prose`` answers without JSON.
"""

import hashlib
import json
import random

from actors.backends.base import ChatReply
from actors.conversation import ChatRequest
from actors.schema import Dialogue
from conf.errors import ConfigError
from conf.judge import JudgeConfig

JUDGE_SCRIPTS = ("lowest", "highest", "drawn", "prose")


def judge_backend(judge: JudgeConfig, dataset_uri: str) -> "ScriptedJudge":
    """Make the backend behind a judge; a script reads no image."""
    return ScriptedJudge(judge)


class ScriptedJudge:
    """The scripted judge of a ``JudgeConfig``; raises ConfigError for an unknown script."""

    def __init__(self, judge: JudgeConfig) -> None:
        if judge.model not in JUDGE_SCRIPTS:
            raise ConfigError(
                f"judges.model is {judge.model!r}; a scripted one is {', '.join(JUDGE_SCRIPTS)}"
            )
        self._script = judge.model

    def open(self, dialogue: Dialogue) -> "ScriptedJudge":
        """Return the judge itself: a request holds all it uses."""
        return self

    def close(self) -> None:
        """Do nothing: no engine runs."""

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Answer by the script; never fails."""
        if self._script == "prose" or request.json_schema is None:
            return ChatReply(text="The answer seems reasonable.", finish_reason="stop")
        drawn_from = f"{request.seed}\x1f{request.message.text}".encode()
        rng = random.Random(hashlib.sha256(drawn_from).digest())
        verdict: dict[str, object] = {}
        for name, form in json.loads(request.json_schema)["properties"].items():
            grades = form.get("enum")
            if not grades:
                verdict[name] = f"scripted: {self._script}"
            elif self._script == "drawn":
                verdict[name] = rng.choice(grades)
            else:
                verdict[name] = grades[0 if self._script == "lowest" else -1]
        return ChatReply(text=json.dumps(verdict), finish_reason="stop")
