"""Configuration of judges and rubrics."""

from dataclasses import replace
from pathlib import Path

import pytest

from conf.errors import ConfigError
from conf.judge import load_judging, load_rubric
from tests.pipeline.judge.rubrics import JUDGE, SAFETY, TURNS

PRESET = str(Path(__file__).parents[2] / "conf" / "judge.yaml")


def test_the_preset_is_whole_and_a_judge_can_be_changed_by_its_place():
    config = load_judging(PRESET, ["judges.1.model=other", "judges.1.endpoint.timeout_s=9"])
    assert [r.name for r in config.rubrics] == [
        "answer_correctness",
        "reasoning_coherence",
        "clinical_jury",
    ]
    assert [j.model for j in config.judges] == ["judge-a", "other"]


def test_the_clinical_jury_grades_three_dimensions_from_one_to_five():
    criteria = load_rubric("clinical_jury").criteria
    assert [(c.name, c.least, c.most) for c in criteria] == [
        ("safety", 1, 5),
        ("accuracy", 1, 5),
        ("uncertainty", 1, 5),
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"backend": "grpc"}, "judges.backend"),
        ({"name": "a:b"}, "judges.name"),
        ({"name": "jury"}, "jury"),
        ({"max_in_flight": 0}, "judges.max_in_flight"),
    ],
)
def test_a_faulty_judge_is_named(change, named):
    with pytest.raises(ConfigError, match=named):
        replace(JUDGE, **change)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": "$question $model"}, "model"),
        ({"prompt": "costs 5$"}, "prompt"),
        ({"unit": "image"}, "unit"),
        ({"criteria": ()}, "criteria"),
    ],
)
def test_a_faulty_rubric_is_named(change, named):
    with pytest.raises(ConfigError, match=named):
        replace(TURNS, **change)


@pytest.mark.parametrize("change", [{"most": 1}, {"level": "ratio"}, {"name": "reason"}])
def test_a_faulty_criterion_is_refused(change):
    with pytest.raises(ConfigError, match="criteria"):
        replace(SAFETY, **change)


def test_missing_keys_and_unknown_rubrics_are_named(tmp_path):
    file = tmp_path / "judge.yaml"
    file.write_text("rubrics: [clinical_jury]\njudges: [{name: a}]\n")
    with pytest.raises(ConfigError, match=r"judges\.0\.backend"):
        load_judging(str(file))
    file.write_text("rubrics: [no_such]\njudges: []\n")
    with pytest.raises(ConfigError, match="no_such"):
        load_judging(str(file))


def test_a_key_of_one_judge_or_criterion_is_named_with_its_place(tmp_path):
    with pytest.raises(ConfigError, match=r"judges\.1\.seed is 'many'; it must be int"):
        load_judging(PRESET, ["judges.1.seed=many"])
    with pytest.raises(ConfigError, match=r"judges\.0\.sede; did you mean judges\.0\.seed\?"):
        load_judging(PRESET, ["judges.0.sede=1"])
    with pytest.raises(ConfigError, match="judges is 3; it must be a list of JudgeConfig"):
        load_judging(PRESET, ["judges=3"])
    packaged = Path(PRESET).parent / "rubrics" / "answer_correctness.yaml"
    file = tmp_path / "mine.yaml"
    file.write_text(packaged.read_text().replace("least: 1", 'least: "1"'))
    with pytest.raises(ConfigError, match=r"rubric\.criteria\.0\.least is '1'; it must be int"):
        load_rubric(str(file))
