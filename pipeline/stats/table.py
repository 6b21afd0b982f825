"""Sums of numerators and denominators per cluster, laid out for matrix products.

In: a long frame with one row per cluster, group and metric. Out: ``SumsTable``, sorted throughout,
so that nothing downstream depends on the order in which rows or shards arrived.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

KEYS = ("group_kind", "group", "cluster", "metric")
COLUMNS = (*KEYS, "numerator", "denominator")


@dataclass(frozen=True)
class Block:
    """One group of dialogues: k metrics over the m clusters that have a row in it.

    ``clusters`` (m,) are ascending positions in ``SumsTable.clusters``. ``sums`` (2k, m) holds the
    k numerators first, then the k denominators, in the order of ``metrics``.
    """

    group_kind: str
    group: str
    metrics: tuple[str, ...]
    clusters: Ints
    sums: Floats

    @property
    def numerators(self) -> Floats:
        """Numerators, (k, m)."""
        return self.sums[: len(self.metrics)]

    @property
    def denominators(self) -> Floats:
        """Denominators, (k, m)."""
        return self.sums[len(self.metrics) :]


@dataclass(frozen=True)
class SumsTable:
    """All groups of one run over the same, sorted clusters."""

    clusters: tuple[str, ...]
    blocks: tuple[Block, ...]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "SumsTable":
        """Lay out a frame with the columns ``COLUMNS``; rows of equal keys are added up.

        Raises:
            ValueError: a column is missing, a key is null, a sum is not finite or a denominator
                is negative.
        """
        _check(frame)
        codes, names = [], []
        for key in KEYS:
            code, name = pd.factorize(frame[key].astype(str), sort=True)
            codes.append(code)
            names.append([str(n) for n in name])
        sums = frame[["numerator", "denominator"]].to_numpy(np.float64).T
        # The sums come last in the order: adding equal keys in a fixed order gives fixed bits.
        order = np.lexsort((sums[1], sums[0], *reversed(codes)))
        keys, sums = np.stack(codes)[:, order], sums[:, order]
        fresh = np.ones(keys.shape[1], dtype=bool)
        fresh[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        starts = np.flatnonzero(fresh)
        if len(starts):
            sums = np.add.reduceat(sums, starts, axis=1)
        return cls(tuple(names[2]), _blocks(keys[:, starts], sums, names))


def _check(frame: pd.DataFrame) -> None:
    """Raise ValueError for a frame that cannot be summed."""
    missing = [c for c in COLUMNS if c not in frame.columns]
    if missing:
        raise ValueError(f"the frame of sums lacks the columns {', '.join(missing)}")
    for key in KEYS:
        if frame[key].isna().any():
            raise ValueError(f"the frame of sums has a null {key}")
    sums = frame[["numerator", "denominator"]].to_numpy(np.float64)
    bad = ~np.isfinite(sums).all(axis=1) | (sums[:, 1] < 0)
    if bad.any():
        row = frame.loc[bad, list(COLUMNS)].iloc[0].to_dict()
        raise ValueError(f"a sum is not finite or a denominator negative: {row}")


def _blocks(keys: Ints, sums: Floats, names: list[list[str]]) -> tuple[Block, ...]:
    """Cut the sorted columns where the group changes; ``keys`` is (4, rows), ``sums`` (2, rows)."""
    change = (keys[:2, 1:] != keys[:2, :-1]).any(axis=0)
    edges = [0, *(np.flatnonzero(change) + 1), keys.shape[1]]
    blocks = []
    for lo, hi in itertools.pairwise(edges):
        if lo == hi:
            continue
        clusters, row_cluster = np.unique(keys[2, lo:hi], return_inverse=True)
        metrics, row_metric = np.unique(keys[3, lo:hi], return_inverse=True)
        cells = np.zeros((2, len(metrics), len(clusters)))
        cells[:, row_metric, row_cluster] = sums[:, lo:hi]
        blocks.append(
            Block(
                group_kind=names[0][keys[0, lo]],
                group=names[1][keys[1, lo]],
                metrics=tuple(names[3][m] for m in metrics),
                clusters=clusters.astype(np.intp),
                sums=cells.reshape(2 * len(metrics), len(clusters)),
            )
        )
    return tuple(blocks)
