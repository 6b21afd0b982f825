"""Text to claims: the rules of docs/claims.md, in order.

In: an answer, the dataset's lexicon and the concept that the question asks about. Out: the
distinct assertions of the answer. Deterministic, linear in the length of the text, never raises.
"""

from pipeline.claims.assertion import RESOLVED, Assertion, spell_out
from pipeline.claims.binding import bind, denied_side
from pipeline.claims.changes import has_own_subject
from pipeline.claims.clauses import VERBS, Clause, clauses
from pipeline.claims.context import assess
from pipeline.claims.leading_answer import Answer, read_lead
from pipeline.claims.matcher import LexicalItem, Mention, Trigger, matcher_for
from pipeline.claims.revision import revises, settle, take_back
from pipeline.claims.sentences import Sentence, split
from pipeline.claims.tokens import tokenise
from pipeline.dataset.lexicon import Lexicon

_PLACING = frozenset(("in", "at", "on", "within", "near", "over", "along", "involving"))
_ADDING = frozenset(("also", "additionally", "another", "too"))
_AT_SITE = frozenset(("affected", "involved", "abnormal", "where"))


def extract_assertions(
    text: str, lexicon: Lexicon, asks: str | None = None, language: str = "en"
) -> tuple[Assertion, ...]:
    """Read the distinct claims of an answer, in the order of their first mention.

    Args:
        text: the answer; any text at all.
        lexicon: the vocabulary; compiled at its first use.
        asks: the concept that a bare yes or no, or a change without a finding, speaks about.
        language: of the text, as a base language ("es"); the lexicon's forms must be in it.

    Returns:
        Assertions; those of certainty ``certain`` count as claims. History, hypotheses, plans,
        questions and reports of other statements give none.
    """
    reader = _Reader(text, lexicon, asks, language)
    for sentence in split(reader.tokens):
        reader.read(sentence)
    return reader.assertions()


