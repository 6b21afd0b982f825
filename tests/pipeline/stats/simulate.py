"""Clustered dialogues with a known truth, as the frames that the statistics take in."""

import numpy as np
import pandas as pd


def clustered_turns(rng, n_clusters, truth=0.6, rho=0.3, mean_dialogues=4.0):
    """Numerators and denominators per dialogue, with the cluster of each.

    A cluster's rate is Beta with mean ``truth`` and intra-cluster correlation ``rho`` between turns
    (a + b = 1 / rho - 1); sizes vary and are independent of the rate, so the ratio of sums is
    consistent for ``truth``.
    """
    mass = 1.0 / rho - 1.0
    rates = rng.beta(truth * mass, (1.0 - truth) * mass, n_clusters)
    dialogues = 1 + rng.poisson(mean_dialogues - 1.0, n_clusters)
    cluster = np.repeat(np.arange(n_clusters), dialogues)
    turns = rng.integers(1, 10, len(cluster))
    right = rng.binomial(turns, rates[cluster])
    return cluster, right.astype(float), turns.astype(float)


def sums_frame(cluster, numerator, denominator, metric="turn_accuracy", group=("overall", "all")):
    """The long frame of sums with one row per entry."""
    return pd.DataFrame(
        {
            "cluster": [f"c{int(c):05d}" for c in cluster],
            "group_kind": group[0],
            "group": group[1],
            "metric": metric,
            "numerator": np.asarray(numerator, dtype=float),
            "denominator": np.asarray(denominator, dtype=float),
        }
    )
