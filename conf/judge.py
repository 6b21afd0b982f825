"""How a run is judged: judges, rubrics, and the jury they form.

In: YAML of ``conf/judge.yaml``'s and ``conf/rubrics/*.yaml``'s form. Out: frozen dataclasses,
checked where they are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from conf.backends import JUDGE_BACKENDS
from conf.checks import at_least, name_folder, one_of
from conf.endpoint import EndpointConfig, ServedModel
from conf.errors import ConfigError
from conf.load import build, read_document

LEVELS = ("nominal", "ordinal", "interval")
UNITS = ("turn", "dialogue")
# The placeholders of a rubric's prompt, by its unit. Texts are inserted as JSON strings.
PLACEHOLDERS = {
    "turn": frozenset({"question", "choices", "expert_answer", "expert_claims", "answer"}),
    "dialogue": frozenset({"findings", "transcript"}),
}


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    """One judge and how it is reached.

    ``model`` is the served model's id (openai, anthropic), a checkpoint (vllm) or a script
    (scripted); ``endpoint`` says how a served model is reached. Each of ``actors`` has at most
    ``max_in_flight`` requests open. ``engine`` goes to vLLM as it is.
    ``structured`` makes the engine keep to the verdict's JSON schema; off for endpoints that
    refuse one.
    """

    name: str
    backend: str
    model: str
    structured: bool
    max_tokens: int
    temperature: float
    seed: int
    actors: int
    max_in_flight: int
    engine: dict[str, Any]
    endpoint: EndpointConfig

    def __post_init__(self) -> None:
        """Check the values."""
        name_folder("judges.name", self.name)
        if self.name == "jury":
            raise ConfigError("judges.name is 'jury', which names all judges together")
        one_of("judges.backend", self.backend, JUDGE_BACKENDS)
        at_least("judges", self, max_tokens=1, temperature=0, seed=0)
        at_least("judges", self, actors=1, max_in_flight=1)

    @property
    def loads_checkpoint(self) -> bool:
        """Return whether ``model`` is a checkpoint that an engine on this cluster loads."""
        return JUDGE_BACKENDS[self.backend].loads_checkpoint

    def served_model(self) -> ServedModel:
        """Return the model behind the endpoint."""
        return ServedModel(
            model=self.model,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=1.0,
            endpoint=self.endpoint,
        )


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing graded, in whole numbers from ``least`` to ``most``; higher is better.

    ``level`` is how far its grades can be compared: it decides the form of agreement.
    """

    name: str
    description: str
    least: int
    most: int
    level: str

    def __post_init__(self) -> None:
        """Check the values."""
        name_folder("criteria.name", self.name)
        if self.name == "reason":
            raise ConfigError("criteria.name is 'reason', which every verdict has already")
        if self.least >= self.most:
            raise ConfigError(f"criteria.{self.name}: least {self.least} is not below {self.most}")
        if self.level not in LEVELS:
            raise ConfigError(f"criteria.{self.name}: level {self.level!r}, not one of {LEVELS}")


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """A question to judges, and what it is about; raise ``version`` with every change.

    ``answer_types`` and ``step``: of a turn rubric the turns it is about, of a dialogue rubric the
    dialogues that have such a turn; empty and None mean all. ``shows_images``: the judge gets the
    model's images.
    """

    name: str
    version: int
    unit: str
    answer_types: tuple[str, ...]
    step: str | None
    shows_images: bool
    system: str
    prompt: str
    criteria: tuple[Criterion, ...]

    def __post_init__(self) -> None:
        """Check the values."""
        name_folder("rubric.name", self.name)
        if self.unit not in UNITS:
            raise ConfigError(f"rubric {self.name}: unit is {self.unit!r}, not one of {UNITS}")
        if not self.criteria:
            raise ConfigError(f"rubric {self.name} has no criteria")
        template = Template(self.prompt)
        unknown = set(template.get_identifiers()) - PLACEHOLDERS[self.unit]
        if unknown or not template.is_valid():
            known = ", ".join(sorted(PLACEHOLDERS[self.unit]))
            raise ConfigError(
                f"rubric {self.name}: prompt names {sorted(unknown)}; a {self.unit} has {known}"
            )


@dataclass(frozen=True, kw_only=True)
class JudgingConfig:
    """The rubrics to judge by, and who judges."""

    rubrics: tuple[Rubric, ...]
    judges: tuple[JudgeConfig, ...]

    def __post_init__(self) -> None:
        """Check the values."""
        for what, names in (("rubrics", self.rubrics), ("judges", self.judges)):
            listed = [n.name for n in names]
            if not listed or len(set(listed)) < len(listed):
                raise ConfigError(f"{what} is empty or names one twice: {listed}")


@dataclass(frozen=True, kw_only=True)
class _JudgingFile:
    rubrics: tuple[str, ...]
    judges: tuple[JudgeConfig, ...]


def load_judging(path: str, overrides: Sequence[str] = ()) -> JudgingConfig:
    """Read who judges and by what; rubrics are named as packaged ones, or as files.

    Raises:
        ConfigError: one sentence that names the key.
    """
    file = build(_JudgingFile, read_document(path, overrides))
    rubrics = tuple(load_rubric(name) for name in file.rubrics)
    return JudgingConfig(rubrics=rubrics, judges=file.judges)


def load_rubric(name: str) -> Rubric:
    """Read a packaged rubric by its name, or a file by its path; raises ConfigError."""
    file = Path(name)
    if not file.suffix:
        file = Path(__file__).parent / "rubrics" / f"{name}.yaml"
    return build(Rubric, read_document(str(file)), "rubric")
