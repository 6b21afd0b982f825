"""The annotators' ceiling of a run's dialogues.

In: gold dialogues with the agreement of each turn. Out: ``Ceiling``, or None where nobody measured.
"""

from pipeline.ceiling import Ceiling, reference_ceiling
from pipeline.dataset import Gold
from pipeline.report.inputs import RunData
from pipeline.stats.resample import Resampling

_SEED = 20260101


def ceiling_of(gold: Gold, data: RunData) -> Ceiling | None:
    """Derive the ceiling from all turns' agreements; None if no turn has one."""
    clusters: list[str] = []
    agreements: list[float | None] = []
    for row in gold.dialogues.select(["patient_id", "turns"]).to_pylist():
        for turn in row["turns"]:
            clusters.append(row["patient_id"])
            agreements.append(turn["agreement"])
    if not any(a is not None for a in agreements):
        return None
    scoring = data.scoring
    plan = Resampling(resamples=scoring.resamples, confidence=scoring.confidence, seed=_SEED)
    return reference_ceiling(clusters, agreements, plan)
