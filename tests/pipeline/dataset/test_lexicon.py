import pytest
from hypothesis import given
from hypothesis import strategies as st

from conf.errors import BadInput
from pipeline.dataset.lexicon import Lexicon, alternatives, packaged_document, packaged_lexicon


def entry(id: str, kind: str = "finding", **fields: object) -> dict[str, object]:
    return {"id": id, "name": id.replace("_", " "), "kind": kind, "checkable": True, **fields}


def read(*concepts: dict[str, object], version: int = 2) -> Lexicon:
    document = {"schema_version": version, "concepts": list(concepts)}
    return Lexicon.from_json(document, "lexicon.json")


def test_a_site_is_part_of_every_site_around_it():
    words = read(
        entry("left_upper_lobe", "site", part_of=["left_lung"]),
        entry("left_lung", "site", part_of=["chest"]),
        entry("chest", "site"),
        entry("right_lung", "site", part_of="chest"),
    )
    assert words.broader("left_upper_lobe") == {"left_lung", "chest"}
    assert words.is_broader("chest", "right_lung")
    assert not words.is_broader("left_upper_lobe", "left_lung")
    assert words.broader("chest") == words.broader("unknown") == frozenset()


def test_a_generic_finding_is_broader_than_its_kinds():
    words = read(entry("opacity", generic_of=["consolidation"]), entry("consolidation"))
    assert words.broader("consolidation") == {"opacity"}


def test_version_one_reads_as_before_and_knows_no_later_field():
    assert read(entry("nodule", synonyms=["(a|b)"]), version=1).concepts["nodule"].synonyms == (
        "(a|b)",
    )
    with pytest.raises(BadInput, match=r"'nodule'\) has severity, which needs schema_version 2"):
        read(entry("nodule", severity="major"), version=1)
    with pytest.raises(BadInput, match="synonyms per language, which needs schema_version 2"):
        read(entry("nodule", synonyms={"en": []}), version=1)


def test_alternatives_in_a_synonym_are_written_out():
    assert alternatives("(left|right|) lung base") == [
        "left lung base", "lung base", "right lung base",
    ]  # fmt: skip
    words = read(entry("mass", synonyms=["(lung|hilar) mass"]))
    assert words.concepts["mass"].synonyms == ("hilar mass", "lung mass")


def test_a_lexicon_in_another_language_has_the_forms_of_that_language_alone():
    words = read(
        entry("nodule", synonyms={"en": ["nodular lesion"], "de": ["Rundherd"], "pt": ["nódulo"]}),
        entry("mass", synonyms={"en": [], "de": ["Raumforderung", "Masse"]}),
        entry("cyst"),
    )
    assert words.languages == {"en", "de", "pt"}
    assert words.in_language("en-GB") is words
    german = words.in_language("de-AT")
    assert german is not None
    assert set(german.concepts) == {"nodule", "mass"}
    assert (german.concepts["mass"].name, german.concepts["mass"].synonyms) == (
        "Raumforderung",
        ("Masse",),
    )
    assert words.in_language("zh") is None


def test_places_stay_nested_where_a_language_lacks_one_between_them():
    words = read(
        entry("lobe", "site", part_of=["lung"], synonyms={"en": [], "de": ["Lappen"]}),
        entry("lung", "site", part_of=["side"]),
        entry("side", "site", synonyms={"en": [], "de": ["Seite"]}),
    )
    german = words.in_language("de")
    assert german is not None
    assert german.broader("lobe") == {"side"}


@pytest.mark.parametrize(
    ("concept", "message"),
    [
        (entry("a", severity="awful"), "severity 'awful' is not critical, major, minor"),
        (entry("a", part_of=["nowhere"]), "part_of of 'a' names 'nowhere', which is no concept"),
        (entry("a", generic_of=["a"]), "'a' is broader than itself"),
        (entry("a", synonyms=[3]), r"synonyms is \[3\], not a list of texts"),
        (entry("a", "thing"), "unknown kind 'thing'"),
    ],
)
def test_a_fault_names_the_concept_and_the_field(concept, message):
    with pytest.raises(BadInput, match=message):
        read(concept)


def test_a_circle_of_sites_is_refused():
    with pytest.raises(BadInput, match="is broader than itself"):
        read(entry("a", "site", part_of=["b"]), entry("b", "site", part_of=["a"]))


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1])))
def test_being_broader_is_transitive(edges):
    """What is broader than something broader is broader as well, and nothing is both ways."""
    parents = {n: sorted({f"c{b}" for a, b in edges if a == n}) for n in range(8)}
    words = read(*(entry(f"c{n}", "site", part_of=parents[n]) for n in range(8)))
    for concept in words.concepts:
        for broad in words.broader(concept):
            assert words.broader(broad) <= words.broader(concept)
            assert not words.is_broader(concept, broad)


def test_the_clinical_lexicon_places_grades_and_relates():
    clinical = packaged_lexicon("clinical")
    assert clinical.broader("left_upper_lobe") == {"left_lung", "left_side"}
    assert "retina" in clinical.broader("fovea")
    assert "opacity" in clinical.broader("consolidation")
    assert clinical.severity("pneumothorax") == "critical"
    assert clinical.severity("osteophyte") == "minor"
    assert clinical.severity("left_lung") is None


def test_the_packaged_document_can_be_a_datasets_own():
    document = packaged_document("clinical")
    assert document["schema_version"] == 2
    assert Lexicon.from_json(document, "copy").concepts == packaged_lexicon("clinical").concepts
