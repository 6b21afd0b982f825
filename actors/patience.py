"""Calls to object storage, which fails now and then: tried again, ever more slowly, up to a limit.

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

logger = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 15.0
# Bytes that were cut or garbled on their way; s3fs gives these the number of a bad argument.
_GARBLED = frozenset({"IncompleteBody", "BadDigest"})
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
STORAGE_ERRORS = (OSError, botocore.exceptions.BotoCoreError, *_NETWORK)


class StorageDown(Exception):
    """Storage failed for longer than there is patience; nothing is known of what was asked."""


def patiently(uri: str, call: Callable[[], T]) -> T:
    """Make a call until it succeeds, fails for good, or patience ends; on a local path, once.

    Raises:
        StorageDown: it failed in passing ways for too long.
        Exception: what ``call`` raised, if trying again is no use (not found, not allowed, ...).
    """
    if "://" not in uri or uri.startswith("file://"):
        return call()
    ends = time.monotonic() + float(os.environ.get("IMCBENCH_STORAGE_PATIENCE_S", "120"))
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return call()
        except STORAGE_ERRORS as error:
            if not passing(error):
                raise
            # Jitter: a thousand actors that were throttled together must not come back together.
            wait = pause * random.uniform(0.5, 1.0)
            if time.monotonic() + wait > ends:
                raise StorageDown(f"{uri}: {brief(error)}") from error
            logger.warning("%s: %s; tried again in %.1f s", uri, brief(error), wait)
        time.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


def passing(error: BaseException) -> bool:
    """Tell whether an error of storage may go away by itself."""
    if isinstance(error, _NETWORK):
        return True
    if not isinstance(error, OSError):
        return False
    response = getattr(error.__cause__, "response", None) or {}
    if response.get("Error", {}).get("Code") in _GARBLED:
        return True
    kind = FileNotFoundError | PermissionError | FileExistsError
    return not isinstance(error, kind) and error.errno not in _PERMANENT


def brief(error: BaseException) -> str:
    """Say in one line what storage said."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split())
