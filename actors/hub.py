"""Checkpoints on a Hugging Face hub: a name becomes a commit, and its files a local folder.

In: ``owner/name`` or ``owner/name@revision``. The hub is that of HF_ENDPOINT, the token HF_TOKEN's,
the folder below HF_HUB_CACHE, as huggingface_hub has them by default.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from conf.errors import BadInput, InfrastructureError

T = TypeVar("T")
_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+|[\w-]+)(?:@([\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# The same weights in other forms, which no engine here reads.
_OTHER_FORMS = ("*.msgpack", "*.h5", "*.ot", "*.onnx", "*.tflite", "*.gguf", "original/*")
_SMALL = ("*.json", "*.jinja", "*.model", "*.txt", "*.py")


def is_hub_id(source: str) -> bool:
    """Return whether a source is a hub id: it has the form of one, and is no folder."""
    return _HUB_ID.fullmatch(source) is not None and not Path(source).is_dir()


def at_commit(source: str) -> str:
    """Return a hub id as ``owner/name@commit``, by what the hub says now; a commit stays.

    Raises:
        BadInput: the hub does not have it, or not for this token.
        InfrastructureError: the hub cannot be reached.
    """
    name, revision = _parts(source)
    if revision is not None and _COMMIT.fullmatch(revision):
        return source
    from huggingface_hub import HfApi  # noqa: PLC0415

    hub = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    commit = _asked(source, lambda: hub.model_info(name, revision=revision).sha)
    if commit is None:
        raise BadInput(f"model.source {source}: the hub names no commit")
    return f"{name}@{commit}"


def hub_folder(source: str, *, small: bool = False) -> str:
    """Return the local folder of a hub id, fetched at its commit where files are missing.

    Args:
        source: without a commit the newest one is meant.
        small: only what describes the checkpoint: configuration, tokeniser, processor, template.

    Raises:
        BadInput, InfrastructureError: as ``at_commit``.
    """
    name, revision = _parts(at_commit(source))
    from huggingface_hub import snapshot_download  # noqa: PLC0415

    return _asked(
        source,
        lambda: snapshot_download(
            name,
            revision=revision,
            endpoint=os.environ.get("HF_ENDPOINT"),
            cache_dir=os.environ.get("HF_HUB_CACHE"),
            allow_patterns=list(_SMALL) if small else None,
            ignore_patterns=list(_OTHER_FORMS),
        ),
    )


def _parts(source: str) -> tuple[str, str | None]:
    found = _HUB_ID.fullmatch(source)
    if found is None:
        raise BadInput(f"model.source {source} is no hub id of the form owner/name@revision")
    return found[1], found[2]


def _asked(source: str, ask: Callable[[], T]) -> T:
    """Ask the hub; its errors become one sentence."""
    from huggingface_hub.errors import (  # noqa: PLC0415
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = os.environ.get("HF_ENDPOINT") or "huggingface.co"
    try:
        return ask()
    except GatedRepoError as error:
        raise BadInput(
            f"model.source {source} is gated at {where}; set HF_TOKEN to a token of somebody who "
            "has accepted its terms"
        ) from error
    except RevisionNotFoundError as error:
        raise BadInput(f"model.source {source}: {where} has no such revision") from error
    except RepositoryNotFoundError as error:
        raise BadInput(
            f"model.source {source} is no folder here and no checkpoint at {where}, or a private "
            "one: then set HF_TOKEN"
        ) from error
    except Exception as error:  # of whichever HTTP library huggingface_hub uses, or its cache
        reason = " ".join(str(error).split())
        raise InfrastructureError(
            f"model.source {source} is no folder here, and {where} cannot be asked: {reason}"
        ) from error
