"""The project's errors, as a tree; the command line turns each into one sentence and a code.

EvaluationError
├── ConfigError         exit code 2: a key is unknown, or has an impossible value
├── BadInput            exit code 2: a dataset, model, run or path that cannot be used
│   └── BrokenFile      a file is truncated, or not of its format
├── IncompleteRun       exit code 3: a run was not carried out to its end, or too much failed
└── InfrastructureError exit code 4: the cluster, the engine or the storage failed
    ├── StorageDown     storage could not be reached for longer than calls are retried
    └── ProviderDown    a model's provider gave no answer for longer than requests are retried
"""


class EvaluationError(Exception):
    """Base of the errors that a user gets as one sentence."""

    exit_code = 1


class ConfigError(EvaluationError, ValueError):
    """A key is unknown, has the wrong type or an impossible value; the message names it."""

    exit_code = 2


class BadInput(EvaluationError):
    """Input cannot be used; the message names what is wrong and where, nothing was changed."""

    exit_code = 2


class BrokenFile(BadInput):
    """A file is there and cannot be read: truncated, or not of its format; names the file."""


class IncompleteRun(EvaluationError):
    """A run is not finished, or too many of its turns failed, so it has no results yet."""

    exit_code = 3


class InfrastructureError(EvaluationError):
    """The cluster, the engine or the storage failed; running the same command again resumes."""

    exit_code = 4


class StorageDown(InfrastructureError):
    """Storage failed for longer than calls are retried; whether a call took effect is unknown."""


class ProviderDown(InfrastructureError):
    """A provider failed for longer than requests are retried; nothing is held against its model."""
