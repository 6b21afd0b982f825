from pathlib import Path

import pytest

from actors.schema import MODALITIES as NAMES
from pipeline.phantom.catalogue.modalities import MODALITIES, SOURCES
from pipeline.phantom.scene import CHANGES

OF_VERSION_2 = {"photo", "microscopy", "pet", "mammography", "oct", "unknown"}
PAGE = (Path(__file__).parents[3] / "docs" / "phantom.md").read_text()


def spoken(concept: str) -> str:
    return concept.replace("_", " ")


@pytest.mark.parametrize("modality", MODALITIES.values(), ids=lambda m: m.name)
def test_the_page_states_every_rule_of_diagnosis_in_order(modality):
    section = PAGE.split(f"\n### {modality.name}\n")[1].split("\n### ")[0]
    rows = [
        ", ".join(
            part
            for part in (
                spoken(rule.concept),
                spoken(rule.attribute or ""),
                " or ".join(rule.changes),
            )
            if part
        )
        for rule in modality.rules
    ]
    table = "\n".join(
        f"| {row} | {spoken(rule.diagnosis)} |"
        for row, rule in zip(rows, modality.rules, strict=True)
    )
    assert table in section


def test_every_modality_of_version_1_has_an_entry_and_a_source():
    assert set(MODALITIES) == {source.modality for source in SOURCES}
    assert set(NAMES) - set(MODALITIES) == OF_VERSION_2
    assert len({source.name for source in SOURCES}) == len(SOURCES) == 12


@pytest.mark.parametrize("modality", MODALITIES.values(), ids=lambda m: m.name)
def test_rules_speak_of_facts_that_can_be(modality):
    for rule in modality.rules:
        groups = modality.finding(rule.concept).attributes.values()
        assert rule.attribute is None or any(rule.attribute in values for values in groups)
        assert set(rule.changes) <= set(CHANGES)
