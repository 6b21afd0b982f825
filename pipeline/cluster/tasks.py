"""Ray tasks that end in results or in one sentence."""

from typing import Any

import ray
import ray.exceptions

from conf.errors import EvaluationError, InfrastructureError


def results(tasks: list[Any], doing: str) -> list[Any]:
    """Wait for tasks; an error of the project's own is raised as it is, without Ray's trace.

    Raises:
        EvaluationError: a task raised it.
        InfrastructureError: Ray lost a task for good; says what was being done.
    """
    try:
        values: list[Any] = ray.get(tasks)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, EvaluationError):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"{doing} stopped: {str(error).splitlines()[0]}; run the same command again"
        ) from error
    return values
