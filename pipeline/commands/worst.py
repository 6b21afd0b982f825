"""``worst``: the dialogues of a run that a measure scores lowest."""

from typing import Annotated

import pandas as pd
from rich.table import Table
from typer import Option, Typer

from conf.errors import BadInput
from pipeline.commands.options import LOOKING, RunFolder, command, console
from pipeline.stats.percent import number
from pipeline.tables.scores import read_scores

app = Typer()

_OF_SOMETHING_BAD = ("hallucination", "failed", "unparseable", "contradiction", "uncertain")


@command(app, "worst", LOOKING, "imcbench worst runs/my-vlm/3f2a --by turn_accuracy -n 20")
def _worst(
    run: RunFolder,
    by: Annotated[str, Option("--by", metavar="METRIC", help="a metric of its score rows")] = (
        "turn_accuracy"
    ),
    count: Annotated[int, Option("-n", metavar="N", min=1, help="how many")] = 10,
) -> int:
    """List the dialogues that a metric scores lowest; ``explain`` then shows each."""
    found = worst(read_scores(run), by, count)
    table = Table(title=f"{by}, worst first", title_justify="left")
    for name in ("Dialogue", "Specialty", "Score", "Of"):
        table.add_column(name, justify="right" if name in ("Score", "Of") else "left")
    for row in found.to_dict("records"):
        of = f"{row['numerator']:g}/{row['denominator']:g}"
        table.add_row(row["dialogue_id"], row["specialty"], number(row["value"]), of)
    console().print(table)
    print(f"one in full: imcbench explain {run} {found['dialogue_id'].iloc[0]}")
    return 0


def worst(scores: pd.DataFrame, metric: str, count: int) -> pd.DataFrame:
    """Return the lowest ``count`` scored rows of a metric with their ``value``, 0 to 1.

    Of a rate of something bad they are the highest. Of equal values those with the larger
    denominator come first, then by dialogue.

    Raises:
        BadInput: there is no such metric, or it scored no dialogue; names those that are there.
    """
    rows = scores[(scores["metric"] == metric) & (scores["denominator"] > 0)]
    if rows.empty:
        present = sorted({m for m in scores["metric"] if "@" not in m})
        raise BadInput(f"no dialogue has a score of {metric!r}; there are {', '.join(present)}")
    rows = rows.assign(value=rows["numerator"] / rows["denominator"])
    order = [not metric.startswith(_OF_SOMETHING_BAD), False, True]
    return rows.sort_values(["value", "denominator", "dialogue_id"], ascending=order).head(count)
