"""Reasoning taken off before an answer is judged."""

import re
from importlib.util import find_spec
from pathlib import Path

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
        ("<Think>a</THINK>B", "B"),
        ("<think:opensource>a</think:opensource>B", "B"),
        ("<reasoning>a</reasoning><answer>B</answer>", "B"),
        ("<|channel>thought\na\n<channel|>B<turn|>", "B"),
        ("thought\nB", "B"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>", "B"),
        ("<|open|>think<|sep|>a<|close|>think<|sep|><|open|>response<|sep|>B", "B"),
        ("<|content_thinking|>a<|end_message|><|message_model|><|content_text|>B", "B"),
        ("to=self<|message|>a<|eom|><|start|>assistant to=user<|message|>B<|eot|>", "B"),
        ("Here is my thought process: a Here is my response: B", "B"),
        ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>B<|end_of_solution|>", "B"),
        (
            "<SUMMARY>a</SUMMARY><CAPTION>b</CAPTION><REASONING>c</REASONING>"
            "<CONCLUSION>B</CONCLUSION>",
            "B",
        ),
        (
            "(Here begins the REASONING stage) a (Here ends the REASONING stage)\n"
            "(Here begins the CONCLUSION stage) B (Here ends the CONCLUSION stage)",
            "B",
        ),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final"
            "<|message|>B<|return|>",
            "B",
        ),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final "
            "<|constrain|>json<|message|>B",
            "B",
        ),
        ("analysisThe user asks. B?assistantfinalB", "B"),
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


@pytest.mark.parametrize(
    "text",
    [
        "<|channel>thought\nmaybe B",
        "<seed:think>maybe B",
        "<|channel|>analysis<|message|>maybe B",
        "(Here begins the REASONING stage) maybe B",
    ],
)
def test_an_answer_cut_off_while_reasoning_is_none_in_every_family(text):
    stripped = strip_reasoning(text)
    assert (stripped.final, stripped.unclosed) == ("", True)


def test_a_region_is_kept_as_it_was_written_beside_the_words():
    text = '<think>a</think>{"answer": "Yes", "bbox_2d": [1, 2, 3, 4]}'
    stripped = strip_reasoning(text)
    assert (stripped.final, stripped.body) == ("Yes", text.removeprefix("<think>a</think>"))


def marks_of_vllm() -> set[tuple[str, str]]:
    """Return the pairs of reasoning marks that stand as literals in vLLM's parsers."""
    spec = find_spec("vllm")
    if spec is None or not spec.submodule_search_locations:
        return set()
    root = Path(spec.submodule_search_locations[0])
    files = [*root.glob("reasoning/*.py"), *root.glob("parser/*.py")]
    literals = {
        literal
        for path in files
        for literal in re.findall(r"[\"']([^\"'\s]{3,40})[\"']", path.read_text(encoding="utf-8"))
        if re.search(r"think", literal, re.IGNORECASE) and literal[0] in "<[◁"
    }
    closings = (("</", "<"), ("END_", "START_"), ("end_", "begin_"), ("close|", "open|"))
    return {
        (closing.replace(end, start, 1), closing)
        for closing in literals
        for end, start in closings
        if closing.replace(end, start, 1) in literals - {closing} and "{" not in closing
    }


def test_the_marks_of_vllms_reasoning_parsers_are_known():
    marks = marks_of_vllm()
    if not marks:
        pytest.skip("vLLM is not installed")
    assert len(marks) >= 9
    for opening, closing in marks:
        assert strip_reasoning(f"{opening}maybe A{closing}B").final == "B", opening
        assert strip_reasoning(f"maybe A{closing}B").final == "B", closing
        assert strip_reasoning(f"{opening}maybe A").unclosed, opening


PIECES = ("<think>", "</think>", "[THINK]", "[/THINK]", "yes", " ", "\n")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_mark_survives(text):
    final = strip_reasoning(text).final
    assert not any(mark in final for mark in ("<think>", "</think>", "[THINK]", "[/THINK]"))
