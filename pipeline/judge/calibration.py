"""Grades of a judge against those of experts: a monotone map from one to the other.

In: pairs of a judge's and an expert's grade, and the clusters they come from. Out: a step-wise
linear map, and its gain on clusters it was not fitted on.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from pipeline.judge.agreement import Floats

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map: linear between ``grades``, constant outside of them."""

    grades: tuple[float, ...]
    expected: tuple[float, ...]

    def apply(self, grades: ArrayLike) -> Floats:
        """Map a judge's grades to what an expert would be expected to give, same scale."""
        mapped = np.interp(np.asarray(grades, float), self.grades, self.expected)
        return np.asarray(mapped, np.float64)


@dataclass(frozen=True, slots=True)
class CalibrationGain:
    """Mean absolute error against the expert, in grades, before and after; out of fold."""

    labels: int
    before: float
    after: float | None  # None where the labels come from fewer than two folds


def fit(judge: ArrayLike, expert: ArrayLike) -> Calibration:
    """Fit by isotonic regression: the non-decreasing map with the least squared error.

    Pool-adjacent-violators (Barlow et al. 1972) over the mean expert grade of each of the judge's
    grades, weighed by how often the judge gave it.

    Raises:
        ValueError: no pair.
    """
    given, truth = np.asarray(judge, float), np.asarray(expert, float)
    if not len(given):
        raise ValueError("calibration needs at least one expert label")
    grades, position, counts = np.unique(given, return_inverse=True, return_counts=True)
    means = np.bincount(position, truth) / counts
    pooled = isotonic_regression(means, weights=counts).x
    return Calibration(tuple(map(float, grades)), tuple(map(float, pooled)))


def gain(judge: ArrayLike, expert: ArrayLike, clusters: Sequence[str]) -> CalibrationGain:
    """Measure the error with and without calibration, each cluster by a map fitted without it."""
    given, truth = np.asarray(judge, float), np.asarray(expert, float)
    fold = np.array([_fold(cluster) for cluster in clusters])
    before = float(np.abs(given - truth).mean())
    if len(np.unique(fold)) < 2:
        return CalibrationGain(len(given), before, None)
    mapped = np.empty(len(given))
    for n in np.unique(fold):
        held = fold == n
        mapped[held] = fit(given[~held], truth[~held]).apply(given[held])
    return CalibrationGain(len(given), before, float(np.abs(mapped - truth).mean()))


def _fold(cluster: str) -> int:
    return int.from_bytes(hashlib.sha256(cluster.encode()).digest()[:4]) % FOLDS
