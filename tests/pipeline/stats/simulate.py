"""Clustered dialogues with a known truth, as the frames that the statistics take in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from pipeline.stats.table import Floats, Ints


def clustered_turns(
    rng: Generator,
    n_clusters: int,
    truth: float = 0.6,
    rho: float = 0.3,
    mean_dialogues: float = 4.0,
) -> tuple[Ints, Floats, Floats]:
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


def sums_frame(
    cluster: Iterable[int],
    numerator: ArrayLike,
    denominator: ArrayLike,
    metric: str = "turn_accuracy",
    group: tuple[str, str] = ("overall", "all"),
) -> pd.DataFrame:
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


@dataclass(frozen=True)
class World:
    """Dialogues that every simulated run answers: their clusters and how hard they are."""

    dialogues: pd.DataFrame  # dialogue_id, patient_id, specialty
    hardness: Floats  # on the logit scale, shared by all runs
    turns: Ints
    pairs: Ints
    concludes: NDArray[np.bool_]


def world(
    rng: Generator, n_dialogues: int, dialogues_per_patient: float = 1.4, specialties: int = 6
) -> World:
    """Draw dialogues; a patient's dialogues share a specialty and part of their hardness."""
    n_patients = max(1, round(n_dialogues / dialogues_per_patient))
    patient = np.sort(rng.integers(0, n_patients, n_dialogues))
    dialogues = pd.DataFrame(
        {
            "dialogue_id": [f"d{i:05d}" for i in range(n_dialogues)],
            "patient_id": [f"p{p:05d}" for p in patient],
            "specialty": [f"s{p % specialties}" for p in patient],
        }
    )
    return World(
        dialogues=dialogues,
        hardness=rng.normal(0, 0.8, n_patients)[patient] + rng.normal(0, 0.6, n_dialogues),
        turns=1 + np.minimum(rng.poisson(4.3, n_dialogues), 14),
        pairs=rng.integers(0, 4, n_dialogues),
        concludes=rng.random(n_dialogues) < 0.6,
    )


def run_scores(
    rng: Generator,
    here: World,
    skill: float = 0.0,
    specialty_skill: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Score one run of a model: ``skill`` shifts the logit of every good outcome.

    Each run has effects of its own per patient, so that errors cluster within a run too, and
    its own number of claims, so that the denominators of hallucination differ between runs.
    """
    _, patient = np.unique(here.dialogues.patient_id, return_inverse=True)
    own = rng.normal(0, 0.3, patient.max() + 1)[patient]
    logit = 0.5 + skill + here.hardness + own
    if specialty_skill:
        logit = logit + here.dialogues.specialty.map(specialty_skill).fillna(0.0).to_numpy()
    p = 1.0 / (1.0 + np.exp(-logit))
    claims = rng.poisson(0.8 * here.turns)
    step = np.where(here.concludes, rng.beta(4 * p + 0.1, 4 * (1 - p) + 0.1), 0.0)
    sums = {
        "turn_accuracy": (rng.binomial(here.turns, p), here.turns),
        "visual_consistency": (rng.binomial(here.pairs, p), here.pairs),
        "reasoning_coherence": (step, here.concludes.astype(float)),
        "hallucination_rate": (rng.binomial(claims, 1.0 - p), claims),
    }
    frames = [
        here.dialogues.assign(
            metric=metric,
            numerator=np.asarray(numerator, dtype=float),
            denominator=np.asarray(denominator, dtype=float),
            status=np.where(np.asarray(denominator) > 0, "scored", "unscored"),
            reason=None,
        )
        for metric, (numerator, denominator) in sums.items()
    ]
    return pd.concat(frames, ignore_index=True)
