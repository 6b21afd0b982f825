"""Calls to storage: tried again where that may help, and failures told in one sentence.

In: a call that reads or writes a whole thing, so that it can be made again. Out: its result.
``IMCBENCH_STORAGE_PATIENCE_S`` (default 120) is how long a call is tried again, in seconds; the
client's own retries come on top.
"""

import errno
import logging
import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

import aiohttp
import botocore.exceptions
import botocore.parsers

from conf.errors import BadInput, InfrastructureError, StorageDown

logger = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 15.0
# Bytes that were cut or garbled on their way; s3fs gives these the number of a bad argument.
_GARBLED = frozenset({"IncompleteBody", "BadDigest"})
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PERMANENT = frozenset(
    {
        errno.EACCES, errno.EEXIST, errno.EINVAL, errno.EISDIR, errno.EMSGSIZE, errno.ENAMETOOLONG,
        errno.ENOENT, errno.ENOSPC, errno.ENOSYS, errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM,
    }
)  # fmt: skip
# What a storage client raises, beside FileNotFoundError and PermissionError, which are OSErrors.
_NETWORK = (
    aiohttp.ClientError,
    botocore.exceptions.ConnectionError,
    botocore.exceptions.HTTPClientError,
    botocore.exceptions.IncompleteReadError,
    botocore.parsers.ResponseParserError,
)
_STORAGE_ERRORS = (OSError, botocore.exceptions.BotoCoreError, *_NETWORK)


def with_retries(uri: str, done: str, call: Callable[[], T]) -> T:
    """Make a call until it succeeds, fails for good, or the time for trying is over.

    A call on a local path is made once.

    Args:
        uri: what the call is about.
        done: what the call does to it, as in "cannot be read".
        call: takes nothing; may be made several times.

    Raises:
        FileNotFoundError: there is nothing there.
        BadInput: no permission, no credentials: trying again is no use.
        StorageDown: it failed in passing ways for too long.
        InfrastructureError: a local disk is full or broken.
    """
    ends = time.monotonic() + float(os.environ.get("IMCBENCH_STORAGE_PATIENCE_S", "120"))
    is_remote = "://" in uri and not uri.startswith("file://")
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return call()
        except FileNotFoundError:
            raise
        except _STORAGE_ERRORS as error:
            if not (is_remote and is_passing(error)):
                raise _translated(uri, done, error) from error
            # Jitter: a thousand actors that were throttled together must not come back together.
            wait = pause * random.uniform(0.5, 1.0)
            if time.monotonic() + wait > ends:
                sentence = f"{uri} cannot be {done}: storage is down: {_in_one_line(error)}"
                raise StorageDown(sentence) from error
            logger.warning("%s: %s; tried again in %.1f s", uri, _in_one_line(error), wait)
        time.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


def is_passing(error: BaseException) -> bool:
    """Return whether an error of storage may go away by itself."""
    if isinstance(error, _NETWORK):
        return True
    if not isinstance(error, OSError):
        return False
    response = getattr(error.__cause__, "response", None) or {}
    if response.get("Error", {}).get("Code") in _GARBLED:
        return True
    kind = FileNotFoundError | PermissionError | FileExistsError
    return not isinstance(error, kind) and error.errno not in _PERMANENT


def _translated(uri: str, done: str, error: BaseException) -> BadInput | InfrastructureError:
    sentence = f"{uri} cannot be {done}: {_in_one_line(error)}"
    if getattr(error, "errno", None) in _FULL or is_passing(error):
        return InfrastructureError(sentence)
    return BadInput(sentence)


def _in_one_line(error: BaseException) -> str:
    message = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(message).split())
