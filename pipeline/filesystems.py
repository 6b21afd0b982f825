"""Filesystems behind paths and URIs, and calls to them that end in a result or in one sentence.

In: a local path or a fsspec URI (s3://...). Out: the fsspec filesystem, or what a call to it gave.
"""

import errno
from collections.abc import Callable
from typing import Any, TypeVar

import fsspec

from actors.patience import STORAGE_ERRORS, StorageDown, brief, passing, patiently
from conf.errors import BadInput, InfrastructureError
from conf.uris import refuse_credentials

T = TypeVar("T")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def filesystem(uri: str) -> tuple[Any, str]:
    """Give the fsspec filesystem and the path in it.

    Raises:
        BadInput: no filesystem is known for the URI's scheme.
        ConfigError: there are credentials in the URI.
    """
    refuse_credentials("a URI", uri)
    try:
        fs, path = fsspec.core.url_to_fs(uri)
    except (ValueError, ImportError) as error:
        raise BadInput(f"{uri}: {error}") from error
    return fs, path


def is_local(uri: str) -> bool:
    """Tell whether a path lies on a mounted filesystem."""
    protocol = filesystem(uri)[0].protocol
    return "file" in (protocol if isinstance(protocol, tuple) else (protocol,))


def attempt(uri: str, done: str, call: Callable[[], T]) -> T:
    """Make a call to storage and say in one sentence why it failed.

    Raises:
        FileNotFoundError: there is nothing there.
        BadInput: no permission, no credentials: trying again is no use.
        InfrastructureError: storage is down or full.
    """
    try:
        return patiently(uri, call)
    except FileNotFoundError:
        raise
    except StorageDown as error:
        raise InfrastructureError(f"{uri} cannot be {done}: storage is down: {error}") from error
    except STORAGE_ERRORS as error:
        sentence = f"{uri} cannot be {done}: {brief(error)}"
        if getattr(error, "errno", None) in _FULL or passing(error):
            raise InfrastructureError(sentence) from error
        raise BadInput(sentence) from error
