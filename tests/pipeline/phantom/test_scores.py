"""What strategies without a model score on all 8,000 phantom dialogues; rows only, no images."""

from functools import cache

import pyarrow as pa
import pytest

from actors.backends.scripted import ScriptedBackend
from actors.schema import Dialogue
from benchmarks.gaming import answers
from conf.load import load
from conf.schema import ScoringConfig
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.score_dialogue import score_dialogue
from pipeline.phantom.catalogue.modalities import lexicon_document
from pipeline.phantom.generate import plan_dialogue
from pipeline.reduce import reduce_scores
from pipeline.tables.schemas import GROUP_COLUMNS

ALL_DIALOGUES = 8000


@cache
def phantom_dialogues(count: int) -> tuple[Dialogue, ...]:
    return tuple(plan_dialogue(0, index).dialogue for index in range(count))


def summary(script: str, count: int) -> dict[tuple[str, str], dict]:
    backend = ScriptedBackend(load("demo", [f"model.source={script}"]).model)
    lexicon = Lexicon.from_json(lexicon_document(), "lexicon.json")
    rows = []
    for dialogue in phantom_dialogues(count):
        responses = answers(backend, dialogue)
        groups = {n: getattr(dialogue, n) for n in ("dialogue_id", "patient_id", *GROUP_COLUMNS)}
        for score in score_dialogue(dialogue, responses, lexicon, "norm1000"):
            rows.append(
                groups
                | {
                    "metric": score.metric,
                    "numerator": score.numerator,
                    "denominator": score.denominator,
                    "status": score.status,
                }
            )
    table = reduce_scores(pa.Table.from_pylist(rows).to_pandas(), ScoringConfig(resamples=0))
    return {(r["group"], r["metric"]): r for r in table.to_pylist()}


def test_gold_answers_score_one_on_every_metric_of_all_8000_dialogues():
    found = summary("gold", ALL_DIALOGUES)
    assert found["all", "turn_accuracy"]["n_dialogues"] == ALL_DIALOGUES
    groups = {group for group, metric in found if metric == "overall"}
    assert len(groups) > 20
    for group in groups:
        assert found[group, "turn_accuracy"]["value"] == 1.0, group
        assert found[group, "visual_consistency"]["value"] == 1.0, group
        assert found[group, "reasoning_coherence"]["value"] == 1.0, group
        assert found[group, "hallucination_rate"]["value"] == 0.0, group
        assert found[group, "overall"]["value"] == pytest.approx(1.0, abs=1e-12), group


def test_answering_nothing_scores_nothing_and_never_gets_an_overall():
    found = summary("silent", 2000)
    for (group, metric), row in found.items():
        if metric == "overall":
            assert row["value"] is None, group
            assert row["reason"].startswith("undefined: hallucination_rate (claims at 0.0% of")
        if metric in ("turn_accuracy", "visual_consistency", "reasoning_coherence"):
            assert row["value"] in (0.0, None), (group, metric)
    assert found["all", "turn_accuracy"]["value"] == 0.0


def test_yes_to_everything_and_the_whole_image_is_never_consistent():
    found = summary("yes_sayer", 2000)
    assert found["all", "visual_consistency"]["value"] == 0.0
    assert found["all", "turn_accuracy"]["value"] < 0.25
