"""The sums of two runs for one group, and the linear algebra of their difference.

In: two aligned blocks. Out: arrays with one row per metric, in the blocks' order, and one for the
overall score where there are weights; every difference is turned so that positive means better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.stats.composite import clusters_with_mass, direction, weighted, with_overall
from pipeline.stats.resample import ratios
from pipeline.stats.table import Block, Floats


@dataclass(frozen=True)
class PairedBlock:
    """One group in both runs; rows are the k metrics, then ``overall`` where there are weights."""

    before: Block
    after: Block
    weights: Mapping[str, float]

    def stacked(self) -> Block:
        """Return both runs' sums, the baseline's first: (4k, m)."""
        return replace(self.before, sums=np.vstack([self.before.sums, self.after.sums]))

    def difference(self, sums: Floats) -> Floats:
        """Return the oriented differences of stacked sums: (4k, b) to (rows, b)."""
        half = len(sums) // 2
        return self._rows(ratios(sums[half:]) - ratios(sums[:half]))

    def contributions(self, pooled: bool) -> Floats:
        """Return what each cluster adds to the oriented differences: (rows, m), nan if undefined.

        The residual num - r den over the run's whole denominator, candidate minus baseline. With
        each run's own r these are the influences behind the standard error and add up to 0; with
        r pooled over both, as equality has it, they add up to the difference.
        """
        r0 = ratios(self.before.sums.sum(axis=1, keepdims=True))
        r1 = ratios(self.after.sums.sum(axis=1, keepdims=True))
        if pooled:
            r0 = r1 = ratios((self.before.sums + self.after.sums).sum(axis=1, keepdims=True))
        return self._rows(_residuals(self.after, r1) - _residuals(self.before, r0))

    def point(self) -> Floats:
        """Return the oriented differences of the whole runs: (rows,)."""
        return self.difference(self.stacked().sums.sum(axis=1, keepdims=True))[:, 0]

    def values(self) -> tuple[Floats, Floats]:
        """Return the plain values of the baseline's and the candidate's rows: 2 x (rows,)."""
        before, after = (
            with_overall(b.metrics, ratios(b.sums.sum(axis=1, keepdims=True)), self.weights)[:, 0]
            for b in (self.before, self.after)
        )
        return before, after

    def clusters_with_mass(self) -> dict[str, int]:
        """Count, by metric, the clusters with a denominator in either run, in row order."""
        mass = (self.before.denominators > 0) | (self.after.denominators > 0)
        return clusters_with_mass(self.before.metrics, mass, self.weights)

    def _rows(self, values: Floats) -> Floats:
        """Orient the metrics' differences, (k, b), and append the overall one."""
        signs = np.array([[direction(metric)] for metric in self.before.metrics])
        turned = signs * values
        if not self.weights:
            return turned
        return np.vstack([turned, weighted(self.before.metrics, turned, self.weights)])


def _residuals(block: Block, ratio: Floats) -> Floats:
    """Return (num - r den) / sum(den) per cluster: (k, m), nan without a denominator."""
    total = block.denominators.sum(axis=1, keepdims=True)
    out = np.full(block.numerators.shape, np.nan)
    np.divide(block.numerators - ratio * block.denominators, total, out=out, where=total > 0)
    return out
