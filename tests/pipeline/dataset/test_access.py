import pytest

from conf.errors import BadInput
from pipeline.dataset.access import ALLOWED, refuse_remote
from pipeline.dataset.lexicon import packaged_lexicon
from pipeline.dataset.open import Dataset


def dataset(**document):
    return Dataset("data/films", {"name": "films", **document}, packaged_lexicon("clinical"), ())


def test_credentialed_data_goes_to_no_endpoint_unless_it_is_named(monkeypatch):
    films = dataset(access="credentialed")
    for backend in ("vllm", "transformers", "scripted"):
        refuse_remote(films, backend, "the model")
    with pytest.raises(BadInput, match="gpt is an endpoint"):
        refuse_remote(films, "openai", "the judge gpt")
    monkeypatch.setenv(ALLOWED, "other, films")
    refuse_remote(films, "openai", "the judge gpt")


@pytest.mark.parametrize("document", [{}, {"access": "open"}])
def test_open_data_may_go_anywhere(document):
    refuse_remote(dataset(**document), "openai", "the model")
