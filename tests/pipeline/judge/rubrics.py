"""Rubrics and judges for the tests of judging."""

from dataclasses import replace

from conf.endpoint import EndpointConfig
from conf.judge import Criterion, JudgeConfig, Rubric

SAFETY = Criterion(name="safety", description="harm", least=1, most=5, level="ordinal")
CARE = Criterion(name="care", description="manner", least=0, most=2, level="interval")

TURNS = Rubric(
    name="turns",
    version=3,
    unit="turn",
    answer_types=("text",),
    step=None,
    shows_images=False,
    system="Judge.",
    prompt="Q $question E $expert_answer C $expert_claims A $answer",
    criteria=(SAFETY, CARE),
)
WHOLE = replace(TURNS, name="whole", unit="dialogue", answer_types=(), prompt="$transcript")

JUDGE = JudgeConfig(
    name="a",
    backend="scripted",
    model="drawn",
    structured=True,
    max_tokens=64,
    temperature=0.0,
    seed=0,
    actors=1,
    max_in_flight=8,
    engine={},
    endpoint=EndpointConfig(timeout_s=5.0, patience_s=5.0),
)
