"""Reasoning taken off before an answer is judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parsing.reasoning import strip_reasoning


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("Yes.", "Yes."),
        ("<think>No? Yes!</think>Yes.", "Yes."),
        ("<think>\na\n</think>\n\nNo.\n", "No."),
        ("still thinking</think>No.", "No."),  # the template opened it in the prompt
        ("<thinking>a</thinking>B", "B"),
        ("[THINK]a[/THINK] B", "B"),
        ("◁think▷a◁/think▷B", "B"),
        ("<unused94>thought\na<unused95>B", "B"),
        ("<think>a</think>B<think>c</think>", "B"),
    ],
)
def test_final_answer_is_what_remains(text, final):
    stripped = strip_reasoning(text)
    assert stripped.final == final
    assert not stripped.unclosed
    assert bool(stripped.removed) == (stripped.final != text.strip())


def test_reasoning_that_never_ends_leaves_no_answer():
    stripped = strip_reasoning("<think>Yes. It must be")
    assert stripped.final == ""
    assert stripped.unclosed
    assert stripped.removed == len("<think>Yes. It must be")


PIECES = ("<think>", "</think>", "[THINK]", "[/THINK]", "yes", " ", "\n")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_mark_survives(text):
    final = strip_reasoning(text).final
    assert not any(mark in final for mark in ("<think>", "</think>", "[THINK]", "[/THINK]"))
