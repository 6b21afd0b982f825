import pytest

from actors.schema import Dialogue
from pipeline.phantom.generate import plan_dialogue


@pytest.fixture(scope="session")
def dialogues() -> list[Dialogue]:
    """Rows alone, no pixels: about two seconds for 1,500."""
    return [plan_dialogue(0, index).dialogue for index in range(1500)]