class _Reader:
    """Goes through one answer sentence by sentence and remembers what later words refer to."""

    def __init__(self, text: str, lexicon: Lexicon, asks: str | None, language: str) -> None:
        self.text, self.lexicon, self.asks = text, lexicon, asks
        self.tokens = tokenise(text)
        self.matcher = matcher_for(lexicon, language)
        self.stated: list[Mention] = []
        self.earlier: list[Mention] = []
        self.about = asks  # what a yes or no at the start of the next sentence speaks about
        self.header: list[Trigger] = []  # triggers of "No evidence of:" for the list below it
        self.revising = False

    def read(self, sentence: Sentence) -> None:
        """Read one sentence."""
        words = self.tokens.words
        if sentence.question:
            self._ask(self.matcher.items(words, sentence.lo, sentence.hi))
            return
        items = self.matcher.stated(words, sentence.lo, sentence.hi)
        answer, items = self._lead(sentence, items)
        self.about = None
        if not items and self.implied is None:
            return
        items = self._listed(sentence, items)
        self.revising = revises(items, sentence.lo) or self.revising
        before = len(self.stated)
        self._imply(answer)
        self._state(sentence, items)
        if any(isinstance(i, Trigger) and "correct" in i.categories for i in items[:1]):
            self._take_back_answer(items)
        if len(self.stated) > before:
            self.revising = False

    def _ask(self, items: list[LexicalItem]) -> None:
        """Note the one finding of a restated question: a yes or no after it speaks about that."""
        named = {m.ids[0] for m in items if isinstance(m, Mention) and m.is_target}
        self.about = named.pop() if len(named) == 1 else self.asks

    def _lead(
        self, sentence: Sentence, items: list[LexicalItem]
    ) -> tuple[Answer | None, list[LexicalItem]]:
        """Remove the answer word from the items; it denies and hedges nothing by itself."""
        self.implied: str | None = None
        if self.about is None and self.stated:
            return None, items
        answer, end = read_lead(self.text, self.tokens.starts[sentence.lo])
        if answer is None:
            return None, items
        self.implied = self.about
        starts = self.tokens.starts
        return answer, [i for i in items if isinstance(i, Mention) or starts[i.lo] >= end]

    def _listed(self, sentence: Sentence, items: list[LexicalItem]) -> list[LexicalItem]:
        """Carry the denial or hedge of a list's heading into each of its items."""
        if sentence.bullet and self.header:
            return [*self.header, *items]
        self.header = []
        if sentence.opens and items and isinstance(items[-1], Trigger):
            words = items[-1].categories
            if any(c in ("neg_pre", "possible_pre", "probable_pre", "skip_pre") for c in words):
                pre = tuple(c for c in words if c.endswith("_pre"))
                self.header = [Trigger(pre, -1, -1)]
        return items

    def _take_back_answer(self, items: list[LexicalItem]) -> None:
        """Withdraw a bare yes or no before "Wait, no": the two together answer nothing."""
        if not any(isinstance(item, Mention) for item in items):
            self.stated = [m for m in self.stated if m.lo >= 0]

    def _add(self, mention: Mention) -> None:
        mention.revised = self.revising
        self.stated.append(mention)

    def _imply(self, answer: Answer | None) -> None:
        if answer is None or self.implied is None or self.implied not in self.lexicon.concepts:
            return
        mention = Mention(self.lexicon.concepts[self.implied].kind, (self.implied,), -1, -1)
        mention.neg = answer == "no"
        mention.uncertain = answer == "uncertain"
        self._add(mention)

    def _state(self, sentence: Sentence, items: list[LexicalItem]) -> None:
        words = self.tokens.words
        parts = clauses(words, sentence.lo, sentence.hi, items)
        if self.header and sentence.bullet and parts:
            parts[0] = parts[0]._replace(items=[*self.header, *parts[0].items])
        assess(words, parts)
        said = words[sentence.lo : sentence.hi]
        adds = _ADDING.intersection(said)
        sided = "left" in said or "right" in said
        take_back(items, [] if adds else self.earlier)
        for clause in parts:
            bound = bind(words, clause, self.earlier)
            targets = [mention for mention in clause.mentions if mention.is_target]
            for mention in clause.mentions:
                if mention.is_target or mention.kind == "attribute":
                    self._add(mention)
            for mention in bound.free:
                if mention.kind == "site":
                    self._add_place(mention, clause.hi)
                else:
                    self._add_change(mention, clause)
            for place, findings in bound.elsewhere:
                self._deny_at(place.ids, findings, place)
            if sided:
                self._deny_side(clause, targets or self.earlier)
            self.earlier = targets or self.earlier

    def _add_place(self, site: Mention, clause_end: int) -> None:
        """Add a site that no finding of its clause takes, or bind it to what came before."""
        implied = self.stated[-1] if self.stated and self.stated[-1].lo < 0 else None
        if implied is not None and not implied.neg and not site.neg and not implied.sites:
            implied.sites = site.ids
        elif site.neg and self.earlier:
            self._deny_at(site.ids, self.earlier, site)
        elif not self._is_subject(site, clause_end):
            self._add(site)

    def _add_change(self, change: Mention, clause: Clause) -> None:
        """Add a change of a clause without findings: of what was asked, or of what came before.

        A change of anything else is no claim, and none outweighs a yes or no.
        """
        if change.neg or has_own_subject(self.tokens.words, clause, change):
            return
        said = next((m for m in self.stated if m.lo < 0 and m.ids == (self.asks,)), None)
        if said is not None:
            if said.neg == self._resolves(change) and not said.uncertain:
                said.change = said.change or change.ids[0]
        elif self.asks in self.lexicon.concepts and self.asks is not None:
            changed = Mention("change", (self.asks,), change.lo, change.hi)
            changed.change, changed.uncertain = change.ids[0], change.uncertain
            self._add(changed)
        elif self.earlier and not self.earlier[-1].neg and self.earlier[-1].change is None:
            self.earlier[-1].change = change.ids[0]
        else:
            self._add(change)

    def _resolves(self, change: Mention) -> bool:
        name = self.lexicon.concepts[change.ids[0]].name.lower()
        return RESOLVED in (change.ids[0], name)

    def _deny_at(self, sites: tuple[str, ...], findings: list[Mention], at: Mention) -> None:
        """Read "on the left but not on the right": the same findings, denied at this place."""
        for finding in findings:
            absent = Mention(finding.kind, finding.ids, at.lo, at.hi)
            absent.neg, absent.sites, absent.uncertain = True, sites, at.uncertain
            self._add(absent)

    def _deny_side(self, clause: Clause, findings: list[Mention]) -> None:
        """Read "in the left lung, not in the right": the other one of the pair is meant."""
        side = denied_side(self.tokens.words, clause) if findings else None
        if side is None:
            return
        for finding in findings:
            pair = self.matcher.sides.get(finding.sites[0]) if finding.sites else None
            if pair is not None and pair[side] not in finding.sites and not finding.neg:
                self._deny_at((pair[side],), [finding], finding)

    def _is_subject(self, site: Mention, end: int) -> bool:
        """Return whether a site is the subject ("the left lung is clear") and places nothing."""
        words = self.tokens.words
        if _PLACING.intersection(words[max(site.lo - 2, 0) : site.lo]):
            return False
        predicate = words[site.hi : end]
        return not VERBS.isdisjoint(predicate) and _AT_SITE.isdisjoint(predicate)

    def assertions(self) -> tuple[Assertion, ...]:
        """Return the claims of all mentions that still stand."""
        made = [
            assertion
            for mention in self.stated
            if not mention.skip
            for assertion in spell_out(mention, self.tokens, self.lexicon)
        ]
        return settle(made, self.lexicon)
