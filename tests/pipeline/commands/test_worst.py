"""``imcbench worst``: which dialogues a metric scores lowest."""

import pandas as pd
import pytest

from conf.errors import BadInput
from pipeline.cli import main
from pipeline.commands.worst import worst

ROWS = [
    ("half-of-two", 1, 2),
    ("half-of-eight", 4, 8),
    ("none-right", 0, 1),
    ("all-right", 3, 3),
    ("unscored", 0, 0),
]


def scores(metric: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"dialogue_id": name, "metric": metric, "numerator": n, "denominator": of}
            for name, n, of in ROWS
        ]
    )


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("turn_accuracy", ["none-right", "half-of-eight", "half-of-two"]),
        ("hallucination_rate", ["all-right", "half-of-eight", "half-of-two"]),
    ],
)
def test_the_worst_come_first_and_unscored_ones_never(metric, expected):
    assert worst(scores(metric), metric, 3)["dialogue_id"].tolist() == expected


def test_an_unknown_metric_is_refused_with_those_that_are_there():
    with pytest.raises(BadInput, match="no dialogue has a score of 'accuracy'; there are turn_acc"):
        worst(scores("turn_accuracy"), "accuracy", 3)


def test_the_worst_of_a_run_are_listed_and_the_first_is_one_command_away(answered, capsys):
    assert main(["worst", answered.root, "-n", "2"]) == 0
    *_, last = capsys.readouterr().out.strip().splitlines()
    assert last.startswith(f"one in full: imcbench explain {answered.root} phantom-")
