"""Agreement with the expert on ordered grades, where near misses count less than far ones.

In: gold and given grades as positions on the scale. Out: quadratic-weighted kappa. It is no ratio
of sums: shards are merged by their confusion matrices, not by their kappas.
"""

from collections.abc import Iterable

import numpy as np

from pipeline.stats.table import Floats


def confusion_matrix(pairs: Iterable[tuple[int, int | None]], grades: int) -> Floats:
    """Count (gold, given) pairs of positions 0 .. grades - 1 into a (grades, grades) matrix.

    A turn without a readable answer (None) counts as the grade farthest from its gold one: it
    must not pay to stay silent where one is unsure.

    Raises:
        ValueError: fewer than two grades, or a position off the scale.
    """
    if grades < 2:
        raise ValueError(f"an ordinal scale has at least 2 grades, not {grades}")
    counts = np.zeros((grades, grades))
    for gold, given in pairs:
        farthest = 0 if gold > (grades - 1) / 2 else grades - 1
        column = farthest if given is None else given
        if not (0 <= gold < grades and 0 <= column < grades):
            raise ValueError(f"grades {gold} and {given} are not on a scale of {grades}")
        counts[gold, column] += 1
    return counts


def quadratic_weighted_kappa(confusion: Floats) -> float | None:
    """Kappa = 1 - sum(w O) / sum(w E), w = (i - j)^2 / (k - 1)^2 (Cohen 1968, Psych. Bull. 70:213).

    Args:
        confusion: counts, gold by given, (k, k); E is the outer product of its margins over n.

    Returns:
        1 for full agreement, 0 for what the margins alone would give. None where both margins lie
        on one and the same grade, or there is nothing.
    """
    total = confusion.sum()
    if not total:
        return None
    position = np.arange(len(confusion))
    weight = (position[:, None] - position[None, :]) ** 2 / (len(confusion) - 1) ** 2
    expected = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / total
    by_chance = float((weight * expected).sum())
    return 1.0 - float((weight * confusion).sum()) / by_chance if by_chance > 0 else None
