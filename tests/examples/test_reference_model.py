from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PIL
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, AutoProcessor

from actors.backends.chat_template import chat_messages
from actors.conversation import Conversation
from actors.gold import gold_answer
from examples.reference_model.attention import use_plain_attention
from examples.reference_model.check import overlap
from examples.reference_model.detection import cell_targets, lesion_words, words
from examples.reference_model.learner import Learner
from examples.reference_model.pool import Material, batches, collate, normalise
from examples.reference_model.samples import COORDINATE, READ, Encoder, on_grid
from examples.reference_model.settings import DIALECT, HELD_OUT_SEED, Training, rate
from examples.reference_model.train import train
from pipeline.checkpoint.tiny import TinyShape
from pipeline.phantom.generate import stream

CHECKPOINTS = Path(__file__).parents[2] / "examples/reference_model/checkpoints"
NAMES = ("early", "middle", "final")
FINAL = CHECKPOINTS / "final"


@pytest.fixture(scope="module")
def processor():
    return AutoProcessor.from_pretrained(FINAL)


@pytest.fixture(scope="module")
def encoder(processor):
    return Encoder(processor)


@pytest.fixture(scope="module")
def dialogues():
    drawn = stream(HELD_OUT_SEED)
    return [next(drawn) for _ in range(12)]


def material(encoder, dialogue, pixels):
    shown = [name for turn in dialogue.turns for name in turn.image_ids]
    targets = [cell_targets(dialogue, name, 8, lesion_words()) for name in shown]
    return Material(
        sample=encoder.sample(dialogue, pixels),
        marks=np.stack([marks for marks, _ in targets]),
        boxes=np.stack([boxes for _, boxes in targets]),
    )


@pytest.fixture(scope="module")
def batch(encoder, processor, dialogues):
    materials = [material(encoder, *drawn) for drawn in dialogues[:4]]
    return collate(materials, processor.tokenizer.pad_token_id)


@pytest.mark.parametrize("name", NAMES)
def test_checkpoint_loads_with_under_three_million_parameters(name):
    model = AutoModelForImageTextToText.from_pretrained(CHECKPOINTS / name)
    assert 1_000_000 < sum(p.numel() for p in model.parameters()) < 3_000_000


def test_checkpoints_together_stay_below_12_megabytes():
    assert sum(f.stat().st_size for f in CHECKPOINTS.rglob("*") if f.is_file()) < 12_000_000


def test_checkpoints_differ():
    weights = [load_file(CHECKPOINTS / name / "model.safetensors") for name in NAMES]
    key = "model.connector.modality_projection.proj.weight"
    assert not torch.equal(weights[0][key], weights[1][key])
    assert not torch.equal(weights[1][key], weights[2][key])


def test_pixels_equal_those_of_the_processor(processor, encoder, dialogues):
    for dialogue, pixels in dialogues:
        for image in dialogue.images:
            picture = PIL.fromarray(pixels[image.image_id]).convert("RGB")
            ours = normalise(torch.from_numpy(encoder.pixels(picture)))
            out = processor.image_processor(images=[[picture]], return_tensors="pt")
            assert (ours - out["pixel_values"][0, 0]).abs().max() < 1e-5
            assert out["pixel_attention_mask"].all()


def test_ids_equal_those_of_the_processor_for_the_whole_dialogue(processor, encoder, dialogues):
    for dialogue, pixels in dialogues:
        messages, answers = whole_dialogue(dialogue)
        pictures = [
            PIL.fromarray(pixels[name]).convert("RGB")
            for turn in dialogue.turns
            for name in turn.image_ids
        ]
        text = processor.apply_chat_template(messages)
        out = processor(text=[text], images=[pictures], add_special_tokens=False)
        ids, kinds = encoder.tokens(dialogue)
        # The template ends on a line break after the last answer, which nobody asks for.
        assert out["input_ids"][0][: len(ids)] == ids.tolist()
        assert len(out["input_ids"][0]) - len(ids) <= 1
        learnt = processor.tokenizer.decode(ids[kinds != READ])
        assert learnt == "".join(f" {answer}<end_of_utterance>" for answer in answers)


def whole_dialogue(dialogue):
    """Return a dialogue with its gold answers as one list of chat messages."""
    dialogue = on_grid(dialogue)
    conversation = Conversation(dialogue, box_dialect=DIALECT, seed=0)
    answers = []
    for turn in dialogue.turns:
        request = conversation.next_request()
        answers.append(gold_answer(dialogue, turn, DIALECT))
        conversation.accept(answers[-1])
    messages = chat_messages(request, answers[:-1])
    last = {"role": "assistant", "content": [{"type": "text", "text": answers[-1]}]}
    return [*messages, last], answers


def test_every_box_is_learnt_as_four_coordinates(encoder, dialogues):
    for dialogue, _ in dialogues:
        _, kinds = encoder.tokens(dialogue)
        boxed = sum(turn.region_id is not None for turn in dialogue.turns)
        assert (kinds == COORDINATE).sum() == 4 * boxed


