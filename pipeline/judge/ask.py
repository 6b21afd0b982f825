"""Asks a judge about items: Ray Data over its actors, verdicts written as they come.

In: items, a judge, the run directory. Out: judgements/*.parquet. What has a verdict already is
left out, so asking again resumes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import pyarrow as pa
import ray.exceptions

from actors.judge_actor import JUDGE_TASK_SCHEMA, JudgeActor
from actors.storage.part_writer import PartWriter
from conf.errors import InfrastructureError
from conf.judge import JudgeConfig
from conf.schema import ComputeConfig
from pipeline.cluster.pool import ActorPool, root_cause
from pipeline.cluster.resources import ActorResources, actor_resources
from pipeline.judge.items import JudgeItem, judge_id, task_row, verdict_key
from pipeline.judge.judgements import judgement_rows, read_judgements
from pipeline.runs.directory import RunDirectory
from pipeline.tables.schemas import JUDGEMENT_SCHEMA

_PER_TASK = 4  # items; small tasks are what streams


@dataclass(frozen=True, kw_only=True)
class JudgePass:
    """The counts of one pass over a judge; ``resumed`` items had a verdict before."""

    judge: str
    asked: int
    resumed: int
    failed: int


def ask(
    judge: JudgeConfig, items: list[JudgeItem], dataset_uri: str, run: RunDirectory
) -> JudgePass:
    """Ask a judge for every verdict that is still missing; items without an answer are left out.

    Raises:
        InfrastructureError: the judge's actors cannot start or the cluster is gone.
    """
    identity = judge_id(judge)
    keyed = {verdict_key(i, judge, identity): i for i in items if i.prompt is not None}
    judged = {key for key, row in read_judgements(run.judgements).items() if row["status"] == "ok"}
    todo = {key: item for key, item in keyed.items() if key not in judged}
    failed = 0
    if todo:
        with PartWriter(run.judgements, JUDGEMENT_SCHEMA) as writer:
            for replies in _replies(judge, todo, dataset_uri):
                rows = judgement_rows(replies.to_pylist(), todo, judge, identity)
                failed += sum(row["status"] == "failed" for row in rows)
                writer.add(pa.Table.from_pylist(rows, schema=JUDGEMENT_SCHEMA))
    return JudgePass(
        judge=judge.name, asked=len(todo), resumed=len(keyed) - len(todo), failed=failed
    )


def _replies(
    judge: JudgeConfig, todo: Mapping[str, JudgeItem], dataset_uri: str
) -> Iterator[pa.Table]:
    rows = [task_row(item, key, structured=judge.structured) for key, item in todo.items()]
    table = pa.Table.from_pylist(rows, schema=JUDGE_TASK_SCHEMA)
    size = min(_PER_TASK, judge.max_in_flight)
    blocks = [table.slice(n, size).combine_chunks() for n in range(0, table.num_rows, size)]
    compute = ComputeConfig(
        actors=judge.actors,
        min_actors=None,
        gpus_per_actor=None,
        cpus_per_actor=None,
        dialogues_per_task=1,
        tasks_per_actor=ceil(judge.max_in_flight / size),
    )
    pool = ActorPool(compute=compute, resources=_resources(judge, compute))
    arguments = {"judge": judge, "dataset_uri": dataset_uri}
    try:
        yield from pool.stream(blocks, JudgeActor, arguments)
    except ray.exceptions.RayError as error:
        raise InfrastructureError(
            f"judge {judge.name} stopped: {root_cause(str(error))}; "
            "run the same command again to resume"
        ) from error


def _resources(judge: JudgeConfig, compute: ComputeConfig) -> ActorResources:
    """Return what an actor takes: an engine as in a run, waiting for an endpoint one CPU."""
    if not judge.loads_checkpoint:
        return ActorResources(cpus=1.0, gpus=0.0, actors=judge.actors)
    parallel = judge.engine.get("tensor_parallel_size", 1)
    return actor_resources(compute, gpus_per_engine=parallel)
