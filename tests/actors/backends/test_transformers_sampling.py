"""Tokens drawn from logits: penalties, and what each setting leaves to be drawn."""

import pytest
import torch
from transformers import RepetitionPenaltyLogitsProcessor

from actors.backends.sampling_values import drawn_values
from actors.backends.transformers_sampling import TokenChoice
from conf.model import SamplingConfig

LOGITS = torch.tensor([4.0, 3.0, 2.0, 1.0, -1.0])


def choice(**changes) -> TokenChoice:
    base = {"max_tokens": 8, "temperature": 0.0, "top_p": 1.0, "seed": 0}
    return TokenChoice(drawn_values(SamplingConfig(**base | changes), {}))


def drawn(chooser: TokenChoice, draws: int = 200) -> set[int]:
    states = [chooser.begin([], seed) for seed in range(draws)]
    return set(chooser.choose(LOGITS.expand(draws, -1), states))


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"temperature": 0.0}, {0}),
        ({"temperature": 3.0}, {0, 1, 2, 3, 4}),
        ({"temperature": 3.0, "top_k": 2}, {0, 1}),
        ({"temperature": 1.0, "top_p": 0.6}, {0}),
        ({"temperature": 1.0, "top_p": 0.8}, {0, 1}),
        ({"temperature": 1.0, "min_p": 0.3}, {0, 1}),
    ],
)
def test_a_setting_leaves_the_likeliest_tokens(settings, left):
    assert drawn(choice(**settings)) == left


def test_repetition_is_penalised_as_transformers_does_over_prompt_and_answer():
    chooser = choice(repetition_penalty=1.9)
    draw = chooser.begin([4], 0)
    tokens = [chooser.choose(LOGITS[None], [draw])[0] for _ in range(4)]
    expected, seen = [], [4]
    penalty = RepetitionPenaltyLogitsProcessor(1.9)
    for _ in range(4):
        token = int(penalty(torch.tensor([seen]), LOGITS[None].clone()).argmax())
        expected.append(token)
        seen.append(token)
    assert tokens == expected == [0, 1, 0, 0]


def test_presence_is_penalised_in_the_answer_alone():
    chooser = choice(presence_penalty=1.5)
    draw = chooser.begin([0, 1], 0)
    assert [chooser.choose(LOGITS[None], [draw])[0] for _ in range(3)] == [0, 1, 0]


def test_the_checkpoints_own_values_count_where_they_are_asked_for():
    own = {"temperature": 0.7, "top_k": 20, "do_sample": True, "eos_token_id": 2}
    asked = SamplingConfig(max_tokens=8, temperature=0.0, top_p=0.9, seed=0)
    assert drawn_values(asked, own)["temperature"] == 0.0
    values = drawn_values(
        SamplingConfig(max_tokens=8, temperature=0.0, top_p=0.9, seed=0, source="checkpoint"), own
    )
    assert (values["temperature"], values["top_k"], values["top_p"]) == (0.7, 20, 0.9)
    assert "eos_token_id" not in values