def test_grid_moves_no_edge_by_more_than_half_a_step(dialogues):
    for dialogue, _ in dialogues:
        for region, moved in zip(dialogue.regions, on_grid(dialogue).regions, strict=True):
            image = dialogue.image(region.image_id)
            scale = np.array([image.width, image.height] * 2)
            shift = np.abs(np.array(region.box) - np.array(moved.box)) / scale
            assert shift.max() <= 0.005 + 1e-9


def learner(model, encoder):
    return Learner(model, encoder.coordinate_ids(), encoder.word_ids(lesion_words()))


@torch.no_grad()
def test_learner_agrees_with_the_models_own_forward_pass(processor, encoder, dialogues, batch):
    model = AutoModelForImageTextToText.from_pretrained(FINAL, dtype=torch.float32).eval()
    expected, wanted, image = [], [], 0
    for (dialogue, _), row, kinds in zip(dialogues, batch.ids, batch.kinds, strict=False):
        ids = row[None, : len(encoder.tokens(dialogue)[0])]
        pixels = batch.pixels[None, image : image + len(dialogue.images)]
        image += len(dialogue.images)
        out = model(input_ids=ids, pixel_values=pixels).logits[0].argmax(-1)
        learnt = kinds[1 : ids.shape[1]] != READ
        expected.append(out[:-1][learnt])
        wanted.append(ids[0, 1:][learnt])
    use_plain_attention(model)
    said, gold, _ = learner(model, encoder).predict(batch)
    assert torch.equal(said, torch.cat(expected))
    assert torch.equal(gold, torch.cat(wanted))


def test_perfect_answers_cost_no_coordinate_loss_beyond_the_blur(batch, encoder):
    model = AutoModelForImageTextToText.from_pretrained(FINAL, dtype=torch.float32)
    losses = learner(model, encoder)(batch)
    assert 0 <= losses.coordinates.item() < 2.0
    assert losses.words.item() < 1.0
    assert losses.detection.item() > 0


def test_cells_under_a_lesion_carry_its_words_and_box(dialogues):
    names = lesion_words()
    for dialogue, _ in dialogues:
        for region in dialogue.regions:
            image = dialogue.image(region.image_id)
            marks, boxes = cell_targets(dialogue, image.image_id, 8, names)
            box = np.array(region.box) / np.array([image.width, image.height] * 2)
            held = np.isclose(boxes, box, atol=1e-6).all(1)
            concept = next(
                f.concept for f in dialogue.findings if f.referent_id == region.referent_id
            )
            assert held.any()
            said = {names[n] for n in np.flatnonzero(marks[held].any(0))}
            assert said >= words({concept, region.site})
            assert marks[np.isnan(boxes[:, 0])].sum() == 0


def test_overlap_is_intersection_over_union():
    one = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0]])
    other = torch.tensor([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    assert torch.allclose(overlap(one, other), torch.tensor([1 / 3, 1.0, 0.0]))


def test_batches_of_a_window_show_every_dialogue_once(encoder, dialogues):
    window = [material(encoder, *drawn) for drawn in dialogues]
    found = list(batches(window, 4, seed=3, padding=0))
    lengths = sorted(int((row != 0).sum()) for b in found for row in b.ids)
    assert lengths == sorted(len(m.sample.ids) for m in window)


def test_learning_rate_rises_holds_and_falls_to_zero():
    training = Training(warm_up=0.1, cool_down=0.5)
    assert rate(0.05, training) == pytest.approx(0.5)
    assert rate(0.3, training) == 1.0
    assert rate(0.75, training) == pytest.approx(0.5)
    assert rate(1.0, training) == 0.0


SMALL = Training(
    shape=TinyShape(
        image_size=56,
        patch_size=14,
        scale_factor=1,
        vision_width=32,
        vision_layers=1,
        text_width=32,
        text_layers=1,
        heads=2,
        vocabulary=1536,
    ),
    held_out=4,
    seeing=2,
    steps=4,
    batch=4,
    warm_up=0.0,
    early=0.25,
    middle=0.5,
    log_every=2,
    state_every=3,
    threads=1,
)


def test_interrupted_training_ends_in_the_same_loadable_checkpoint(tmp_path):
    train(tmp_path, SMALL)
    before = load_file(tmp_path / "final" / "model.safetensors")
    start = load_file(tmp_path / "early" / "model.safetensors")
    (tmp_path / "final" / "model.safetensors").unlink()
    train(tmp_path, SMALL)  # goes on from the state after step 3
    after = load_file(tmp_path / "final" / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert any(not torch.equal(before[name], start[name]) for name in before)
    AutoModelForImageTextToText.from_pretrained(tmp_path / "final")
    AutoProcessor.from_pretrained(tmp_path / "final")
