"""What a set of texts speaks of and a lexicon does not know, by frequency.

In: texts, a lexicon. Out: ``UnknownTerm`` rows, most frequent first. No parser is involved: a term
is a run of words that are in no lexicon form, no trigger phrase and no list of common words, and do
not look like adverbs or verbs. A run right before a known finding is taken for its adjectives
("bibasilar atelectasis") and left out. So the list still holds adjectives and names, and a term
that stands before a finding is missed; a person reads it and decides what belongs into a lexicon.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.claims.clauses import VERBS
from pipeline.claims.matcher import Matcher, Mention, matcher_for
from pipeline.claims.sentences import split
from pipeline.claims.tokens import stem, tokenise
from pipeline.claims.triggers import word_set
from pipeline.dataset.lexicon import Lexicon

_LONGEST = 4  # words of a term; longer runs are cut from the left, which keeps the noun
_COMMON = word_set("common", "plain_words.json") | VERBS
_NOT_NOUNS = re.compile(r".*(?:ly|ing|ed|[^a-z'].*)")


@dataclass(frozen=True, slots=True)
class UnknownTerm:
    """A run of words; ``count``: how often it stands in the texts; ``example``: where first."""

    term: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The unknown terms of some texts. ``known`` counts the mentions that the lexicon finds."""

    sentences: int
    known: int
    terms: tuple[UnknownTerm, ...]

    @property
    def unknown(self) -> int:
        """Return how many times any unknown term stands in the texts."""
        return sum(term.count for term in self.terms)


def unknown_terms(texts: Iterable[str], lexicon: Lexicon) -> Coverage:
    """Count the terms that no concept of the lexicon covers; singular and plural are one term."""
    matcher = matcher_for(lexicon)
    counts: Counter[str] = Counter()
    shown: dict[str, tuple[str, str]] = {}
    sentences = known = 0
    for text in texts:
        tokens = tokenise(text)
        for sentence in split(tokens):
            sentences += 1
            runs, mentions = _runs(tokens.words, (sentence.lo, sentence.hi), matcher)
            known += mentions
            example = text[tokens.starts[sentence.lo] : tokens.ends[sentence.hi - 1]]
            for run in runs:
                key = " ".join(stem(word) for word in run)
                counts[key] += 1
                shown.setdefault(key, (" ".join(run), example))
    terms = (UnknownTerm(shown[key][0], count, shown[key][1]) for key, count in counts.items())
    return Coverage(sentences, known, tuple(sorted(terms, key=lambda t: (-t.count, t.term))))


def _runs(
    words: list[str], where: tuple[int, int], matcher: Matcher
) -> tuple[list[list[str]], int]:
    """Return the runs of unknown words in a range of tokens, and how many mentions it has."""
    lo, hi = where
    items = matcher.items(words, lo, hi)
    taken = {i for item in items for i in range(item.lo, item.hi)}
    taken |= matcher.normality.covered(words, lo, hi)
    mentions = [item for item in items if isinstance(item, Mention)]
    nouns = {mention.lo for mention in mentions if mention.is_target}
    runs: list[list[str]] = [[]]
    for i in range(lo, hi):
        word = words[i]
        if i in taken or word in _COMMON or len(word) < 3 or not word[0].isalpha():
            if i in nouns:
                runs.pop()
            runs.append([])
        elif not (_NOT_NOUNS.fullmatch(word) and not runs[-1]):
            runs[-1].append(word)
    return [run[-_LONGEST:] for run in runs if run], len(mentions)
