import pytest

from pipeline.claims import packaged_lexicon
from pipeline.claims.check_lexicon import lexicon_faults
from pipeline.dataset.lexicon import Lexicon


def entry(id: str, kind: str = "finding", **fields: object) -> dict[str, object]:
    return {"id": id, "name": id.replace("_", " "), "kind": kind, "checkable": True, **fields}


def faults(*concepts: dict[str, object]) -> list[str]:
    lexicon = Lexicon.from_json({"schema_version": 2, "concepts": list(concepts)}, "x")
    return [str(fault) for fault in lexicon_faults(lexicon)]


@pytest.mark.parametrize("language", sorted(packaged_lexicon("clinical").languages))
def test_the_packaged_lexicon_has_no_fault(language):
    lexicon = packaged_lexicon("clinical").in_language(language)
    assert lexicon is not None
    # A group may keep a single member where a language has forms for few concepts.
    groups = language != "en"
    assert [f for f in lexicon_faults(lexicon) if not (groups and f.field == "group")] == []


def test_a_sound_lexicon_has_no_fault():
    assert not faults(
        entry("nodule", generic_of=["mass"], normal_when=["lung"]),
        entry("mass"),
        entry("left_lung", "site", part_of=["chest"]),
        entry("chest", "site"),
        entry("new", "change", group="change"),
        entry("stable", "change", group="change"),
    )


@pytest.mark.parametrize(
    ("concepts", "message"),
    [
        (
            [entry("a", synonyms=["oedemas"]), entry("b", synonyms=["edema"])],
            "b: synonyms = 'edema': is a form of 'a' as well, which keeps it",
        ),
        ([entry("a", synonyms=["no air"])], "a: synonyms = 'no air': starts with 'no'"),
        ([entry("a", synonyms=["evidence"])], "a: synonyms = 'evidence': is part of the cue"),
        ([entry("a", group="g")], "a: group = 'g': has no other concept"),
        (
            [entry("a", group="g"), entry("b", "site", group="g")],
            "a: group = 'g': mixes kinds: finding, site",
        ),
        (
            [entry("a", group="g", generic_of=["b"]), entry("b", group="g")],
            "b: group = 'g': holds 'a' as well, which is broader and does not exclude it",
        ),
        (
            [entry("a", part_of=["b"]), entry("b", "site")],
            "a: part_of = 'b': does not relate two of site",
        ),
        (
            [entry("a", normal_when=["nodules"]), entry("nodule")],
            "a: normal_when = 'nodules': names the concept 'nodule', so it cannot be normal",
        ),
        (
            [entry("a", "site", normal_when=["lung"])],
            "a: normal_when = 'lung': is for findings and diagnoses",
        ),
    ],
)
def test_each_fault_names_concept_field_and_value(concepts, message):
    assert any(message in fault for fault in faults(*concepts)), faults(*concepts)
