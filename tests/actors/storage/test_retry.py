import errno

import pytest

from actors.storage.retry import is_passing, with_retries
from conf.errors import BadInput, InfrastructureError, StorageDown


class Flaky:
    """Fails so many times, then gives 7."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.calls = times, error, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return 7


BUSY = OSError(errno.EBUSY, "SlowDown")


def test_what_passes_is_tried_again():
    flaky = Flaky(2, BUSY)
    assert with_retries("s3://b/k", "read", flaky) == 7
    assert flaky.calls == 3


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (FileNotFoundError(), FileNotFoundError),
        (PermissionError(), BadInput),
        (OSError(errno.EINVAL, "bad"), BadInput),
        (KeyError("x"), KeyError),
    ],
)
def test_what_does_not_pass_is_not_tried_again(error, raised):
    flaky = Flaky(1, error)
    with pytest.raises(raised):
        with_retries("s3://b/k", "read", flaky)
    assert flaky.calls == 1


def test_retries_end(monkeypatch):
    monkeypatch.setenv("IMCBENCH_STORAGE_PATIENCE_S", "0.6")
    flaky = Flaky(1000, BUSY)
    with pytest.raises(StorageDown, match="s3://b/k cannot be read: storage is down: SlowDown"):
        with_retries("s3://b/k", "read", flaky)
    assert 2 <= flaky.calls < 8


def test_a_local_path_is_tried_once():
    flaky = Flaky(1, OSError(errno.EIO, "disk"))
    with pytest.raises(InfrastructureError, match="disk"):
        with_retries("/data/x", "read", flaky)
    assert flaky.calls == 1


def test_a_body_cut_on_its_way_passes_although_its_number_says_otherwise():
    error = OSError(errno.EINVAL, "IncompleteBody")
    assert not is_passing(error)
    error.__cause__ = type(
        "Cause", (Exception,), {"response": {"Error": {"Code": "IncompleteBody"}}}
    )()
    assert is_passing(error)
