import pytest

from conf.errors import BadInput
from pipeline.claims import extract_assertions, packaged_lexicon
from pipeline.claims.matcher import forms, matcher_for
from pipeline.claims.tokens import stem
from pipeline.claims.triggers import changes, expand, triggers
from pipeline.dataset.lexicon import Concept, Lexicon


def lexicon(*concepts: Concept) -> Lexicon:
    return Lexicon({c.id: c for c in concepts})


def concept(id: str, name: str, kind: str = "finding", *synonyms: str) -> Concept:
    return Concept(id=id, name=name, kind=kind, synonyms=synonyms, checkable=True)


def found(text: str, words: Lexicon) -> list[str]:
    return [a.claim.concept for a in extract_assertions(text, words)]


@pytest.mark.parametrize(
    "text",
    [
        "ground-glass opacity",
        "Ground Glass Opacities",
        "GROUND glass opacity",
        "groundglass opacity",
    ],
)
def test_case_plural_and_hyphen_do_not_matter(text):
    assert found(text, lexicon(concept("ggo", "ground-glass opacity"))) == ["ggo"]


def test_words_match_on_their_borders_only():
    assert (
        found("The nodules of Ranvier are nodular; nodulectomy.", lexicon(concept("n", "nodul")))
        == []
    )


def test_the_longest_form_wins():
    words = lexicon(concept("effusion", "effusion"), concept("peri", "pericardial effusion"))
    assert found("A pericardial effusion.", words) == ["peri"]


def test_a_form_does_not_reach_across_punctuation():
    assert found("Pleural, effusion", lexicon(concept("pe", "pleural effusion"))) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("metastases", "metastasis"),
        ("opacities", "opacity"),
        ("masses", "mass"),
        ("diseases", "disease"),
        ("bullae", "bulla"),
        ("naevi", "nevus"),
        ("haemorrhages", "hemorrhage"),
        ("oedema", "edema"),
        ("tumours", "tumor"),
        ("diverticula", "diverticulum"),
    ],
)
def test_plural_and_spelling_share_one_stem(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("mass", "mas"), ("iris", "iri"), ("virus", "viru")])
def test_words_that_only_look_plural_keep_their_end(one, other):
    assert stem(one) != stem(other)


def test_both_lungs_name_the_left_and_the_right_one():
    words = lexicon(
        concept("nodule", "nodule"),
        concept("l", "left lung", "site"),
        concept("r", "right lung", "site"),
    )
    for text in (
        "Nodules in both lungs.",
        "Bilateral nodules.",
        "Nodules in left and right lungs.",
    ):
        sites = [a.claim.site for a in extract_assertions(text, words)]
        assert sites == ["l", "r"]


def test_bilateral_is_left_open_where_the_lexicon_has_several_pairs():
    pairs = [
        concept(f"{s}_{p}", f"{s} {p}", "site") for s in ("left", "right") for p in ("lung", "eye")
    ]
    words = lexicon(concept("nodule", "nodule"), *pairs)
    assert [a.claim.site for a in extract_assertions("Bilateral nodules.", words)] == [None]


def test_a_side_within_a_form_is_its_place_unless_it_is_part_of_the_name():
    forms_of_both = ("high dome", "high left dome", "left atrial enlargement")
    words = lexicon(
        concept("dome", "dome elevation", "finding", *forms_of_both),
        concept("l", "left", "site"),
    )
    for text, site in (("High left dome.", "l"), ("Left atrial enlargement.", None)):
        assert [a.claim.site for a in extract_assertions(text, words)] == [site]


def test_changes_go_by_the_lexicons_own_ids():
    words = lexicon(concept("nodule", "nodule"), concept("c1", "larger", "change"))
    assert [a.claim.change for a in extract_assertions("The nodule has grown.", words)] == ["c1"]
    assert [a.claim.change for a in extract_assertions("The nodule is stable.", words)] == [None]


def test_a_lexicon_is_compiled_once_and_kept_apart_from_others():
    one, two = lexicon(concept("a", "nodule")), lexicon(concept("b", "nodule"))
    assert matcher_for(one) is matcher_for(one)
    assert (found("nodule", one), found("nodule", two)) == (["a"], ["b"])


def test_many_lexicons_in_turn_are_still_read_right():
    for n in range(30):
        assert found("A nodule.", lexicon(concept(f"c{n}", "nodule"))) == [f"c{n}"]


def test_phrase_alternatives_are_written_out():
    assert expand("can not be (seen|ruled out)") == [
        ("can", "not", "be", "ruled", "out"),
        ("can", "not", "be", "seen"),
    ]
    assert expand("(fully|) resolved") == [("fully", "resolved"), ("resolved",)]


def test_every_trigger_and_change_has_words():
    assert all(words for words, _ in triggers())
    assert {change for _, change in changes()} == {
        "", "new", "larger", "stable", "smaller", "resolved"
    }  # fmt: skip


def test_the_clinical_lexicon_is_broad_and_unambiguous(clinical):
    kinds = {c.kind for c in clinical.concepts.values()}
    assert len(clinical.concepts) >= 250
    assert kinds == {"finding", "site", "attribute", "diagnosis", "change"}
    owner: dict[tuple[str, ...], str] = {}
    for c in clinical.concepts.values():
        for form in forms(c):
            assert owner.setdefault(form, c.id) == c.id


def test_an_unknown_packaged_lexicon_is_named():
    with pytest.raises(BadInput, match="no packaged lexicon is called 'veterinary'"):
        packaged_lexicon("veterinary")
