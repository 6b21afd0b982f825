"""Hold the statistics against known answers at full size; docs/statistics.md records the figures.

Run from the repository's root: ``python -m benchmarks.statistics_check [part ...]``. Out: one
line per figure on standard output. Everything is seeded: a second run gives the same figures, times
apart.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from conf.schema import METRICS
from pipeline.gate.verdict import decide
from pipeline.stats.intervals import Interval, intervals
from pipeline.stats.paired import paired_differences
from pipeline.stats.resample import Resampling
from pipeline.tables.paired import cluster_sums
from tests.pipeline.stats.simulate import clustered_turns, run_scores, sums_frame, world

WEIGHTS = dict(zip(METRICS, (0.30, 0.25, 0.25, 0.20), strict=True))
ALL = ("overall", "all", "turn_accuracy")
TRUTH = 0.6


def share(hits: NDArray[np.bool_]) -> str:
    """Write a share with its exact 95 % binomial interval, in percent."""
    interval = stats.binomtest(int(hits.sum()), len(hits)).proportion_ci()
    return f"{100 * hits.mean():5.1f} %  [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def covers(interval: Interval, truth: float | None) -> bool:
    """Return whether there is an interval and the truth lies in it."""
    if interval.low is None or interval.high is None or truth is None:
        return False
    return interval.low <= truth <= interval.high


def coverage() -> Iterator[str]:
    """Cover a known truth by cluster and by dialogue, for few and for many clusters."""
    for n_clusters in (5, 10, 20, 50, 200):
        rng = np.random.default_rng(n_clusters)
        by_cluster: list[bool] = []
        by_dialogue: list[bool] = []
        for seed in range(6000):
            cluster, num, den = clustered_turns(rng, n_clusters, TRUTH)
            plan = Resampling(resamples=1000, confidence=0.95, seed=seed)
            for units, hits in ((cluster, by_cluster), (range(len(num)), by_dialogue)):
                interval = intervals(sums_frame(units, num, den), {}, plan)[ALL]
                hits.append(covers(interval, TRUTH))
        yield f"{n_clusters:4d} clusters, by cluster   {share(np.array(by_cluster))}"
        yield f"{n_clusters:4d} clusters, by dialogue  {share(np.array(by_dialogue))}"


def coverage_at_the_ends() -> Iterator[str]:
    """Cover rates near 1 for few and many clusters, of much and of little correlation."""
    for rho in (0.3, 0.1):
        for truth in (0.9, 0.95, 0.98, 0.995):
            for n_clusters in (10, 20, 50, 200, 500):
                rng = np.random.default_rng(n_clusters)
                hits: list[bool] = []
                alike = 0
                for seed in range(1000):
                    cluster, num, den = clustered_turns(rng, n_clusters, truth, rho)
                    plan = Resampling(resamples=200, confidence=0.95, seed=seed)
                    interval = intervals(sums_frame(cluster, num, den), {}, plan)[ALL]
                    hits.append(covers(interval, truth))
                    alike += interval.value == 1.0
                yield (
                    f"rho {rho:4.2f}, rate {truth:5.3f}, {n_clusters:3d} clusters "
                    f"{share(np.array(hits))}, all right in {alike / 10:4.1f} %"
                )


def coverage_overall() -> Iterator[str]:
    """Cover the composite score and each metric, against a truth from 1,000,000 dialogues."""
    rng = np.random.default_rng(1)
    big = cluster_sums(run_scores(rng, world(rng, 1_000_000)))
    off = Resampling(resamples=0, confidence=0.95, seed=0)
    sums = big[big.group_kind == "overall"].groupby(["group_kind", "group", "metric"]).sum()
    truth = intervals(sums.reset_index().assign(cluster="all"), WEIGHTS, off)
    names = (*METRICS, "overall")
    covered = []
    for seed in range(1000):
        frame = cluster_sums(run_scores(rng, world(rng, 300)))
        by_key = intervals(frame, WEIGHTS, Resampling(resamples=1000, confidence=0.95, seed=seed))
        keys = [("overall", "all", name) for name in names]
        covered.append([covers(by_key[key], truth[key].value) for key in keys])
    for name, hits in zip(names, np.array(covered).T, strict=True):
        yield f"300 dialogues, {name:20s} {share(hits)}"


def type_one_error() -> Iterator[str]:
    """Reject at 5 % where both runs are the same model, or one merely makes more claims."""
    names = (*METRICS, "overall")
    for claims in (1, 2):
        rng = np.random.default_rng(claims)
        rejected = []
        for seed in range(2000):
            here = world(rng, 150)
            frames = [cluster_sums(run_scores(rng, here)) for _ in range(1 + claims)]
            by_key = paired_differences(
                frames[0],
                _merged(frames[1:]),
                WEIGHTS,
                Resampling(resamples=399, confidence=0.95, seed=seed),
            )
            p_values = [by_key["overall", "all", name].p_worse for name in names]
            rejected.append([p is not None and p <= 0.05 for p in p_values])
        for name, hits in zip(names, np.array(rejected).T, strict=True):
            yield f"{claims} x the baseline's denominators, {name:20s} {share(hits)}"


def _merged(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Add runs up: equal rates over larger denominators, with another noise than one run's."""
    return pd.concat(frames, ignore_index=True)


