"""The reference checkpoint behind vLLM's own server and in process: the same answers.

Both engines have the same settings and answer greedily in float32. The server is sent text and
tokenises the history anew; in process it stays token-exact.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.load import load
from pipeline.run import evaluate
from pipeline.runs.directory import RunDirectory
from tests.engine.server import vllm_server
from tests.pipeline.finished_runs import assert_one_row_per_turn, summary_rows, turn_rows

pytestmark = pytest.mark.engine

CHECKPOINT = Path(__file__).parents[2] / "examples/reference_model/checkpoints/final"
CONTEXT = 2048


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    with vllm_server(CHECKPOINT, "reference", folder, f"--max-model-len={CONTEXT}") as url:
        yield url


@pytest.fixture(scope="module")
def through_endpoint(
    server: str, phantom: Path, tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    return evaluate(
        load(
            "endpoint",
            [
                *_common(phantom, tmp_path_factory.mktemp("served")),
                "model.source=reference",
                f"model.endpoint.base_url={server}",
                "model.endpoint.api_key_env=null",
            ],
        )
    )


@pytest.fixture(scope="module")
def in_process(
    through_endpoint: RunDirectory, phantom: Path, tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    return evaluate(
        load(
            "demo",
            [
                *_common(phantom, tmp_path_factory.mktemp("engine")),
                f"model.source={CHECKPOINT}",
                "model.engine.max_num_seqs=16",
            ],
        )
    )


def _common(phantom: Path, folder: Path) -> list[str]:
    return [
        f"dataset.uri={phantom}",
        f"output={folder}",
        "model.name=reference",
        "model.box_dialect=norm1000",
        "sampling.max_tokens=48",
        "compute.tasks_per_actor=16",
        "scoring.resamples=50",
    ]


def test_answers_and_scores_through_the_endpoint_are_those_in_process(
    through_endpoint, in_process, phantom
):
    assert_one_row_per_turn(through_endpoint, phantom)
    served = {(r["dialogue_id"], r["turn"]): r for r in turn_rows(through_endpoint).to_pylist()}
    own = {(r["dialogue_id"], r["turn"]): r for r in turn_rows(in_process).to_pylist()}
    assert {r["status"] for r in served.values()} == {"ok"}
    differing = [k for k in own if own[k]["response"].strip() != served[k]["response"].strip()]
    for key in differing[:5]:
        print(key, repr(own[key]["response"]), repr(served[key]["response"]))
    share = 1 - len(differing) / len(own)
    print(f"{100 * share:.1f} % of {len(own)} answers are identical")
    tokens = [k for k in own if own[k]["prompt_tokens"] != served[k]["prompt_tokens"]]
    print(f"{len(tokens)} prompts of another length")
    assert share >= 0.98
    values = {}
    for name, run in (("served", through_endpoint), ("own", in_process)):
        values[name] = {
            r["metric"]: r["value"] for r in summary_rows(run) if r["group_kind"] == "overall"
        }
    for metric in ("turn_accuracy", "visual_consistency", "hallucination_rate"):
        assert values["served"][metric] == pytest.approx(values["own"][metric], abs=0.02)
