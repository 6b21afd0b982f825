"""Claims of sentences as models and reports write them: ``cases.json``, labelled by hand.

A claim is written as polarity (+ or -, with ? before it where it is uncertain), concept, @site and
~change.
"""

import json
from pathlib import Path

import pytest

from pipeline.claims import Assertion, extract_assertions
from pipeline.dataset.lexicon import Concept, Kind, Lexicon

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))["claims"]
KINDS: dict[Kind, str] = {
    "finding": "nodule mass effusion consolidation opacity pneumothorax cyst fracture cardiomegaly",
    "diagnosis": "pneumonia lung_cancer",
    "site": "left_lung right_lung left_upper_lobe right_upper_lobe",
    "attribute": "smooth spiculated",
    "change": "new larger stable smaller resolved",
}
LEXICON = Lexicon(
    {
        name: Concept(id=name, name=name.replace("_", " "), kind=kind, checkable=True)
        for kind, names in KINDS.items()
        for name in names.split()
    }
)


def written(assertion: Assertion) -> str:
    claim = assertion.claim
    doubt = "?" if assertion.certainty == "uncertain" else ""
    site = f"@{claim.site}" if claim.site else ""
    change = f"~{claim.change}" if claim.change else ""
    return f"{doubt}{'+' if claim.present else '-'}{claim.concept}{site}{change}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case["text"].split())[:60])
def test_an_answer_makes_these_claims(case):
    found = extract_assertions(case["text"], LEXICON, case.get("asks"))
    assert sorted(map(written, found)) == sorted(case["expected"])
