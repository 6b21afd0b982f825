import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parsing.phrases import phrase_matches, token_f1


@pytest.mark.parametrize(
    ("text", "accepted", "same"),
    [
        ("The right hemisphere.", ["Right hemisphere"], True),
        ("Answer: DWI", ["dwi"], True),
        ("right", ["Right hemisphere"], False),
        ("the left lung", ["left lung", "lung"], True),
        ("lung", ["left lung", "lung"], True),
        ("nodule", ["no"], False),
        ("5.5 cm", ["5.5 cm"], True),
        ("55 cm", ["5.5 cm"], False),
        ("肺部。", ["肺部"], True),
        ("答案：肺", ["肺"], True),
        ("", ["x"], False),
        ("A", ["a"], True),
    ],
)
def test_a_phrase_matches_whole_and_apart_from_case_articles_and_punctuation(text, accepted, same):
    assert phrase_matches(text, accepted) is same


def test_token_f1_counts_shared_words():
    assert token_f1("left lung base", ["the left lung"]) == pytest.approx(0.8)
    assert token_f1("liver", ["spleen"]) == 0.0
    assert token_f1("肺叶", ["肺"]) == pytest.approx(2 / 3)


@given(st.text(alphabet="ab 肺1.", max_size=12), st.text(alphabet="ab 肺1.", max_size=12))
def test_token_f1_is_symmetric_in_0_to_1_and_1_for_a_match(a, b):
    assert 0.0 <= token_f1(a, [b]) <= 1.0
    assert token_f1(a, [b]) == pytest.approx(token_f1(b, [a]))
    if phrase_matches(a, [b]):
        assert token_f1(a, [b]) == 1.0
