"""No way of answering without looking pays: 200 phantom dialogues; 400 in docs/measures.md."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.backends.scripted import SCRIPTS
from benchmarks.gaming import answers, phantom_lexicon, scripted_backend, values
from benchmarks.gaming_strategies import FURTHER
from conf.schema import ARTICLE_WEIGHTS, METRICS
from pipeline.metrics.base import Response
from pipeline.metrics.score_dialogue import score_dialogue
from pipeline.phantom.generate import plan_dialogue
from pipeline.stats.composite import overall_value

EVERY = (*SCRIPTS, *FURTHER)
BLIND = sorted(set(EVERY) - {"gold", "copy_previous", "one_true_claim"})
# Strategies that learned what such questions are answered with, or point at the site they name.
LEARNED = {n for n in BLIND if "prior" in n or "named_site" in n}
SILENT = {"silent", "hedge_everything"}
# Claims at fewer than half of the turns where the expert makes one.
TOO_SILENT = {
    *SILENT, "yes_sayer", "no_sayer", "constant_box", "letter_a", "parrot", "named_site",
    "nothing_abnormal",
}  # fmt: skip
# Stated bounds on overall, in shares. Blind strategies know the dialogue's vocabulary at most, and
# what was asked elsewhere; two others are told part of the truth: one finding, or the whole first
# answer with its region.
BLIND_BOUND, LEARNED_BOUND, ONE_CLAIM_BOUND, FIRST_TURN_BOUND = 0.25, 0.42, 0.35, 0.55


@pytest.fixture(scope="module")
def dialogues():
    return [plan_dialogue(11, index).dialogue for index in range(200)]


@pytest.fixture(scope="module")
def found(dialogues):
    return {script: values(script, dialogues) for script in EVERY}


def test_gold_scores_one(found):
    assert found["gold"]["overall"] == 1.0


@pytest.mark.parametrize("script", sorted(SILENT))
def test_saying_nothing_definite_gets_no_overall_and_nothing_else(found, script):
    assert found[script]["overall"] is None
    assert {found[script].get(m) for m in METRICS} == {0.0, None}
    assert found[script]["claim_coverage"] == 0.0


@pytest.mark.parametrize("script", sorted(TOO_SILENT))
def test_claiming_seldom_gets_no_overall(found, script):
    assert found[script]["claim_coverage"] < 0.5
    assert found[script]["hallucination_rate"] is None
    assert found[script]["overall"] is None


@pytest.mark.parametrize("script", sorted(set(BLIND) - TOO_SILENT))
def test_blind_strategies_stay_below_their_bound(found, script):
    assert found[script]["overall"] < (LEARNED_BOUND if script in LEARNED else BLIND_BOUND)


def test_declaring_revisions_gains_no_coherence(found):
    gained = (
        found["prior_revising"]["reasoning_coherence"]
        - (found["text_prior"]["reasoning_coherence"])
    )
    assert gained < 0.03


def test_calling_resolved_what_never_was_there_is_hallucination(found):
    resolving, plain = (found[n]["hallucination_rate"] for n in ("prior_resolving", "text_prior"))
    assert resolving > plain + 0.1


@pytest.mark.parametrize("script", sorted(set(BLIND) - LEARNED))
def test_no_blind_strategy_is_ever_visually_consistent(found, script):
    assert found[script]["visual_consistency"] == 0.0


def test_repeating_what_was_right_once_stays_below_its_bound(found):
    assert found["one_true_claim"]["overall"] < ONE_CLAIM_BOUND
    assert found["copy_previous"]["overall"] < FIRST_TURN_BOUND


def test_asserting_or_denying_everything_is_seen_as_hallucination(found):
    assert found["list_everything"]["hallucination_rate"] > 0.4
    assert found["deny_everything"]["hallucination_rate"] > 0.4


def test_silence_never_beats_an_answer_on_overall(dialogues, found):
    """Falling silent at some turns of a run never raises its overall where both have one.

    A run that is silent throughout has no overall, so it ranks below every run that has one.
    """
    assert found["silent"]["overall"] is None
    quiet = {s: quieted(s, dialogues) for s in ("gold", "copy_previous")}
    for script, overall in quiet.items():
        assert overall < found[script]["overall"]


@pytest.fixture(scope="module")
def said(dialogues):
    """What every script answers in thirty dialogues, by script and dialogue."""
    few = dialogues[:30]
    return {s: [answers(scripted_backend(s), d) for d in few] for s in SCRIPTS}


@settings(deadline=None)  # a second on two busy cores
@given(
    index=st.integers(0, 29),
    scripts=st.lists(st.sampled_from(SCRIPTS), min_size=15, max_size=15),
    quiet=st.sets(st.integers(1, 15)),
    empty=st.sampled_from([None, "", "  ", "<think>The heart is large.</think>"]),
)
def test_falling_silent_at_any_turns_never_raises_accuracy_or_consistency(
    dialogues, said, index, scripts, quiet, empty
):
    dialogue, lexicon = dialogues[index], phantom_lexicon()
    loud = {
        t.turn: said[script][index][t.turn]
        for t, script in zip(dialogue.turns, scripts, strict=False)
    }
    hushed = {n: replace(r, text=empty) if n in quiet else r for n, r in loud.items()}
    before = {s.metric: s for s in score_dialogue(dialogue, loud, lexicon, "norm1000")}
    after = {s.metric: s for s in score_dialogue(dialogue, hushed, lexicon, "norm1000")}
    for metric in ("turn_accuracy", "visual_consistency"):
        assert after[metric].denominator == before[metric].denominator
        assert after[metric].numerator <= before[metric].numerator
    if quiet >= set(loud):
        assert after["hallucination_rate"].status == "unscored", "so there is no overall"
        assert after["reasoning_coherence"].numerator == 0.0


def quieted(script, dialogues):
    """The overall of a script that is silent at every second turn."""
    backend, lexicon = scripted_backend(script), phantom_lexicon()
    sums = dict.fromkeys(METRICS, (0.0, 0.0))
    for dialogue in dialogues:
        said = {
            n: response if n % 2 else replace(response, text="")
            for n, response in answers(backend, dialogue).items()
        }
        for score in score_dialogue(dialogue, said, lexicon, "norm1000")[: len(METRICS)]:
            num, den = sums[score.metric]
            sums[score.metric] = (num + score.numerator, den + score.denominator)
    return overall_value({m: n / d for m, (n, d) in sums.items()}, ARTICLE_WEIGHTS)


def test_without_boxes_gold_answers_name_the_site_and_score_one():
    lexicon = phantom_lexicon()
    backend = scripted_backend("gold")
    backend.dialect = "none"
    sited = 0
    for index in range(150):
        dialogue = plan_dialogue(12, index).dialogue
        scores = score_dialogue(dialogue, answers(backend, dialogue), lexicon, "none")
        by_name = {s.metric: s for s in scores}
        for metric, ideal in zip(METRICS, (1.0, 1.0, 1.0, 0.0), strict=True):
            row = by_name[metric]
            if row.status == "scored":
                assert row.numerator / row.denominator == pytest.approx(ideal), dialogue
        sited += by_name["visual_consistency"].status == "scored"
    assert sited > 50


@pytest.mark.parametrize("dialect", ["norm1000", "none"])
def test_an_error_rate_of_one_is_wrong_at_every_turn(dialect):
    lexicon = phantom_lexicon()
    backend = scripted_backend("gold", error_rate=1.0)
    backend.dialect = dialect
    for index in range(100):
        dialogue = plan_dialogue(12, index).dialogue
        said: dict[int, Response] = answers(backend, dialogue)
        by_name = {s.metric: s for s in score_dialogue(dialogue, said, lexicon, dialect)}
        assert by_name["turn_accuracy"].numerator == 0.0, dialogue.dialogue_id
