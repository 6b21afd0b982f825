"""A checkpoint's first five minutes: one phantom dialogue, from the command line."""

from pathlib import Path

import pytest
from PIL import Image as PIL
from PIL import ImageColor

from pipeline import cli
from pipeline.trial.picture import ANNOTATED, ANSWERED
from tests.actors.backends.transformers_runs import REFERENCE


def test_a_dialogue_is_asked_printed_and_its_boxes_drawn(tmp_path, capsys):
    picture = tmp_path / "boxes" / "try.png"
    arguments = ["model", "try", REFERENCE, "--backend", "transformers", "--picture", str(picture)]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    assert " | <bos>System: You are a physician" in printed, "the prompt as the template writes it"
    for word in ("asked", "expected", "answered", "annotated", "box read"):
        assert word in printed
    assert f"{picture}: 2 regions" in printed
    with PIL.open(picture) as drawn:
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(2**20)}
    assert {ImageColor.getrgb(ANNOTATED), ImageColor.getrgb(ANSWERED)} <= colours


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere is no folder, and no hub id"),
        ([REFERENCE, "--backend", "transformers", "model.engine.block_size=32"], "block_size"),
        ([REFERENCE, "--backend", "onnx"], "model.backend is 'onnx'"),
        ([REFERENCE, "--dialect", "qwen25", "--backend", "transformers"], "resizes is not known"),
    ],
)
def test_what_cannot_be_tried_is_said_in_one_sentence(arguments, message, capsys, tmp_path):
    assert cli.main(["model", "try", *arguments, "--picture", str(tmp_path / "x.png")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list(Path(tmp_path).iterdir())
