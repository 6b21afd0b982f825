"""The phantom's question language: three to five phrasings per kind of question.

``{ref}`` is a way to name a lesion, ``{noun}`` the modality's word for its image. A template
starts with a capital; behind a prefix that returns to an earlier lesion it is lowered.
"""

import numpy as np

from pipeline.phantom.scene import Referent, pick

QUESTIONS: dict[str, tuple[str, ...]] = {
    "present": (
        "Is there {a} {concept} on the {noun}?",
        "Does the {noun} show {a} {concept}?",
        "Do you see {a} {concept}?",
        "Can {a} {concept} be seen?",
    ),
    "what": (
        "What is in the {site}?",
        "Which finding is in the {site}?",
        "What do you see in the {site}?",
        "Name the finding in the {site}.",
    ),
    "where": (
        "Where is the {concept}?",
        "Which site shows the {concept}?",
        "In which part of the {noun} is the {concept}?",
    ),
    "describe_site": (
        "Describe the {site}.",
        "Report the finding in the {site}.",
        "Describe what you see in the {site}.",
    ),
    "mark": (
        "Mark {ref}.",
        "Show {ref} on the {noun}.",
        "Point out {ref}.",
    ),
    "is_attribute": (
        "Is {ref} {value}?",
        "Would you call {ref} {value}?",
        "Does {ref} look {value}?",
    ),
    "which_attribute": (
        "Is {ref} {value} or {other}?",
        "Would you call {ref} {value} or {other}?",
        "How does {ref} look, {value} or {other}?",
    ),
    "describe": (
        "Describe {ref}.",
        "Describe how {ref} looks.",
        "How does {ref} look?",
    ),
    "change": (
        "How has {ref} changed since the prior {noun}?",
        "Compared with the prior {noun}, what happened to {ref}?",
        "What is the change of {ref} from the prior {noun}?",
    ),
    "is_change": (
        "Compared with the prior {noun}, is {ref} {change}?",
        "Since the prior {noun}, is {ref} {change}?",
        "Is {ref} {change} compared with the prior {noun}?",
    ),
    "size": (
        "The {noun} is {width} mm wide. How wide is {ref} in mm?",
        "The {noun} is {width} mm wide. What is the width of {ref} in mm?",
        "With a {noun} width of {width} mm, how many mm wide is {ref}?",
    ),
    "count": (
        "How many sites show {a} {concept}?",
        "In how many sites is there {a} {concept}?",
        "Count the sites with {a} {concept}.",
    ),
    "whole": (
        "Describe the {noun}.",
        "Report all findings on the {noun}.",
        "List what the {noun} shows.",
    ),
    "diagnose": (
        "What is the diagnosis?",
        "Which diagnosis do the findings support?",
        "Taken together, what is your diagnosis?",
        "What is the most fitting diagnosis?",
    ),
}
RETURNS: tuple[str, ...] = ("Back to {ref}: ", "{Ref} again: ", "Now {ref} once more: ")
_ORDINALS = ("first", "second", "third", "fourth")


def spoken(concept: str) -> str:
    """Return the display name of a phantom concept."""
    return concept.replace("_", " ")


def with_article(noun: str) -> str:
    """Return the indefinite article that fits a name."""
    return "an" if noun[:1] in "aeiou" else "a"


def phrase(rng: np.random.Generator, kind: str, **fields: object) -> str:
    """Draw one phrasing of a kind of question and fill it in."""
    text = pick(rng, QUESTIONS[kind]).format(**fields)
    return text[:1].upper() + text[1:]


def come_back(rng: np.random.Generator, reference: str, question: str) -> str:
    """Prefix a question with a return to an earlier lesion."""
    lead = pick(rng, RETURNS).format(ref=reference, Ref=reference[:1].upper() + reference[1:])
    return f"{lead}{question[:1].lower()}{question[1:]}"


class Mentions:
    """The lesions mentioned so far, to name them as a person would."""

    def __init__(self, referents: tuple[Referent, ...]) -> None:
        self._referents = referents
        self._mentioned: list[Referent] = []
        self._last: Referent | None = None

    def name(self, referent: Referent) -> str:
        """Return the plain name: by kind where that is unique, else with its site."""
        noun = spoken(referent.concept)
        if sum(r.concept == referent.concept for r in self._referents) == 1:
            return f"the {noun}"
        return f"the {noun} in the {spoken(referent.site)}"

    def ordinal(self, referent: Referent) -> str | None:
        """Return the name by order of mention ("the first nodule"), if two of its kind were."""
        kind = [r for r in self._mentioned if r.concept == referent.concept]
        if len(kind) < 2 or referent not in kind:
            return None
        return f"the {_ORDINALS[kind.index(referent)]} {spoken(referent.concept)}"

    def is_last(self, referent: Referent) -> bool:
        """Return whether the previous question was about this lesion, so that "it" is clear."""
        return self._last is referent

    def is_return(self, referent: Referent) -> bool:
        """Return whether the lesion was mentioned before, but not in the previous question."""
        return referent in self._mentioned and self._last is not referent

    def note(self, referent: Referent | None) -> None:
        """Record the lesion that a question was about; None for no lesion."""
        self._last = referent
        if referent is not None and referent not in self._mentioned:
            self._mentioned.append(referent)
