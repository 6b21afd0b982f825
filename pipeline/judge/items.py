"""The prompts for a judge: one per turn or dialogue that a rubric is about.

In: dialogues, the model's responses, a rubric and the judge. Out: ``JudgeItem``: the prompt, and a
key of judge, rubric version, prompt and sampling, by which a verdict can be looked up. A judge
learns neither the model's name nor its score. Reasoning and box markup are taken off the model's
text, as for the rules. Texts are inserted as JSON strings: an answer cannot end its quotation.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from string import Template
from typing import Any

from actors.checkpoints import weights_id
from actors.schema import Claim, Dialogue, Image, Turn
from conf.judge import JudgeConfig, Rubric
from pipeline.judge.verdict import system_text, verdict_schema
from pipeline.metrics.base import Response
from pipeline.parsing.boxes import strip_boxes
from pipeline.parsing.reasoning import strip_reasoning

WHOLE = 0  # the turn number of what is judged as a whole dialogue


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeItem:
    """One turn or dialogue to be judged. ``prompt`` None: the model gave no answer."""

    dialogue_id: str
    turn: int
    rubric: Rubric
    system: str
    prompt: str | None
    images: tuple[Image, ...]

    @property
    def prompt_sha256(self) -> str:
        """Hash the texts and images that the judge is given, and the form of its reply."""
        images = [i.sha256 for i in self.images]
        return _sha256([self.system, self.prompt, verdict_schema(self.rubric), images])


def items(
    dialogue: Dialogue, responses: Mapping[int, Response], rubric: Rubric, dialect: str
) -> Iterator[JudgeItem]:
    """Yield the items of one dialogue by a rubric, in order of the turns."""
    system = system_text(rubric)
    answers = {t.turn: _final(responses.get(t.turn), dialect) for t in dialogue.turns}
    about = [t for t in dialogue.turns if _is_about(rubric, t)]
    if rubric.unit == "dialogue":
        if about:
            answered = any(answers.values())
            prompt = _fill(rubric, _dialogue_texts(dialogue, answers)) if answered else None
            images = dialogue.images if rubric.shows_images else ()
            yield JudgeItem(
                dialogue_id=dialogue.dialogue_id,
                turn=WHOLE,
                rubric=rubric,
                system=system,
                prompt=prompt,
                images=images,
            )
        return
    for turn in about:
        answer = answers[turn.turn]
        yield JudgeItem(
            dialogue_id=dialogue.dialogue_id,
            turn=turn.turn,
            rubric=rubric,
            system=system,
            prompt=_fill(rubric, _turn_texts(turn, answer)) if answer else None,
            images=_shown(dialogue, turn) if rubric.shows_images else (),
        )


def judge_id(judge: JudgeConfig) -> str:
    """Identify a judge by its model, not by where it is served."""
    if judge.loads_checkpoint:
        return weights_id(judge.model)
    return f"{judge.backend}:{judge.model}"


def verdict_key(item: JudgeItem, judge: JudgeConfig, identity: str) -> str:
    """Identify one verdict: item, judge, rubric, prompt and sampling; 32 hex digits."""
    sampling: list[Any] = [judge.max_tokens, judge.temperature, judge.seed, judge.structured]
    if judge.endpoint.extra:
        sampling.append(judge.endpoint.extra)
    rubric = [item.rubric.name, item.rubric.version]
    what = [item.dialogue_id, item.turn]
    return _sha256([judge.name, identity, rubric, what, item.prompt_sha256, sampling])[:32]


def _is_about(rubric: Rubric, turn: Turn) -> bool:
    if rubric.answer_types and turn.answer_type not in rubric.answer_types:
        return False
    return rubric.step is None or turn.step == rubric.step


def _final(response: Response | None, dialect: str) -> str:
    """Return the final answer without reasoning and markup.

    Empty for a failed or missing turn, and for an answer without a letter or a digit.
    """
    if response is None or response.text is None:
        return ""
    final = strip_boxes(strip_reasoning(response.text).body, dialect).strip()
    return final if any(c.isalnum() for c in final) else ""


def _shown(dialogue: Dialogue, turn: Turn) -> tuple[Image, ...]:
    ids = [i for t in dialogue.turns if t.turn <= turn.turn for i in t.image_ids]
    return tuple(dialogue.image(i) for i in ids)


def _fill(rubric: Rubric, texts: Mapping[str, Any]) -> str:
    quoted = {name: json.dumps(text, ensure_ascii=False) for name, text in texts.items()}
    return Template(rubric.prompt).substitute(quoted)


def _turn_texts(turn: Turn, answer: str) -> dict[str, Any]:
    return {
        "question": turn.question,
        "choices": list(turn.choices),
        "expert_answer": _expert(turn),
        "expert_claims": [_claim(c) for c in turn.claims],
        "answer": answer,
    }


def _dialogue_texts(dialogue: Dialogue, answers: Mapping[int, str]) -> dict[str, Any]:
    findings = [
        _claim(Claim(concept=f.concept, present=f.present, site=f.site, change=f.change))
        for f in dialogue.findings
    ]
    transcript = [
        {
            "turn": t.turn,
            "question": t.question,
            **({"choices": list(t.choices)} if t.choices else {}),
            "expert": _expert(t),
            "model": answers[t.turn] or "(no answer)",
        }
        for t in dialogue.turns
    ]
    return {"findings": findings, "transcript": transcript}


def _expert(turn: Turn) -> str:
    """Return the expert's answer, the option's text beside its letter."""
    if turn.answer_type == "choice" and turn.answer and turn.answer in _LETTERS:
        index = _LETTERS.index(turn.answer)
        if index < len(turn.choices):
            return f"{turn.answer}. {turn.choices[index]}"
    if turn.answer is not None:
        return turn.answer.replace("_", " ") if turn.answer_type == "concept" else turn.answer
    return "; ".join(_claim(c) for c in turn.claims) or "(a region of the image)"


def _claim(claim: Claim) -> str:
    words = [claim.concept if claim.present else f"no {claim.concept}"]
    words += [f"at {claim.site}"] if claim.site else []
    words += [f"({claim.change})"] if claim.change else []
    return " ".join(words).replace("_", " ")


def task_row(item: JudgeItem, key: str, *, structured: bool) -> dict[str, Any]:
    """Return the row of JUDGE_TASK_SCHEMA that an actor takes."""
    return {
        "key": key,
        "system": item.system,
        "prompt": item.prompt,
        "json_schema": verdict_schema(item.rubric) if structured else None,
        "images": [asdict(i) for i in item.images],
    }


def _sha256(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
