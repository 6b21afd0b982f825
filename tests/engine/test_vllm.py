"""The real engine, once: vLLM's CPU build, a tiny model, the whole path."""

import itertools
import math
import shutil
from pathlib import Path

import pytest

from actors.backends.vllm_engine import VllmBackend
from conf.errors import ConfigError
from conf.load import load
from pipeline.checkpoint.tiny import init_tiny
from pipeline.commands.model import phantom_corpus
from pipeline.dataset.open import open_dataset
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory
from tests.pipeline.finished_runs import assert_one_row_per_turn, turn_rows

BLOCK = 32
MAX_TOKENS = 24
CONTEXT = 800


@pytest.fixture(scope="module")
def broken(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A copy of the phantom with one image missing, one altered; dialogue ids by what is wrong."""
    target = tmp_path_factory.mktemp("broken") / "phantom"
    shutil.copytree(phantom, target)
    rows = open_dataset(str(target)).dialogues().to_pylist()
    (target / rows[0]["images"][0]["uri"]).unlink()
    image = target / rows[1]["images"][0]["uri"]
    image.write_bytes(image.read_bytes()[:-1] + b"x")
    return {
        "uri": str(target),
        "missing": rows[0]["dialogue_id"],
        "altered": rows[1]["dialogue_id"],
    }


@pytest.fixture(scope="module")
def run(broken: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    folder = tmp_path_factory.mktemp("engine")
    init_tiny(folder / "tiny", phantom_corpus(50))
    return evaluate(
        load(
            "demo",
            [
                f"dataset.uri={broken['uri']}",
                f"model.source={folder / 'tiny'}",
                f"output={folder / 'runs'}",
                f"model.engine.max_model_len={CONTEXT}",
                f"model.engine.block_size={BLOCK}",
                f"sampling.max_tokens={MAX_TOKENS}",
                "scoring.resamples=50",
                "compute.max_failed_share=1",
            ],
        )
    )


@pytest.fixture(scope="module")
def turns(run: RunDirectory) -> dict[str, list[dict]]:
    """Turn records by dialogue, in order."""
    found: dict[str, list[dict]] = {}
    for row in sorted(turn_rows(run).to_pylist(), key=lambda r: (r["dialogue_id"], r["turn"])):
        found.setdefault(row["dialogue_id"], []).append(row)
    return found


def test_every_turn_is_there_once_whatever_failed(run, broken):
    assert_one_row_per_turn(run, Path(broken["uri"]))


def test_image_faults_fail_their_dialogues_turns_with_the_reason(turns, broken):
    for kind, word in (("missing", "is missing"), ("altered", "SHA-256 differs")):
        rows = turns[broken[kind]]
        assert {r["status"] for r in rows} == {"failed"}
        assert all(word in r["error"] for r in rows)
        assert all(r["response"] is None for r in rows)


def test_a_turn_that_does_not_fit_fails_and_is_not_truncated(turns):
    failed = [
        r for rows in turns.values() for r in rows if "context too short" in (r["error"] or "")
    ]
    assert failed, "no dialogue outgrew the context: lower CONTEXT"
    answered = [r for rows in turns.values() for r in rows if r["status"] == "ok"]
    assert all(r["prompt_tokens"] + MAX_TOKENS <= CONTEXT for r in answered)


def test_answers_carry_the_engines_own_counts(turns):
    for rows in turns.values():
        for row in rows:
            if row["status"] == "ok":
                assert 0 < row["completion_tokens"] <= MAX_TOKENS
                assert row["finish_reason"] in ("stop", "length")
                assert row["latency_s"] > 0


def test_from_the_second_turn_on_the_cache_covers_prompt_and_answer_before(turns):
    """Down to the block size; the KV of the very last generated token is not computed yet."""
    pairs = 0
    for rows in turns.values():
        for before, row in itertools.pairwise(rows):
            if before["status"] == row["status"] == "ok":
                seen = before["prompt_tokens"] + before["completion_tokens"] - 1
                assert row["cached_tokens"] >= math.floor(seen / BLOCK) * BLOCK
                assert row["prompt_tokens"] > seen
                pairs += 1
    assert pairs > 50


def test_a_dialect_that_needs_unknown_sizes_is_refused_before_the_engine_starts():
    config = load("demo", ["model.box_dialect=qwen25"])
    with pytest.raises(ConfigError, match=r"how Idefics3ImageProcessor.* resizes is not known"):
        VllmBackend(config.model, config.sampling, config.dataset.uri)
