"""Answers kept: paid once, never of another version, model, parameter or sample."""

from dataclasses import replace

import pytest

from conf.errors import InfrastructureError
from tests.actors.backends.endpoints import PROTOCOLS, REQUEST, ask, backend
from tests.actors.provider import Provider, serving

OTHER = replace(REQUEST, message=replace(REQUEST.message, text="Something else?"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_request_is_paid_for_once_and_says_that_it_was_kept(protocol, tmp_path):
    provider = Provider()
    with serving(provider) as url:
        cache = str(tmp_path / "cache")
        (first,) = ask(backend(protocol, url, cache=cache), REQUEST)
        again, other, sample = ask(
            backend(protocol, url, cache=cache), REQUEST, OTHER, replace(REQUEST, seed=6)
        )
    assert len(provider.billed) == 3
    assert replace(again, served=first.served) == first
    kept = [r.served.from_cache for r in (first, again, other, sample)]
    assert kept == [None, True, None, None]


def test_an_answer_of_one_version_is_never_given_for_another(tmp_path):
    provider = Provider()
    cache = str(tmp_path)
    with serving(provider) as url:
        ask(backend("openai", url, cache=cache), REQUEST)
        provider.version = "served-2025-09-09"
        served = backend("openai", url, cache=cache)
        (shown,) = ask(served, OTHER)  # a live answer, which names the new version
        (asked,) = ask(served, REQUEST)
        (kept,) = ask(backend("openai", url, cache=cache), REQUEST)
    assert shown.served.version == asked.served.version == kept.served.version
    assert (asked.served.from_cache, kept.served.from_cache) == (None, True)
    assert len(provider.billed) == 3


def test_other_parameters_are_another_request(tmp_path):
    provider = Provider()
    with serving(provider) as url:
        ask(backend("openai", url, cache=str(tmp_path)), REQUEST)
        ask(backend("openai", url, cache=str(tmp_path), extra={"reasoning_effort": "low"}), REQUEST)
    assert len(provider.billed) == 2


def test_refusals_and_faults_are_not_kept(tmp_path):
    faults = iter(["filtered prompt", "500"])
    provider = Provider(fault=lambda asked: next(faults, None))
    with serving(provider) as url:
        served = backend("openai", url, cache=str(tmp_path))
        (refused,) = ask(served, REQUEST)
        (answered,) = ask(served, REQUEST)
    assert (refused.finish_reason, answered.finish_reason) == ("refusal", "stop")


def test_a_torn_answer_is_asked_again_and_a_folder_that_cannot_be_written_ends_the_run(tmp_path):
    provider = Provider()
    with serving(provider) as url:
        ask(backend("openai", url, cache=str(tmp_path / "c")), REQUEST)
        (kept,) = (tmp_path / "c").glob("??/*.json")
        kept.write_text(kept.read_text()[:40])
        ask(backend("openai", url, cache=str(tmp_path / "c")), REQUEST)
        assert len(provider.billed) == 2
        (tmp_path / "file").write_text("")
        with pytest.raises(InfrastructureError):
            ask(backend("openai", url, cache=str(tmp_path / "file")), REQUEST)
