"""Runs that one engine can answer, one after the other: found, and generated in one stream.

A group starts two engines, the second of which reloads the weights once the first has shown what it
has to answer then.

In: the runs of a sweep. Out: their turn outputs, as far as that went; whatever is left is for an
engine per run. Two runs may share an engine if everything that it is made of is the same but the
values of its weights.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from actors.checkpoints import engine_id
from actors.reload_check import Probe
from conf.errors import EvaluationError
from conf.schema import RunConfig
from conf.sweep import Planned
from pipeline.dataset.load import Inputs
from pipeline.run import generate_together
from pipeline.runs.prepare import Prepared, is_complete, prepare

logger = logging.getLogger(__name__)

_STARTS = 2  # engines that a group starts


def generate_ahead(planned: Sequence[Planned], inputs: Inputs) -> None:
    """Answer what is missing of all runs that can share an engine with another; raises nothing."""
    for group in groups(candidates(planned, inputs)):
        generate_group(group)


def candidates(planned: Iterable[Planned], inputs: Inputs) -> list[tuple[Prepared, str]]:
    """Prepare the runs that could share an engine, each with a key that says with which others.

    Runs of other backends, complete ones and those whose tensors are not known are left out.
    Catches broadly: a run that is at fault meets its fault again when it is carried out, which
    keeps the reason.
    """
    found = []
    for item in planned:
        if item.config.model.backend != "vllm":
            continue
        try:
            run = prepare(item.config, inputs)
            files = None if is_complete(run) else engine_id(item.config.model.source)
        except Exception as error:
            logger.info("%s shares no engine: %r", item.config.model.name, error)
            continue
        if files is not None:
            found.append((run, _key(item.config, files)))
    return found


def groups(found: Iterable[tuple[Prepared, str]]) -> list[list[Prepared]]:
    """Put together runs of equal keys, in their order; fewer than three are left out.

    The first two of a group start an engine each: only a third saves one.

    So is a copy of another run under a second name: their rows could not be told apart.
    """
    by_key: dict[str, dict[str, Prepared]] = {}
    for run, key in found:
        by_key.setdefault(key, {}).setdefault(run.run_id, run)
    return [list(runs.values()) for runs in by_key.values() if len(runs) > _STARTS]


def generate_group(group: Sequence[Prepared]) -> bool:
    """Answer what is missing of some runs with two engines; False, and why in the log, if not.

    Catches broadly: what stays unanswered is carried out with an engine per run, which says what is
    wrong with a run itself.
    """
    names = ", ".join(run.config.model.name for run in group)
    try:
        _with_two_engines(group)
    except EvaluationError as error:
        logger.warning(
            "reloading the engine of %s was given up, each run gets its own now: %s", names, error
        )
        return False
    except Exception:
        logger.exception(
            "reloading the engine of %s was given up, each run gets its own now", names
        )
        return False
    return True


def _with_two_engines(group: Sequence[Prepared]) -> None:
    """Answer one checkpoint's runs first: what its engine shows, the other must reproduce."""
    left = list(group)
    reference = None
    while left and reference is None:
        source = left[0].config.model.source
        reference = generate_together([r for r in left if _of(r) == source], Probe())
        left = [r for r in left if _of(r) != source]
    generate_together(left, Probe(reference=reference))


def _of(run: Prepared) -> str:
    return run.config.model.source


def _key(config: RunConfig, files: str) -> str:
    parts = {
        "files": files,
        "engine": config.model.engine,
        "trust_remote_code": config.model.trust_remote_code,
        "compute": asdict(config.compute),
        "dataset": asdict(config.dataset),
    }
    return json.dumps(parts, sort_keys=True, default=str)
