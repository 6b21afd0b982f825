"""Claims counted apart: unlisted findings and errors in attributes."""

from tests.pipeline.metrics.cases import claim, dialogue, finding, rows, turn, value


def test_findings_of_the_packaged_lexicon_alone_are_counted_apart():
    case = dialogue(turn(1, "text", "x"), findings=(finding("nodule"),))
    row = rows(case, {1: "A nodule. There is cardiomegaly. Atelectasis is possible."})
    assert (row["hallucination_rate"].numerator, row["hallucination_rate"].denominator) == (0, 1)
    assert (row["unlisted_findings"].numerator, row["unlisted_findings"].denominator) == (1, 2)


def test_what_the_lexicon_reads_in_the_same_words_is_not_unlisted():
    case = dialogue(turn(1, "text", "x"), findings=(finding("effusion"),))
    assert value(case, {1: "A pleural effusion."}, "unlisted_findings") == 0


def test_a_grouped_attribute_is_held_against_findings_and_the_experts_claims():
    by_rows = dialogue(turn(1, "text", "x"), findings=(finding("spiculated"),))
    by_expert = dialogue(turn(1, "text", "x", claims=(claim("spiculated"),)))
    for case in (by_rows, by_expert):
        assert value(case, {1: "It is spiculated."}, "attribute_errors") == 0
        assert value(case, {1: "It is smooth."}, "attribute_errors") == 1
    silent = dialogue(turn(1, "text", "x"), findings=(finding("nodule"),))
    assert value(silent, {1: "It is smooth."}, "attribute_errors") is None
