"""Object storage that fails: a real server, a real proxy, no cluster."""

import threading

import pyarrow as pa
import pytest
from s3fs import S3FileSystem

from actors.checkpoints import local_folder, weights_id
from actors.images import ImageStore
from actors.schema import Dialogue
from actors.storage.files import (
    exists,
    join,
    list_files,
    read_bytes,
    read_json,
    read_parquet,
    remove,
    write_bytes,
    write_new,
    write_parquet,
)
from actors.storage.filesystem import filesystem
from conf.errors import BadInput, ConfigError, InfrastructureError, StorageDown
from pipeline.dataset.open import open_dataset
from tests.actors.small_checkpoints import write_sparse
from tests.faults import s3
from tests.faults.proxy import KINDS


@pytest.fixture
def root(request, proxy) -> str:
    return f"s3://{s3.BUCKET}/{request.node.name}"


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_is_got_over_by_trying_again(kind, root, proxy):
    table = pa.table({"n": list(range(1000))})
    proxy.fail([kind], every=3)
    for n in range(3):
        write_parquet(join(root, f"t/{n}.parquet"), table)
        assert read_parquet(join(root, f"t/{n}.parquet")).equals(table)
    assert list_files(join(root, "t"), ".parquet") == [
        join(root, f"t/{n}.parquet") for n in (0, 1, 2)
    ]
    assert proxy.done[kind] >= 2


def test_an_upload_that_is_cut_is_never_seen(root, proxy, monkeypatch):
    write_bytes(join(root, "a"), b"old")
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "1")
    proxy.fail(["cut upload"])
    with pytest.raises(InfrastructureError, match="cannot be written: storage is down"):
        write_bytes(join(root, "a"), b"new" * 100_000)
    proxy.fail([])
    assert read_bytes(join(root, "a")) == b"old"
    assert list_files(root, "") == [join(root, "a")]


def test_a_large_upload_that_fails_leaves_no_parts_behind(root, proxy, monkeypatch):
    """From 100 MB on, s3fs uploads in parts."""
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "60")
    data = bytes(101 * 2**20)
    proxy.fail(["ok", "ok", "cut upload"])
    write_bytes(join(root, "large"), data)
    assert proxy.done["cut upload"]
    proxy.fail([])
    fs, path = filesystem(join(root, "large"))
    assert fs.info(path)["size"] == len(data)
    assert fs.list_multipart_uploads(s3.BUCKET) == []


def test_an_outage_longer_than_patience_is_one_sentence(root, proxy, monkeypatch):
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "1")
    proxy.fail(["503"])
    for call in (lambda: read_bytes(join(root, "a")), lambda: list_files(root, "")):
        with pytest.raises(InfrastructureError, match="storage is down") as caught:
            call()
        assert "\n" not in str(caught.value)
        assert s3.SECRET not in str(caught.value)


def test_what_cannot_pass_is_not_tried_again(root, proxy):
    proxy.fail([])
    with pytest.raises(FileNotFoundError):
        read_bytes(join(root, "nothing"))
    with pytest.raises(BadInput, match="no such bucket"):
        write_bytes("s3://there-is-none/a", b"x")
    assert list_files(join(root, "nothing"), "") == []
    assert not exists(join(root, "nothing"))
    remove(join(root, "nothing"))
    assert len(proxy.seen) < 12


def test_of_many_first_writers_one_wins(root, proxy):
    proxy.fail(["cut answer"], every=5)
    won: list[bytes] = []

    def write(name: bytes) -> None:
        if write_new(join(root, "first"), name):
            won.append(name)

    threads = [threading.Thread(target=write, args=(b"%d" % n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Where the answer to the winner was cut, it is told "somebody was first": itself.
    assert len(won) <= 1
    assert read_bytes(join(root, "first")) in (won or [b"0", b"1", b"2", b"3"])


def test_images_come_through_faults_and_an_outage_is_not_an_images_fault(
    phantom, root, proxy, monkeypatch
):
    S3FileSystem().put(str(phantom), root, recursive=True)
    dataset = open_dataset(root)
    rows = dataset.dialogues(8).to_pylist()
    proxy.fail(KINDS, every=3)
    here, there = ImageStore(str(phantom)), ImageStore(root)
    images = [i for row in rows for i in Dialogue.from_row(row).images]
    assert all(there.load(i).tobytes() == here.load(i).tobytes() for i in images)
    assert sum(proxy.done.values()) > 3
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "0.5")
    proxy.fail(["500"])
    with pytest.raises(StorageDown):
        ImageStore(root).load(images[0])


def test_weights_come_through_faults_with_the_same_identity(root, proxy, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    (folder / "nested").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "nested" / "weights.bin").write_bytes(bytes(range(256)) * 5000)
    S3FileSystem().put(str(folder), root, recursive=True)
    monkeypatch.setenv("IMCBENCH_CACHE", str(tmp_path / "cache"))
    proxy.fail(KINDS, every=2)
    assert weights_id(root) == weights_id(str(folder))
    fetched = local_folder(root)
    assert weights_id(fetched) == weights_id(str(folder))
    asked = len(proxy.seen)
    assert local_folder(root) == fetched
    assert len(proxy.seen) == asked


@pytest.mark.parametrize("secret", [s3.SECRET, s3.SECRET.replace("/", "_")])
def test_credentials_in_a_uri_are_refused_and_not_repeated(secret):
    with pytest.raises(ConfigError, match="carries credentials") as caught:
        read_json(f"s3://key:{secret}@bucket/a.json")
    assert "canary" not in str(caught.value)


def test_samples_of_large_weights_come_through_faults(root, proxy, tmp_path):
    tensors = {"a": 40 * 2**20, "b": 100, "c": 25 * 2**20}
    write_sparse(tmp_path / "model" / "model.safetensors", tensors, changed="c")
    S3FileSystem().put(str(tmp_path / "model"), root, recursive=True)
    proxy.fail(KINDS, every=2)
    assert weights_id(root) == weights_id(str(tmp_path / "model"))
    assert sum(proxy.done.values()) > 1
