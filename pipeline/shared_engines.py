"""Runs that one engine can answer, one after the other: found, and generated in one stream.

In: the runs of a sweep. Out: their turn outputs, as far as that went; whatever is left is for an
engine per run. Two runs may share an engine if everything that it is made of is the same but the
values of its weights.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from actors.weights import engine_id
from conf.errors import ConfigError
from conf.sweep import Planned
from pipeline.errors import EvaluationError
from pipeline.inputs import Inputs
from pipeline.run import Prepared, generate_together, is_complete, prepare

logger = logging.getLogger(__name__)


def generate_ahead(planned: Sequence[Planned], inputs: Inputs) -> None:
    """Answer what is missing of all runs that can share an engine with another; raises nothing."""
    found = [(run, key) for item in planned for run, key in _engine_of(item, inputs)]
    for group in groups(found):
        generate_group(group)


def groups(found: Iterable[tuple[Prepared, str]]) -> list[list[Prepared]]:
    """Put together runs of equal keys, in their order; a run without company is left out.

    So is a copy of another run under a second name: their rows could not be told apart.
    """
    by_key: dict[str, dict[str, Prepared]] = {}
    for run, key in found:
        by_key.setdefault(key, {}).setdefault(run.run_id, run)
    return [list(runs.values()) for runs in by_key.values() if len(runs) > 1]


def generate_group(group: Sequence[Prepared]) -> bool:
    """Answer what is missing of some runs with one engine; False, and why in the log, if it failed.

    Catches broadly: what stays unanswered is carried out with an engine per run, which says what is
    wrong with a run itself.
    """
    names = ", ".join(run.config.model.name for run in group)
    try:
        generate_together(group)
    except (EvaluationError, ConfigError) as error:
        logger.warning("one engine for %s was given up, each gets its own now: %s", names, error)
        return False
    except Exception:
        logger.exception("one engine for %s was given up, each gets its own now", names)
        return False
    return True


def _engine_of(item: Planned, inputs: Inputs) -> list[tuple[Prepared, str]]:
    """Prepare a run and name its engine; empty where it cannot share one, or is complete.

    Catches broadly: a run that is at fault meets its fault again when it is carried out, which
    keeps the reason.
    """
    model = item.config.model
    if model.backend != "vllm":
        return []
    try:
        run = prepare(item.config, inputs)
        made_of = None if is_complete(run) else engine_id(model.source)
    except Exception as error:
        logger.info("%s shares no engine: %r", model.name, error)
        return []
    if made_of is None:
        return []
    parts = {
        "files": made_of,
        "engine": model.engine,
        "trust_remote_code": model.trust_remote_code,
        "compute": asdict(item.config.compute),
        "dataset": asdict(item.config.dataset),
    }
    return [(run, json.dumps(parts, sort_keys=True, default=str))]
