"""More ways of answering without looking than the scripted backend has: for the gaming table.

In: a dialogue, the open turn, the earlier answers. Out: the answer's text and its region. None
reads the annotation beyond the names of what was assessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from actors.backends.scripted_strategies import STRATEGIES, OpenTurn, ScriptedAnswer
from actors.backends.text_prior import packaged_prior
from actors.gold import claim_sentences
from actors.schema import Claim

Strategy = Callable[[OpenTurn], ScriptedAnswer]


def _prior(open_turn: OpenTurn) -> ScriptedAnswer:
    return STRATEGIES["text_prior"](open_turn)


def _said(text: str) -> Strategy:
    return lambda open_turn: ScriptedAnswer(text)


def _prior_without_region(open_turn: OpenTurn) -> ScriptedAnswer:
    return replace(_prior(open_turn), place=None)


def _prior_with(name: str) -> Strategy:
    """Answer by the prior, with the region of another strategy."""
    return lambda open_turn: replace(_prior(open_turn), place=STRATEGIES[name](open_turn).place)


def _prior_first_region(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer by the prior, with the region of the first question at every turn."""
    first = replace(open_turn, turn=open_turn.dialogue.turns[0], previous=())
    return replace(_prior(open_turn), place=_prior(first).place)


def _prior_worded(before: str, after: str = "") -> Strategy:
    """Answer by the prior, with words around it."""

    def strategy(open_turn: OpenTurn) -> ScriptedAnswer:
        answer = _prior(open_turn)
        return replace(answer, text=f"{before}{answer.text}{after}")

    return strategy


def _prior_briefly(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer by the prior's first sentence: the yes, the letter or the number."""
    answer = _prior(open_turn)
    lead, _, _ = answer.text.partition(". ")
    return replace(answer, text=lead)


def _prior_hedged(open_turn: OpenTurn) -> ScriptedAnswer:
    answer = _prior(open_turn)
    lead, _, rest = answer.text.partition(". ")
    return replace(answer, text=f"{lead}. Perhaps {rest}" if rest else answer.text)


def _prior_denying(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer by the prior, and deny every concept that no question has named."""
    answer = _prior(open_turn)
    rest = " ".join(f"No {name}." for name in _unnamed(open_turn))
    return replace(answer, text=f"{answer.text} {rest}".rstrip())


def _prior_resolving(open_turn: OpenTurn) -> ScriptedAnswer:
    """Answer by the prior, and call every concept resolved that no question has named."""
    answer = _prior(open_turn)
    rest = " ".join(f"The {name} has resolved." for name in _unnamed(open_turn))
    return replace(answer, text=f"{answer.text} {rest}".rstrip())


def _presuppose(open_turn: OpenTurn) -> ScriptedAnswer:
    """Say yes, and affirm what the question names."""
    return ScriptedAnswer(f"Yes. {_presupposed(open_turn)}".rstrip())


def _presuppose_named_site(open_turn: OpenTurn) -> ScriptedAnswer:
    """Say yes, affirm what the question names, and point at the site that was named last."""
    return replace(_prior(open_turn), text=_presuppose(open_turn).text)


def _named_site(open_turn: OpenTurn) -> ScriptedAnswer:
    """Say yes and point at the site that the questions named last."""
    return replace(_prior(open_turn), text="Yes.")


def _presupposed(open_turn: OpenTurn) -> str:
    question = open_turn.turn.question
    named = [n for n in packaged_prior().topics if n in question]
    return claim_sentences(Claim(concept=n.replace(" ", "_"), present=True) for n in named)


def _unnamed(open_turn: OpenTurn) -> list[str]:
    asked = " ".join(t.question for t in open_turn.dialogue.turns if t.turn <= open_turn.turn.turn)
    topics = set(packaged_prior().topics)
    names = (f.concept.replace("_", " ") for f in open_turn.dialogue.findings)
    return [n for n in dict.fromkeys(names) if n in topics and n not in asked]


FURTHER: Mapping[str, Strategy] = {
    "no_sayer": _said("No."),
    "letter_a": _said("Answer: A."),
    "nothing_abnormal": _said("No abnormality is seen. The diagnosis is normal study."),
    "presuppose": _presuppose,
    "named_site": _named_site,
    "presuppose_named_site": _presuppose_named_site,
    "prior_without_region": _prior_without_region,
    "prior_whole_image": _prior_with("yes_sayer"),
    "prior_constant_box": _prior_with("constant_box"),
    "prior_first_region": _prior_first_region,
    "prior_briefly": _prior_briefly,
    "prior_hedged": _prior_hedged,
    "prior_revising": _prior_worded("On closer review, I was wrong. "),
    "prior_denying": _prior_denying,
    "prior_resolving": _prior_resolving,
}
