"""One reader of yes and no, held to what its two callers read before: claims and answers.

``yes_no.json`` holds a letter per text (y, n, u, or a dot for none) of ``leading_answer`` and of
``parse_boolean``, so that a change of the grammar shows in all it changes. It was recorded anew
when an intensifier stopped being an answer ("Definitely no" is no, "Correct the" is none), an
answer's name was read past in every form, and doubt within was given to both readings. New labelled
sentences go to the end of their file and are not compared.
"""

import json

from pipeline.claims import leading_answer
from pipeline.parsing.answers import parse_boolean
from tests.pipeline.parsing.yes_no_forms import LETTERS, RECORDED, openings, sentences

BEFORE = json.loads(RECORDED.read_text(encoding="utf-8"))


def test_every_labelled_sentence_and_generated_opening_is_read_as_before():
    texts = sentences() | openings()
    assert texts.keys() == BEFORE.keys()
    for key, (leads, booleans) in BEFORE.items():
        for text, lead, boolean in zip(texts[key], leads, booleans, strict=False):
            assert LETTERS[leading_answer(text)] == lead, text
            assert LETTERS[parse_boolean(text)] == boolean, text


def test_the_recorded_openings_show_every_verdict_and_where_the_two_readings_differ():
    leads, booleans = ("".join(column) for column in zip(*BEFORE.values(), strict=True))
    assert all(min(leads.count(c), booleans.count(c)) > 1000 for c in LETTERS.values())
    assert sum(a != b for a, b in zip(leads, booleans, strict=True)) > 1000
