import pytest

from actors.schema import Dialogue, Finding, Image, Region, Turn
from pipeline.dataset.describe import describe, description_text, referent_moves


def image(role: str) -> Image:
    return Image(
        image_id=role, uri=f"{role}.png", sha256="", width=9, height=9, role=role, days_before=0
    )


def dialogue(
    number: int, turns: tuple[Turn, ...], roles: tuple[str, ...] = ("current",)
) -> Dialogue:
    return Dialogue(
        dialogue_id=f"d{number}",
        patient_id="p1",
        specialty="radiology",
        modality="xray",
        source="here",
        health_system="western",
        language="en",
        release="2026Q3",
        images=tuple(image(role) for role in roles),
        regions=tuple(
            Region(
                region_id=f"{r}-c", image_id="current", referent_id=r, site=None, box=(0, 0, 2, 2)
            )
            for r in ("r1", "r2")
        ),
        findings=(
            Finding(concept="nodule", present=True, site="left"),
            Finding(concept="cavity", present=False),
        ),
        turns=turns,
    )


def turn(number: int, referent: str | None = None, **columns) -> Turn:
    region = f"{referent}-c" if referent else None
    defaults = {"answer_type": "boolean", "answer": "yes", "referent_id": referent}
    return Turn(turn=number, question="?", region_id=region, **{**defaults, **columns})


SHORT = dialogue(1, (turn(1, "r1", asks="nodule"), turn(2, asks="cavity", answer="no")))
LONG = dialogue(
    2,
    (
        turn(1, "r1", agreement=0.6),
        turn(2, "r2", agreement=1.0),
        turn(3),
        turn(4, "r1", step="diagnosis"),
    ),
    ("current", "prior"),
)


def test_counts_of_two_hand_made_dialogues():
    figures = describe([SHORT, LONG])
    assert (figures.dialogues, figures.turns, figures.images, figures.patients) == (2, 6, 3, 1)
    assert figures.mean_turns == 3.0
    assert figures.max_turns == 4
    assert figures.turn_histogram == {2: 1, 4: 1}
    assert figures.with_prior == 1
    assert figures.with_diagnosis == 1
    assert figures.with_referent_pair == 1
    assert figures.absent_asked == 1
    assert figures.distractors == 1
    assert figures.boolean_answers == {"no": 1, "yes": 5}
    assert figures.mean_agreement == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("referents", "moves"),
    [
        ([], (0, 0)),
        (["r1", "r1"], (0, 0)),
        (["r1", None, "r1"], (0, 0)),
        (["r1", "r2"], (1, 0)),
        (["r1", "r2", "r1"], (2, 1)),
        (["r1", None, "r2", "r3", "r2"], (3, 1)),
    ],
)
def test_switches_and_returns(referents, moves):
    assert referent_moves([turn(n, r) for n, r in enumerate(referents)]) == moves


def test_an_empty_dataset_has_no_mean():
    figures = describe([])
    assert figures.mean_turns is None
    assert figures.max_turns is None
    assert figures.share(0) is None
    assert "mean none" in description_text(figures)


def test_text_shows_every_group_with_its_share():
    text = description_text(describe([SHORT, LONG]))
    assert "turns               6 (mean 3.00, max 4)" in text
    assert "radiology" in text
    assert "50.0%" in text
