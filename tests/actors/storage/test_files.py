import pyarrow as pa
import pytest

from actors.storage.files import (
    exists,
    filesystem,
    join,
    list_files,
    read_bytes,
    read_json,
    read_parquet,
    remove,
    write_bytes,
    write_json,
    write_parquet,
)
from conf.errors import BadInput, InfrastructureError
from pipeline.runs.directory import RunDirectory


@pytest.fixture(params=["local", "memory"])
def root(request, tmp_path):
    return str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}"


def test_what_is_written_is_read_back(root):
    write_bytes(join(root, "a/b.bin"), b"one")
    write_bytes(join(root, "a/b.bin"), b"two")
    assert read_bytes(join(root, "a/b.bin")) == b"two"
    write_json(join(root, "a/c.json"), {"x": [1, None]})
    assert read_json(join(root, "a/c.json")) == {"x": [1, None]}
    table = pa.table({"n": [1, 2]})
    write_parquet(join(root, "a/t.parquet"), table)
    assert read_parquet(join(root, "a/t.parquet")).equals(table)


def test_listings_are_sorted_and_skip_partial_files(root):
    for name in ("b.parquet", "a.parquet", "c.txt", ".d.parquet", "_e.parquet"):
        write_bytes(join(root, "l", name), b"x")
    assert list_files(join(root, "l"), ".parquet") == [
        join(root, "l/a.parquet"),
        join(root, "l/b.parquet"),
    ]
    assert list_files(join(root, "nothing"), ".parquet") == []


def test_a_write_that_fails_leaves_neither_file_nor_remains(tmp_path, monkeypatch):
    write_bytes(str(tmp_path / "a"), b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(InfrastructureError, match="cannot be written: disk"):
        write_bytes(str(tmp_path / "a"), b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_removing_what_is_not_there_is_no_error(root):
    remove(join(root, "ghost"))
    write_bytes(join(root, "real"), b"x")
    remove(join(root, "real"))
    assert not exists(join(root, "real"))


def test_bad_json_and_unknown_schemes_are_named(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadInput, match=r"x\.json is not valid JSON"):
        read_json(str(tmp_path / "x.json"))
    with pytest.raises(BadInput, match=r"y\.json is missing"):
        read_json(str(tmp_path / "y.json"))
    with pytest.raises(BadInput, match="nope"):
        filesystem("nope://x")


def test_a_run_directory_is_output_model_fingerprint():
    run = RunDirectory.of("s3://bucket/runs/", "m", "abc")
    assert run.turns == "s3://bucket/runs/m/abc/turns"
    assert run.report("json") == "s3://bucket/runs/m/abc/report.json"
    assert RunDirectory.of("/", "m", "abc").root == "/m/abc"
