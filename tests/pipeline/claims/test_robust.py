import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.claims import extract_assertions, leading_answer
from pipeline.claims.tokens import tokenise
from tests.pipeline.claims.test_extract import LEXICON

TOKENS = (
    "no not without nodule mass effusion left lung larger resolved it is and or but , . ; : if ? "
    "whether cannot be excluded sorry yes possible history of new both bilateral isn't ( ) **"
)
PHRASES = ("\n- ", "\n\n", " - ", "on closer review", "no change", "status post", "|")
WORDS = st.sampled_from([*TOKENS.split(" "), *PHRASES])
ASKS = st.sampled_from([None, "nodule", "malignant", "left_lung", "larger", "not in the lexicon"])


def check(text: str, asks: str | None) -> None:
    assertions = extract_assertions(text, LEXICON, asks)
    assert assertions == extract_assertions(text, LEXICON, asks)
    claims = [(a.claim, a.certainty) for a in assertions]
    assert len(set(claims)) == len(claims)
    for a in assertions:
        assert a.claim.concept in LEXICON.concepts
        assert a.claim.site is None or LEXICON.concepts[a.claim.site].kind == "site"
        assert a.claim.change is None or LEXICON.concepts[a.claim.change].kind == "change"
        assert (a.start, a.end) == (-1, -1) or 0 <= a.start < a.end <= len(text)


@given(st.text(max_size=300), ASKS)
@example("İnodule ﬁ nodule", None)
@example("nodule\x00\ud800 nodule", "nodule")
@example("'n't n't' no'", None)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_read_without_an_error(text, asks):
    check(text, asks)
    assert leading_answer(text) in ("yes", "no", "uncertain", None)


@given(st.lists(WORDS, max_size=60), ASKS)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_order_of_triggers_is_read_without_an_error(words, asks):
    check(" ".join(words), asks)


def test_token_spans_index_the_original_text():
    text = "İt isn’t a ﬁne Nodule; the MASS cannot grow."
    tokens = tokenise(text)
    spans = [text[a:b].lower() for a, b in zip(tokens.starts, tokens.ends, strict=True)]
    assert "nodule" in spans
    assert tokens.words[spans.index("mass")] == "mass"
    assert "not" in tokens.words


def test_work_on_endless_sentences_stays_bounded():
    rng = random.Random(7)
    words = ["nodule,", "no", "and", "mass", "is", "larger,", "left lung", "or"]
    text = " ".join(rng.choice(words) for _ in range(20_000))
    assert extract_assertions(text, LEXICON)
