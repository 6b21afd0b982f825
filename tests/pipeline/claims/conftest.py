import pytest

from pipeline.claims import packaged_lexicon
from pipeline.dataset.lexicon import Lexicon


@pytest.fixture(scope="session")
def clinical() -> Lexicon:
    return packaged_lexicon("clinical")
