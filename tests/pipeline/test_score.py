"""Scoring folders of turn outputs, ours or somebody else's."""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.storage.files import read_parquet, write_parquet
from conf.errors import BadInput
from conf.schema import ScoringConfig
from pipeline.cli import main
from pipeline.dataset.open import Gold, open_dataset
from pipeline.reduce import reduce_scores
from pipeline.runs.directory import RunDirectory
from pipeline.score import _connected, plan_units, score_unit
from pipeline.tables.scores import read_scores
from pipeline.tables.turns import declared_dialect
from tests.pipeline.finished_runs import summary_rows, turn_rows, value

pytestmark = pytest.mark.usefixtures("ray_cluster")
NEEDED = ["dialogue_id", "turn", "status", "response"]
SCORING = ScoringConfig(resamples=100)


@pytest.fixture(scope="module")
def dataset(phantom):
    return open_dataset(str(phantom))


def score_cli(dataset, turns, output, resamples="200"):
    return main(
        [
            "score",
            f"--dataset={dataset}",
            f"--turns={turns}",
            f"--output={output}",
            f"--resamples={resamples}",
        ]
    )


def split(table, folder, parts, seed=0):
    """Write rows into ``parts`` files in a random order, dialogues torn apart."""
    folder.mkdir()
    order = list(range(table.num_rows))
    random.Random(seed).shuffle(order)
    for n in range(parts):
        pq.write_table(table.take(order[n::parts]), folder / f"x{n}.parquet")


def test_any_folder_with_four_columns_can_be_scored(answered, phantom, tmp_path, capsys):
    split(turn_rows(answered).select(NEEDED), tmp_path / "turns", parts=3)
    out = tmp_path / "out"
    code = score_cli(phantom, tmp_path / "turns", out)
    assert code == 0
    assert summary_rows(RunDirectory(str(out))) == summary_rows(answered)
    assert (out / "report.json").exists()
    assert "Turn accuracy" in capsys.readouterr().out


def test_missing_dialogues_and_turns_count_as_wrong(answered, phantom, tmp_path):
    rows = turn_rows(answered).select(NEEDED).to_pylist()
    ids = sorted({r["dialogue_id"] for r in rows})
    kept = [r for r in rows if r["dialogue_id"] != ids[0] and r["turn"] != 2]
    (tmp_path / "turns").mkdir()
    pq.write_table(pa.Table.from_pylist(kept), tmp_path / "turns" / "a.parquet")
    code = score_cli(phantom, tmp_path / "turns", tmp_path / "out", "0")
    assert code == 0
    run = RunDirectory(str(tmp_path / "out"))
    (row,) = (
        r for r in summary_rows(run) if r["metric"] == "turn_accuracy" and r["group"] == "all"
    )
    assert row["n_dialogues"] == len(ids)
    assert row["n_failed"] == len(ids)  # every dialogue lacks its second turn
    assert row["denominator"] == len(rows)
    assert value(run, "failed_turns") == (len(rows) - len(kept)) / len(rows)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.drop_columns(["response"]), "lacks the column 'response'"),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "has two rows"),
        (
            lambda t: t.set_column(0, "dialogue_id", pa.array(["ghost"] * t.num_rows)),
            "'ghost' turn 1 is not in the dataset",
        ),
        (
            lambda t: t.set_column(1, "turn", pa.array([77] * t.num_rows, pa.int32())),
            "turn 77 is not in the dataset",
        ),
        (
            lambda t: t.set_column(2, "status", pa.array(["maybe"] * t.num_rows)),
            "status is 'maybe'",
        ),
    ],
)
def test_bad_turn_outputs_are_named(change, word, answered, phantom, tmp_path, capsys):
    table = (
        turn_rows(answered)
        .select(NEEDED)
        .sort_by([("dialogue_id", "ascending"), ("turn", "ascending")])
    )
    (tmp_path / "turns").mkdir()
    pq.write_table(change(table), tmp_path / "turns" / "bad.parquet")
    code = score_cli(phantom, tmp_path / "turns", tmp_path / "out")
    printed = capsys.readouterr().err
    assert code == 2
    assert word in printed
    assert "bad.parquet" in printed
    assert "Traceback" not in printed


