"""Credentialed data stays here: no endpoint gets it, unless its dataset is allowed by name.

In: an opened dataset and the backend that is to see it. Out: nothing, or ``BadInput``.
"""

import os

from conf.errors import BadInput
from pipeline.dataset.open import Dataset

ALLOWED = "IMCBENCH_ALLOW_REMOTE"  # names of datasets, separated by commas
_LOCAL = ("vllm", "scripted")  # backends that run on this cluster


def refuse_remote(dataset: Dataset, backend: str, who: str) -> None:
    """Refuse to send a dataset that is not open to a backend that is an endpoint.

    Raises:
        BadInput: says which dataset, and how a person allows it.
    """
    access = dataset.document.get("access", "open")
    allowed = [name.strip() for name in os.environ.get(ALLOWED, "").split(",")]
    if access != "open" and backend not in _LOCAL and dataset.name not in allowed:
        raise BadInput(
            f"{who} is an endpoint ({backend}), and the dataset {dataset.name} is {access}: its "
            f"licence may forbid sending it; if you may, set {ALLOWED}={dataset.name}"
        )
