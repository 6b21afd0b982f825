"""The rules against the labelled sentences; docs/claims.md holds the figures."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.claims import report
from benchmarks.claims.labelled import (
    CLASSES,
    Label,
    Labelled,
    agreement,
    bound,
    load,
    misread,
    rules,
)

SENTENCES = load(Path(__file__).parent / "sentences")
HELD_OUT = [s for s in SENTENCES if s.split == "held_out"]


def test_the_set_is_large_varied_and_names_known_concepts(clinical):
    mentions = Counter(label.status for s in HELD_OUT for label in s.expect)
    assert len(SENTENCES) >= 800
    assert len(HELD_OUT) >= 350
    assert min(mentions[name] for name in CLASSES) >= 25
    assert len({s.text for s in SENTENCES}) == len(SENTENCES)
    for sentence in SENTENCES:
        for label in sentence.expect:
            assert label.status in CLASSES
            assert label.concept in clinical.concepts
            assert label.site is None or clinical.concepts[label.site].kind == "site"
            assert label.change is None or clinical.concepts[label.change].kind == "change"


@pytest.mark.parametrize("part", [SENTENCES, HELD_OUT], ids=["all", "held_out"])
def test_rules_agree_with_the_labels(part, clinical):
    counts = agreement(part, rules(clinical))
    assert counts["overall"].f1 >= 0.96
    assert min(counts[name].f1 for name in CLASSES) >= 0.91


def test_places_and_changes_are_bound_as_labelled(clinical):
    counts = bound(SENTENCES, rules(clinical))
    assert counts.recall >= 0.90


def labelled(*expect: Label) -> Labelled:
    return Labelled(text="", asks=None, expect=expect, split="tuning", phenomenon="plain")


def test_agreement_counts_wrong_classes_against_precision_and_recall():
    nodule = Label(concept="nodule", status="affirmed")
    mass = Label(concept="mass", status="negated")
    wrong = Label(concept="mass", status="affirmed", site="left_lung")
    counts = agreement([labelled(nodule, mass)], lambda _: (nodule, wrong))
    assert (counts["affirmed"].precision, counts["affirmed"].recall) == (0.5, 1.0)
    assert (counts["negated"].precision, counts["negated"].recall) == (None, 0.0)
    assert counts["uncertain"].f1 is None
    assert counts["overall"].f1 == 0.5
    assert len(misread([labelled(nodule, mass)], lambda _: (nodule, wrong))) == 1


def test_a_place_given_by_mistake_counts_against_binding():
    plain = Label(concept="nodule", status="affirmed")
    placed = Label(concept="nodule", status="affirmed", site="left_lung")
    assert bound([labelled(plain)], lambda _: (placed,)).recall == 0.0
    assert bound([labelled(placed)], lambda _: (placed,)).recall == 1.0
    assert bound([labelled(plain)], lambda _: (plain,)).recall is None


def test_the_report_prints_every_class_and_no_held_out_sentence(capsys):
    report.main(["--sentences", str(Path(__file__).parent / "sentences"), "--errors"])
    printed = capsys.readouterr().out
    assert all(f"| {name} |" in printed for name in (*CLASSES, "overall"))
    errors = printed.split("### misread (tuning)")[1]
    assert all(repr(s.text) not in errors for s in HELD_OUT)
