"""The text-only prior: answers from the words of the questions, of a dialogue of any seed."""

from actors.backends.text_prior import keys_of, packaged_prior, prior_from
from benchmarks.text_prior import learned
from pipeline.phantom.generate import plan_dialogue


def test_it_answers_from_questions_and_options_alone():
    prior = packaged_prior()
    for index in range(40):
        questions = []
        for turn in plan_dialogue(5, index).dialogue.turns:
            questions.append(turn.question)
            answer = prior.answer(questions, turn.choices)
            assert answer == prior.answer(list(questions), turn.choices)
            assert answer.text
            if turn.choices:
                assert answer.text[8] in "ABCDEFGH"[: len(turn.choices)]


def test_a_site_that_a_question_names_decides_the_box_until_another_is_named():
    prior = packaged_prior()
    site = next(n for n in prior.boxes if n and n not in prior.topics)
    other = next(n for n in prior.boxes if n and n not in (*prior.topics, site))
    asked = [f"Describe the {site}.", "Mark it."]
    assert prior.answer(asked, ()).box == prior.boxes[site]
    assert prior.answer([*asked, f"What is in the {other}?"], ()).box == prior.boxes[other]


def test_what_is_learned_is_the_most_frequent_answer():
    prior = prior_from(learned(seed=3, dialogues=150))
    questions = ["What is the diagnosis?"]
    key = keys_of(questions, prior.topics)[-1]
    options = prior.options[key]
    best = max(options, key=lambda name: options[name][0])
    assert prior.answer(questions, ("nothing", best)).text.startswith("Answer: B.")
