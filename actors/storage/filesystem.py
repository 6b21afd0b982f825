"""Filesystems behind paths and URIs.

In: a local path or a fsspec URI (s3://...). Out: the fsspec filesystem and the path in it.
"""

from typing import Any

import fsspec

from conf.errors import BadInput
from conf.uris import refuse_credentials


def filesystem(uri: str) -> tuple[Any, str]:
    """Return the fsspec filesystem and the path in it.

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
    """Return whether a path lies on a mounted filesystem."""
    protocol = filesystem(uri)[0].protocol
    return "file" in (protocol if isinstance(protocol, tuple) else (protocol,))
