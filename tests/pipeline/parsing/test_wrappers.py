"""What is wrapped around an answer, taken off."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.parsing.wrappers import unwrap


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<answer>B</answer>", "B"),
        ("<answer>B", "B"),
        ("<ANSWER>\nB\n</ANSWER>", "B"),
        ("<|begin_of_box|>B<|end_of_box|>", "B"),
        ("$\\boxed{\\text{B}}$", "B"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("```\nB\n```", "B"),
        ('```json\n{"answer": "B"}\n```', "B"),
        ('[{"answer": "B"}]', "B"),
        ("{'final_answer': 'B'}", "B"),
        ('{"answer": true}', "yes"),
        ('{"answer": 12, "unit": "mm", "confidence": 0.9}', "12 mm"),
        ('{"answer": ["B"]}', "B"),
        ('{"answer": "B", "expl', "B"),
        ("B<|im_end|>", "B"),
        ("B</s>", "B"),
        ("B<end_of_turn>\n<start_of_turn>user\nAnd A?", "B"),
        ("assistant\nB", "B"),
        ("Assistant: B", "B"),
        ("B", "B"),
        ("A nodule < 3 mm, not > 5 mm", "A nodule < 3 mm, not > 5 mm"),
        ('{"nodule": false}', '{"nodule": false}'),
    ],
)
def test_the_words_of_an_answer_are_left(text, words):
    assert unwrap(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "The apex is bright. <answer>B</answer>",
        "The apex is bright.\n\\boxed{B}",
        '{"answer": "B", "explanation": "The apex is bright.", "reasoning": "A or B?"}',
        'The apex is bright. {"answer": "B"}',
    ],
)
def test_a_wrapped_answer_beside_other_words_is_named_and_the_words_stay(text):
    lines = [line for line in unwrap(text).splitlines() if line.strip()]
    assert "Final answer: B." in lines
    assert [line.strip() for line in lines if "Final" not in line] == ["The apex is bright."]


PIECES = (
    *("<answer>", "</answer>", "\\boxed{", "}", "{", '"answer": ', '"B"', "```", "json", "\n", "B"),
    *("<|im_end|>", "<|begin_of_box|>", "$", "\\text{", "[ANSWER]", "'answer': ", "x", " ", ":"),
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_unwrapped_without_error(text):
    assert isinstance(unwrap(text), str)


@given(st.sampled_from(("B", "Yes", "12 mm", "There is a nodule.")), st.integers(0, 3))
def test_unwrapping_twice_changes_nothing(answer, way):
    text = (
        f"<answer>{answer}</answer>",
        f"So it is. \\boxed{{{answer}}}",
        json.dumps({"answer": answer, "why": "it is bright"}),
        f"```\n{answer}\n```",
    )[way]
    assert unwrap(unwrap(text)) == unwrap(text)
