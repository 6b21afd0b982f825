"""Ray Data over a pool of engine actors: blocks in, finished tables out as they come."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data import DataContext

from conf.schema import ComputeConfig
from pipeline.cluster.resources import ActorResources, actor_pool

_EXCEPTION = re.compile(r"^(?!ray\.)[\w.]+(?:Error|Exception|Exit|Down)\b", re.MULTILINE)
_CAUSE_LENGTH = 400


@dataclass(frozen=True, kw_only=True)
class ActorPool:
    """How the actors lie on the cluster, and what each of them takes."""

    compute: ComputeConfig
    resources: ActorResources

    def stream(
        self, blocks: list[pa.Table], actor: type, arguments: dict[str, Any]
    ) -> Iterator[pa.Table]:
        """Run each block through an actor as one task; tables leave in the order they finish.

        Args:
            blocks: one task each; Ray Data would merge small Parquet reads into a single block.
            actor: the UDF class, called with a table.
            arguments: of its constructor.

        Raises:
            ray.exceptions.RayError: actors cannot start or the cluster is gone.
        """
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        # Ray Data prints the stack of every error that it also raises; its files keep them.
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        dataset = ray.data.from_arrow(blocks).map_batches(
            actor,
            fn_constructor_kwargs=arguments,
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=self.resources.cpus,
            num_gpus=self.resources.gpus,
            compute=actor_pool(self.compute, self.resources, blocks=len(blocks)),
        )
        # Not iter_batches: its threads outlive an iteration that is left early, and one that asks
        # for a block when the cluster is gone starts another, which takes this process down.
        for bundle in dataset.iter_internal_ref_bundles():
            # A task without rows leaves a block without columns.
            yield from (block for block in ray.get(bundle.block_refs) if block.num_rows)


def root_cause(trace: str) -> str:
    """Return the last exception of a dead actor's trace, in one line."""
    causes = [match.start() for match in _EXCEPTION.finditer(trace)]
    cause = trace[causes[-1] :] if causes else trace
    line = " ".join(cause.split())
    return line if len(line) <= _CAUSE_LENGTH else f"{line[:_CAUSE_LENGTH]} ..."
