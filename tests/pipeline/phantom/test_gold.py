"""The gold claims against the annotation: a perfect answer must never be held against itself."""

from itertools import combinations

import pytest

from actors.gold import gold_text
from actors.schema import Claim, Dialogue, Turn
from pipeline.dataset.lexicon import Lexicon
from pipeline.phantom.catalogue.modalities import lexicon_document


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.from_json(lexicon_document(), "lexicon.json")


def supported(dialogue: Dialogue, claim: Claim) -> bool:
    """The rule by which a claim meets the closed-world annotation."""
    rows = [f for f in dialogue.findings if f.concept == claim.concept]
    agreeing = [
        f
        for f in rows
        if f.present
        and (None in (f.site, claim.site) or f.site == claim.site)
        and (not claim.present or None in (f.change, claim.change) or f.change == claim.change)
    ]
    return bool(agreeing) if claim.present else bool(rows) and not agreeing


def same_thing(one: Claim, other: Claim) -> bool:
    return None in (one.site, other.site) or one.site == other.site


def test_every_gold_claim_is_supported_by_the_annotation(dialogues):
    claims = [(d, c) for d in dialogues for t in d.turns for c in t.claims]
    assert [(d.dialogue_id, c) for d, c in claims if not supported(d, c)] == []
    assert sum(not c.present for _, c in claims) > 500


def test_what_a_bare_yes_or_no_says_is_supported(dialogues):
    asked = [(d, t) for d in dialogues for t in d.turns if t.asks is not None]
    assert len(asked) > 500
    for dialogue, turn in asked:
        assert turn.answer_type == "boolean"
        assert supported(dialogue, Claim(concept=turn.asks, present=turn.answer == "yes"))


def test_no_two_turns_claim_opposite_or_exclusive_things(dialogues, lexicon):
    for dialogue in dialogues:
        claims = {c for t in dialogue.turns for c in t.claims}
        for one, other in combinations(claims, 2):
            if not same_thing(one, other):
                continue
            assert one.concept != other.concept or one.present == other.present
            assert not (
                one.present and other.present and lexicon.exclusive(one.concept, other.concept)
            )
            if one.concept == other.concept and None not in (one.change, other.change):
                assert one.change == other.change


def test_a_change_is_claimed_only_once_the_prior_was_shown(dialogues):
    claimed = 0
    for dialogue in dialogues:
        shown: set[str] = set()
        for turn in dialogue.turns:
            shown.update(dialogue.image(image_id).role for image_id in turn.image_ids)
            if any(claim.change for claim in turn.claims):
                claimed += 1
                assert "prior" in shown
    assert claimed > 300


def test_every_image_is_shown_exactly_once_and_the_current_one_first(dialogues):
    for dialogue in dialogues:
        shown = [image_id for turn in dialogue.turns for image_id in turn.image_ids]
        assert sorted(shown) == sorted(image.image_id for image in dialogue.images)
        assert dialogue.image(shown[0]).role == "current"
        assert dialogue.turns[0].image_ids[0] == shown[0]


def test_a_region_is_asked_for_only_on_an_image_that_was_shown(dialogues):
    for dialogue in dialogues:
        shown: set[str] = set()
        for turn in dialogue.turns:
            shown.update(turn.image_ids)
            if turn.region_id is not None:
                region = dialogue.region(turn.region_id)
                assert region.image_id in shown
                assert region.referent_id == turn.referent_id


def test_a_diagnosis_rests_on_earlier_step_turns_that_claim_something(dialogues):
    for dialogue in dialogues:
        for turn in dialogue.turns:
            if turn.step != "diagnosis":
                assert turn.supports == ()
                continue
            assert turn.supports
            for number in turn.supports:
                earlier = dialogue.turns[number - 1]
                assert number < turn.turn
                assert earlier.step is not None
                assert earlier.claims


def test_a_step_turn_always_claims_something(dialogues):
    assert all(t.claims for d in dialogues for t in d.turns if t.step is not None)


def answer_is_well_formed(turn: Turn, lexicon: Lexicon) -> bool:
    answer = turn.answer or ""
    if turn.answer_type == "boolean":
        return answer in ("yes", "no")
    if turn.answer_type == "choice":
        return answer in "ABCDE"[: len(turn.choices)] and len(set(turn.choices)) > 1
    if turn.answer_type == "number":
        value, _, unit = answer.partition(" ")
        return float(value) >= 0 and unit in ("", "mm") and turn.tolerance is not None
    if turn.answer_type == "concept":
        return (
            Claim(concept=answer, present=True)
            in {Claim(concept=c.concept, present=c.present) for c in turn.claims}
            and answer in lexicon.concepts
        )
    if turn.answer_type == "text":
        return answer == gold_text(turn) and bool(turn.claims)
    return turn.answer is None and turn.region_id is not None


def test_every_answer_has_the_form_of_its_type(dialogues, lexicon):
    for dialogue in dialogues:
        assert [t.turn for t in dialogue.turns] == list(range(1, len(dialogue.turns) + 1))
        for turn in dialogue.turns:
            assert answer_is_well_formed(turn, lexicon), (dialogue.dialogue_id, turn)


def test_a_choice_answer_names_the_option_that_its_claims_name(dialogues):
    checked = 0
    for dialogue in dialogues:
        for turn in dialogue.turns:
            if turn.answer_type == "choice" and turn.claims:
                right = turn.choices["ABCDE".index(turn.answer or "")].replace(" ", "_")
                named = {(c.concept, c.site, c.change) for c in turn.claims}
                assert any(right in parts for parts in named)
                checked += 1
    assert checked > 500


def test_every_concept_used_is_in_the_lexicon(dialogues, lexicon):
    used = {f.concept for d in dialogues for f in d.findings}
    used |= {f.site for d in dialogues for f in d.findings if f.site}
    used |= {f.change for d in dialogues for f in d.findings if f.change}
    used |= {r.site for d in dialogues for r in d.regions if r.site}
    assert used <= set(lexicon.concepts)


def test_no_surface_form_belongs_to_two_concepts(lexicon):
    forms = [
        form.lower().replace("-", " ")
        for concept in lexicon.concepts.values()
        for form in {concept.name, *(s.replace("-", " ") for s in concept.synonyms)}
    ]
    assert len(forms) == len(set(forms))
    assert all(c.id.replace("_", " ") == c.name for c in lexicon.concepts.values())


def test_gold_texts_are_read_back_as_exactly_their_claims(dialogues, lexicon):
    claims = pytest.importorskip("pipeline.claims")
    for dialogue in dialogues[:500]:
        for turn in dialogue.turns:
            found = claims.extract_assertions(gold_text(turn), lexicon, turn.asks)
            assert tuple(a.claim for a in found if a.certainty == "certain") == turn.claims
