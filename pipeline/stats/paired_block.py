"""The sums of two runs for one group, and the linear algebra of their difference.

In: two aligned blocks. Out: arrays with one row per metric, in the blocks' order, and one for the
overall score where there are weights; every difference is turned so that positive means better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.stats.composite import OVERALL, direction
from pipeline.stats.resample import ratios
from pipeline.stats.table import Block, Floats


@dataclass(frozen=True)
class PairedBlock:
    """One group in both runs; rows are the k metrics, then ``overall`` where there are weights."""

    before: Block
    after: Block
    weights: Mapping[str, float]

    def stacked(self) -> Block:
        """Put both runs' sums under each other: (4k, m)."""
        return replace(self.before, sums=np.vstack([self.before.sums, self.after.sums]))

    def difference(self, sums: Floats) -> Floats:
        """Oriented differences from stacked sums: (4k, b) to (rows, b)."""
        half = len(sums) // 2
        return self._rows(ratios(sums[half:]) - ratios(sums[:half]))

    def contributions(self, pooled: bool) -> Floats:
        """What each cluster adds to the oriented differences: (rows, m), nan where undefined.

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
        """The oriented differences of the whole runs: (rows,)."""
        return self.difference(self.stacked().sums.sum(axis=1, keepdims=True))[:, 0]

    def values(self) -> tuple[Floats, Floats]:
        """Plain values of the baseline's and the candidate's rows: 2 x (rows,)."""
        before, after = (
            self._values(ratios(block.sums.sum(axis=1, keepdims=True)))
            for block in (self.before, self.after)
        )
        return before, after

    def clusters_with_mass(self) -> dict[str, int]:
        """Count, by metric, the clusters with a denominator in either run, in row order."""
        mass = (self.before.denominators > 0) | (self.after.denominators > 0)
        found = dict(zip(self.before.metrics, mass.sum(axis=1).tolist(), strict=True))
        if self.weights:
            found[OVERALL] = min(found.get(metric, 0) for metric in self.weights)
        return found

    def _rows(self, values: Floats) -> Floats:
        """Orient the metrics' differences, (k, b), and append the overall one."""
        signs = np.array([[direction(metric)] for metric in self.before.metrics])
        turned = signs * values
        return turned if not self.weights else np.vstack([turned, self._weighted(turned)])

    def _values(self, values: Floats) -> Floats:
        """Append the overall value to the metrics' values, (k, 1), and flatten."""
        if not self.weights:
            return values[:, 0]
        signs = np.array([[direction(metric)] for metric in self.before.metrics])
        turned = np.where(signs < 0, 1.0 - values, values)
        return np.append(values[:, 0], self._weighted(turned))

    def _weighted(self, turned: Floats) -> Floats:
        """Weigh oriented rows (k, b) into one (b,); nan where a weighted metric is missing."""
        total = np.zeros(turned.shape[1])
        for metric, weight in self.weights.items():
            if metric not in self.before.metrics:
                return np.full(turned.shape[1], np.nan)
            total += weight * turned[self.before.metrics.index(metric)]
        return total


def _residuals(block: Block, ratio: Floats) -> Floats:
    """Give (num - r den) / sum(den) per cluster: (k, m), nan without a denominator."""
    total = block.denominators.sum(axis=1, keepdims=True)
    out = np.full(block.numerators.shape, np.nan)
    np.divide(block.numerators - ratio * block.denominators, total, out=out, where=total > 0)
    return out
