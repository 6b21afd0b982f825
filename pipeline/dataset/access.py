"""Credentialed data stays here: no endpoint and no report gets it, unless it is allowed by name.

In: an opened dataset. Out: whether it may leave, or ``BadInput``.
"""

import os

from conf.backends import JUDGE_BACKENDS, RUN_BACKENDS
from conf.errors import BadInput
from pipeline.dataset.open import Dataset

ALLOWED = "IMCBENCH_ALLOW_REMOTE"  # names of datasets, separated by commas
_SCRIPTED = "scripted"


def may_leave(dataset: Dataset) -> bool:
    """Return whether a dataset is open, or allowed by name in the variable ALLOWED."""
    allowed = [name.strip() for name in os.environ.get(ALLOWED, "").split(",")]
    return dataset.document.get("access", "open") == "open" or dataset.name in allowed


def refuse_remote(dataset: Dataset, backend: str, who: str) -> None:
    """Refuse to send a dataset that may not leave to a backend that is an endpoint.

    Raises:
        BadInput: says which dataset, and how a person allows it.
    """
    known = (JUDGE_BACKENDS | RUN_BACKENDS).get(backend)
    is_here = backend == _SCRIPTED or (known is not None and known.loads_checkpoint)
    if not is_here and not may_leave(dataset):
        raise BadInput(
            f"{who} is an endpoint ({backend}), and the dataset {dataset.name} is "
            f"{dataset.document['access']}: its licence may forbid sending it; if you may, set "
            f"{ALLOWED}={dataset.name}"
        )