def test_truncated_and_absent_turn_files_are_named(answered, phantom, tmp_path, dataset):
    (tmp_path / "turns").mkdir()
    with pytest.raises(BadInput, match=r"no \.parquet"):
        plan_units(str(tmp_path / "turns"), dataset.dialogues())
    (tmp_path / "turns" / "cut.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadInput, match=r"cut\.parquet cannot be read"):
        plan_units(str(tmp_path / "turns"), dataset.dialogues())


def test_mixed_dialects_are_refused(tmp_path):
    for name, dialect in (("a", "pixels"), ("b", "norm1")):
        table = pa.table({"x": [1]}).replace_schema_metadata({"box_dialect": dialect})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(BadInput, match="mixes the box dialects norm1, pixels"):
        declared_dialect(str(tmp_path))


def test_scoring_again_replaces_scores_of_an_earlier_cut(answered, phantom, tmp_path):
    for parts in (4, 2):
        folder = tmp_path / f"turns{parts}"
        split(turn_rows(answered), folder, parts=parts)
        score_cli(phantom, folder, tmp_path / "out")
        assert summary_rows(RunDirectory(str(tmp_path / "out"))) == summary_rows(answered)


@pytest.mark.parametrize("seed", range(5))
def test_any_sharding_and_order_gives_the_same_summary(seed, answered, dataset, tmp_path):
    """Through Parquet: dialogues cut into random units, score rows shuffled into random files."""
    rng = random.Random(seed)
    gold = Gold(dataset=dataset, dialogues=dataset.dialogues())
    split(turn_rows(answered), tmp_path / "turns", parts=rng.randint(1, 7), seed=seed)
    units = plan_units(str(tmp_path / "turns"), gold.dialogues)
    table = pa.concat_tables(score_unit(unit, gold, "norm1000").scores for unit in units)
    order = list(range(table.num_rows))
    rng.shuffle(order)
    cut = sorted(rng.sample(range(1, table.num_rows), rng.randint(0, 9)))
    for n, (lo, hi) in enumerate(zip([0, *cut], [*cut, len(order)], strict=True)):
        write_parquet(str(tmp_path / "out" / "scores" / f"{n}.parquet"), table.take(order[lo:hi]))
    summary = reduce_scores(read_scores(str(tmp_path / "out")), ScoringConfig(resamples=200))
    assert summary.equals(read_parquet(answered.summary))


@given(st.dictionaries(st.text("abcdef", max_size=3), st.sets(st.integers(0, 12)), max_size=8))
def test_files_that_share_a_dialogue_are_scored_together(by_file):
    named = {uri: {str(i) for i in ids} for uri, ids in by_file.items()}
    groups = _connected(named)
    assert sorted(uri for group in groups for uri in group) == sorted(named)
    ids = [set().union(*(named[uri] for uri in group)) for group in groups]
    assert sum(len(i) for i in ids) == len(set().union(*ids)) if ids else True


@pytest.mark.parametrize("columns", [NEEDED, [*NEEDED, "input_sizes"]])
def test_boxes_in_input_pixels_without_the_sizes_are_bad_input(
    columns, answered, phantom, tmp_path, capsys
):
    split(turn_rows(answered).select(columns), tmp_path / "turns", parts=1)
    arguments = ["--dataset", phantom, "--turns", tmp_path / "turns", "--output", tmp_path / "out"]
    assert main(["score", *map(str, arguments), "--box-dialect", "qwen25"]) == 2
    printed = capsys.readouterr().err
    assert "answered turns have no input_sizes" in printed
    assert not (tmp_path / "out" / "scores").exists()


def test_boxes_in_input_pixels_are_read_with_the_sizes(answered, phantom, tmp_path):
    rows = turn_rows(answered).select(NEEDED).to_pylist()
    dialogues = {d["dialogue_id"]: d for d in open_dataset(str(phantom)).dialogues().to_pylist()}
    for row in rows:
        images = dialogues[row["dialogue_id"]]["images"]
        row["input_sizes"] = [
            {"image_id": i["image_id"], "width": i["width"], "height": i["height"]} for i in images
        ]
    (tmp_path / "turns").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "turns" / "x.parquet")
    arguments = ["--dataset", phantom, "--turns", tmp_path / "turns", "--output", tmp_path / "out"]
    assert main(["score", *map(str, arguments), "--box-dialect", "qwen25"]) == 0


def test_chats_of_another_system_score_as_the_same_turn_outputs(answered, phantom, tmp_path):
    chats: dict[str, list[dict]] = {}
    for row in turn_rows(answered).sort_by([("turn", "ascending")]).to_pylist():
        chats.setdefault(row["dialogue_id"], []).extend(
            [
                {"role": "user", "content": row["question"]},
                {"role": "assistant", "content": row["response"]},
            ]
        )
    lines = [json.dumps({"dialogue_id": i, "messages": m}) for i, m in chats.items()]
    (tmp_path / "chats.jsonl").write_text("\n".join(lines))
    assert score_cli(phantom, tmp_path / "chats.jsonl", tmp_path / "out") == 0
    assert summary_rows(RunDirectory(str(tmp_path / "out"))) == summary_rows(answered)
