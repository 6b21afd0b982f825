import json
from dataclasses import replace

import pytest

from conf.errors import BadInput
from pipeline.dataset.access import ALLOWED, refuse_remote
from pipeline.dataset.open import open_dataset


@pytest.fixture
def credentialed(phantom):
    opened = open_dataset(str(phantom))
    return replace(
        opened, document=json.loads(json.dumps({**opened.document, "access": "credentialed"}))
    )


def test_credentialed_data_goes_to_no_endpoint_unless_it_is_named(credentialed, monkeypatch):
    refuse_remote(credentialed, "vllm", "the model")
    with pytest.raises(BadInput, match="gpt is an endpoint"):
        refuse_remote(credentialed, "openai", "the judge gpt")
    monkeypatch.setenv(ALLOWED, "other, phantom")
    refuse_remote(credentialed, "openai", "the judge gpt")


def test_open_data_may_go_anywhere(phantom):
    refuse_remote(open_dataset(str(phantom)), "openai", "the model")
