import pytest

from actors.conversation import Conversation, system_prompt, turn_seed
from tests.actors.dialogues import dialogue, turn


def start(*turns, seed=0):
    return Conversation(dialogue(*turns), box_dialect="norm1000", seed=seed)


def test_answers_are_fed_back_as_they_were_given():
    talk = start(turn(1, "First?", image_ids=("now",)), turn(2, "Second?"))
    talk.next_request()
    talk.accept("Yes. [1, 2, 3, 4]")
    request = talk.next_request()
    assert [(e.message.text, e.answer) for e in request.history] == [
        ("First?", "Yes. [1, 2, 3, 4]")
    ]
    assert request.message.text == "Second?"
    talk.accept("No.")
    assert talk.next_request() is None


def test_an_image_is_shown_once_at_its_turn():
    talk = start(turn(1, image_ids=("now",)), turn(2), turn(3, image_ids=("then",)))
    shown = []
    while (request := talk.next_request()) is not None:
        shown.append([i.image_id for i in request.message.images])
        talk.accept("yes")
    assert shown == [["now"], [], ["then"]]


def test_a_failed_turn_leaves_no_text_but_its_image_is_shown_again():
    talk = start(turn(1, "First?", image_ids=("now",)), turn(2, "Second?"), turn(3, "Third?"))
    talk.next_request()
    talk.fail()
    request = talk.next_request()
    assert request.history == ()
    assert [i.image_id for i in request.message.images] == ["now"]
    talk.accept("yes")
    assert talk.next_request().message.images == ()


def test_captions_tell_current_from_prior():
    talk = start(turn(1, image_ids=("now", "then")))
    assert talk.next_request().message.captions == (
        "Current image:",
        "Prior image, 90 days earlier:",
    )


def test_options_are_part_of_the_question():
    talk = start(turn(1, "Which?", answer_type="choice", choices=("left", "right"), answer="A"))
    assert talk.next_request().message.text == "Which?\nA. left\nB. right"


def test_gold_never_reaches_the_request():
    talk = start(turn(1, "Is there?", answer="yes", asks="nodule", image_ids=("now",)))
    request = talk.next_request()
    said = " ".join([request.system, request.message.text, *request.message.captions])
    assert "nodule" not in said


def test_the_protocol_states_the_declared_dialect():
    assert "0 to 1000" in system_prompt("norm1000")
    assert "bbox_2d" in system_prompt("qwen25")
    assert system_prompt("none") == system_prompt("none").strip()
    assert "region" not in system_prompt("none")


def test_seeds_depend_on_run_dialogue_and_turn_alone():
    seeds = {turn_seed(s, d, t) for s in (0, 1) for d in ("a", "b") for t in (1, 2)}
    assert len(seeds) == 8
    assert all(0 <= s < 2**31 for s in seeds)
    first = start(turn(1), turn(2), seed=3)
    second = start(turn(1), turn(2), seed=3)
    assert first.next_request().seed == second.next_request().seed == turn_seed(3, "d1", 1)


def test_misuse_is_an_error():
    talk = start(turn(1))
    with pytest.raises(RuntimeError):
        talk.accept("yes")
    talk.next_request()
    with pytest.raises(RuntimeError):
        talk.next_request()
