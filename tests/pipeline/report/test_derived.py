"""Balanced accuracy and the worth of constant answers, from a summary."""

import pytest

from pipeline.report.json_report import derived_values


def summary(group="all", **values):
    return [
        {
            "group_kind": "overall" if group == "all" else "specialty",
            "group": group,
            "metric": metric,
            "value": value,
            "n_dialogues": 3,
            "n_unscored": 0,
            "n_failed": 0,
        }
        for metric, value in values.items()
    ]


def derived(rows, group="all"):
    return {
        r["metric"]: (r["value"], r["detail"]) for r in derived_values(rows) if r["group"] == group
    }


def test_balanced_accuracy_is_the_mean_recall_of_both_classes():
    found = derived(summary(boolean_recall_yes=1.0, boolean_recall_no=0.2))
    assert found["balanced_accuracy"] == (pytest.approx(0.6), None)


def test_it_is_absent_where_a_class_is():
    assert "balanced_accuracy" not in derived(summary(boolean_recall_yes=1.0))
    assert derived(summary(boolean_recall_yes=1.0, boolean_recall_no=None)) == {}


def test_baselines_are_the_best_constant_answers():
    found = derived(
        summary(
            constant_yes=0.7,
            constant_no=0.3,
            constant_choice_A=0.2,
            constant_choice_C=0.5,
            constant_choice_B=0.3,
        )
    )
    assert found == {"constant_boolean": (0.7, "yes"), "constant_choice": (0.5, "C")}


def test_groups_are_kept_apart():
    rows = summary(constant_yes=0.7, constant_no=0.3) + summary("skin", constant_yes=0.4)
    assert derived(rows)["constant_boolean"] == (0.7, "yes")
    assert derived(rows, "skin")["constant_boolean"] == (0.4, "yes")