def gate_alarms() -> Iterator[str]:
    """Apply the complete rule to 500 pairs of equal models."""
    for n_dialogues, margin in ((150, 0.0), (600, 0.0), (600, 0.02), (2000, 0.0), (2000, 0.02)):
        rng = np.random.default_rng(n_dialogues)
        outcomes = []
        for seed in range(500):
            here = world(rng, n_dialogues)
            pair = run_scores(rng, here), run_scores(rng, here)
            result = decide(*pair, dict.fromkeys(METRICS, margin), 0.05, 1000, seed)
            outcomes.append(result.outcome)
        alarms = np.array(outcomes) == "regression"
        passes = np.array(outcomes) == "pass"
        yield (
            f"{n_dialogues} dialogues, margin {margin:.2f}: alarms {share(alarms)}, "
            f"passes {share(passes)}"
        )


def gate_power() -> Iterator[str]:
    """Apply the rule to candidates of known worse or better skill, 2,000 dialogues, margin 2."""
    for skill in (-0.4, -0.2, -0.1, 0.0, 0.1):
        rng = np.random.default_rng(7)
        outcomes: list[str] = []
        losses: list[float] = []
        for seed in range(100):
            here = world(rng, 2000)
            pair = run_scores(rng, here), run_scores(rng, here, skill)
            result = decide(*pair, dict.fromkeys(METRICS, 0.02), 0.05, 1000, seed)
            outcomes.append(result.outcome)
            difference = result.comparisons[0].paired.difference
            losses += [] if difference is None else [difference]
        shares = ", ".join(
            f"{outcome} {outcomes.count(outcome)} %"
            for outcome in ("regression", "inconclusive", "pass")
        )
        yield f"turn accuracy {100 * np.mean(losses):+5.1f} points: {shares}"


def speed() -> Iterator[str]:
    """Time 10,000 resamples of 8,000 dialogues in 59 groups of 6 metrics, and 25 view metrics."""
    rng = np.random.default_rng(0)
    patients = np.array([f"p{i:05d}" for i in rng.integers(0, 11_500, 8000)])
    sizes = {"overall": 1, "specialty": 6, "source": 12, "modality": 8, "health_system": 2,
             "language": 12, "turn_index": 15, "release": 3}  # fmt: skip
    frames = []
    for kind, n_groups in sizes.items():
        extra = [f"view{i}" for i in range(25)] if kind == "overall" else []
        for metric in (*METRICS, "unparseable", "lenient", *extra):
            repeats = 5 if kind == "turn_index" else 1  # a dialogue is in a group per turn
            frame = pd.DataFrame({"cluster": np.repeat(patients, repeats), "metric": metric})
            frame["group_kind"] = kind
            frame["group"] = rng.integers(0, n_groups, len(frame)).astype(str)
            frame["numerator"] = rng.integers(0, 6, len(frame)).astype(float)
            frames.append(frame.assign(denominator=5.0))
    keys = ["cluster", "group_kind", "group", "metric"]
    frame = pd.concat(frames).groupby(keys, as_index=False).sum()
    start = time.perf_counter()
    values = intervals(frame, WEIGHTS, Resampling(resamples=10_000, confidence=0.95, seed=1))
    took = time.perf_counter() - start
    shape = f"{len(values)} values, {len(set(patients))} clusters, {len(frame)} rows"
    yield f"intervals: {shape}: {took:.1f} s"
    here = world(rng, 8000)
    pair = run_scores(rng, here), run_scores(rng, here)
    start = time.perf_counter()
    result = decide(*pair, dict.fromkeys(METRICS, 0.01), 0.05, 10_000, 1)
    took = time.perf_counter() - start
    yield f"gate: {len(result.comparisons)} comparisons, {result.n_clusters} clusters: {took:.1f} s"
    for one in (c for c in result.comparisons if c.group in ("all", "s0")):
        least = one.paired.minimum_detectable
        shown = "none" if least is None else f"{100 * least:.2f} points"
        yield f"  detectable in {one.group:3s} {one.metric:20s} {shown}"


PARTS = {
    "coverage": coverage,
    "coverage_at_the_ends": coverage_at_the_ends,
    "coverage_overall": coverage_overall,
    "type_one_error": type_one_error,
    "gate_alarms": gate_alarms,
    "gate_power": gate_power,
    "speed": speed,
}


def main() -> None:
    """Run the named parts, or all."""
    for name in sys.argv[1:] or PARTS:
        start = time.perf_counter()
        print(f"{name}: {PARTS[name].__doc__}")
        for line in PARTS[name]():
            print(f"  {line}", flush=True)
        print(f"  ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
