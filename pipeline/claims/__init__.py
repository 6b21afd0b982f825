"""Text to claims: what an answer asserts, denies or leaves open about the concepts of a lexicon."""

from pipeline.claims.assertion import Assertion
from pipeline.claims.extract import extract_assertions
from pipeline.claims.languages import base_language, refusals, spoken_lexicon, unread_reason
from pipeline.claims.leading_answer import leading_answer
from pipeline.claims.revision import declares_revision
from pipeline.dataset.lexicon import packaged_lexicon

__all__ = [
    "Assertion",
    "base_language",
    "declares_revision",
    "extract_assertions",
    "leading_answer",
    "packaged_lexicon",
    "refusals",
    "spoken_lexicon",
    "unread_reason",
]
