from pipeline.claims.unknown_terms import unknown_terms
from pipeline.dataset.lexicon import Concept, Lexicon

LEXICON = Lexicon(
    {
        "nodule": Concept(
            id="nodule", name="nodule", kind="finding", checkable=True, normal_when=("lung",)
        )
    }
)


def terms(*texts: str) -> dict[str, int]:
    return {t.term: t.count for t in unknown_terms(texts, LEXICON).terms}


def test_unknown_nouns_are_counted_singular_and_plural_as_one():
    found = unknown_terms(["There is a pseudocyst.", "Two pseudocysts, and a nodule."], LEXICON)
    assert [(t.term, t.count, t.example) for t in found.terms] == [
        ("pseudocyst", 2, "There is a pseudocyst")
    ]
    assert (found.sentences, found.known, found.unknown) == (2, 1, 2)


def test_known_words_cues_numbers_and_common_words_are_no_terms():
    text = "No nodule is seen, 12 mm, in the lungs; compared with the previous examination."
    assert terms(text) == {}


def test_adjectives_before_a_known_finding_are_left_out():
    assert terms("A spiculated peripheral nodule.") == {}


def test_a_run_of_words_is_one_term_and_the_most_frequent_comes_first():
    found = unknown_terms(["Rugger jersey.", "Azygos lobe.", "An azygos lobe."], LEXICON)
    assert [t.term for t in found.terms] == ["azygos lobe", "rugger jersey"]
