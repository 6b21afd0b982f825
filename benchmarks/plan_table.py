"""The table of sizes in docs/cluster.md: time and GPU hours by rate and GPUs.

Usage: python -m benchmarks.plan_table
The turns per dialogue are those of the phantom dataset's first 400 dialogues, twenty times over:
8,000 dialogues. The rates are assumptions to read one's own between, not measurements.
"""

from conf.load import load
from pipeline.phantom.generate import plan_dialogue
from pipeline.runs.estimate import Speed, engines_of, estimate
from pipeline.runs.status import clock

SAMPLE, TIMES = 400, 20
RATES = (2.0, 5.0, 10.0, 20.0)  # turns/s per GPU
SIZES = ((1, 1), (8, 1), (16, 1), (16, 50), (64, 50))  # GPUs, checkpoints
_OPEN = ("dataset.uri=any", "model.name=any", "model.source=any", "model.box_dialect=none")


def table() -> str:
    """Compute the table as Markdown: a row per rate, a column per size."""
    counts = [len(plan_dialogue(0, n).dialogue.turns) for n in range(SAMPLE)] * TIMES
    engines = engines_of(load("full", [*_OPEN, "output=any"]))
    head = ["turns/s per GPU", *(_title(*size) for size in SIZES)]
    lines = ["| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
    for rate in RATES:
        cells = [f"{rate:g}"]
        for gpus, checkpoints in SIZES:
            speed = Speed(turns_per_gpu_s=rate)
            e = estimate(counts, engines, speed, gpus=gpus, checkpoints=checkpoints)
            cells.append(f"{clock(e.seconds)}, {e.gpu_hours:.1f} GPU h")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _title(gpus: int, checkpoints: int) -> str:
    what = "1 checkpoint" if checkpoints == 1 else f"{checkpoints} checkpoints"
    return f"{what}, {gpus} GPU" + ("s" if gpus > 1 else "")


if __name__ == "__main__":
    print(table())
