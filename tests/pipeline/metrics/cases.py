"""A small chest lexicon and builders for hand-made dialogues."""

from actors.schema import Claim, Dialogue, Finding, Image, Region, Turn
from pipeline.dataset.lexicon import Concept, Lexicon
from pipeline.metrics.base import Response
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.score_dialogue import score_dialogue

SIZE = 1000  # so that norm1000 coordinates are pixels
RIGHT = "[100, 100, 300, 300]"
REGION = (100.0, 100.0, 300.0, 300.0)


def _concept(name, kind, group=None, checkable=True, synonyms=()):
    return Concept(
        id=name,
        name=name.replace("_", " "),
        synonyms=synonyms,
        kind=kind,
        group=group,
        checkable=checkable,
    )


LEXICON = Lexicon(
    {
        c.id: c
        for c in (
            _concept("nodule", "finding"),
            _concept("effusion", "finding", synonyms=("pleural effusion",)),
            _concept("consolidation", "finding"),
            _concept("fracture", "finding"),
            _concept("left_lung", "site", "side"),
            _concept("right_lung", "site", "side"),
            _concept("smooth", "attribute", "margin"),
            _concept("spiculated", "attribute", "margin"),
            _concept("pneumonia", "diagnosis", "diagnosis", checkable=False),
            _concept("lung_cancer", "diagnosis", "diagnosis", checkable=False),
            _concept("tuberculosis", "diagnosis", checkable=True),
            *(_concept(c, "change", "change") for c in ("new", "larger", "stable", "smaller")),
            _concept("resolved", "change", "change"),
        )
    }
)

CURRENT = Image(
    image_id="now", uri="a.png", sha256="", width=SIZE, height=SIZE, role="current", days_before=0
)
PRIOR = Image(
    image_id="then", uri="b.png", sha256="", width=SIZE, height=SIZE, role="prior", days_before=90
)


def turn(number, answer_type="boolean", answer=None, **columns):
    images = columns.pop("image_ids", ("now",) if number == 1 else ())
    return Turn(
        turn=number,
        question="?",
        answer_type=answer_type,
        answer=answer,
        image_ids=images,
        **columns,
    )


def region(name, referent="r1", image="now", box=REGION, site="left_lung"):
    return Region(region_id=name, image_id=image, referent_id=referent, site=site, box=box)


def claim(concept, present=True, site=None, change=None):
    return Claim(concept=concept, present=present, site=site, change=change)


def finding(concept, present=True, site=None, change=None):
    return Finding(concept=concept, present=present, site=site, change=change)


def dialogue(*turns, findings=(), regions=(), name="d1"):
    return Dialogue(
        dialogue_id=name,
        patient_id="p1",
        specialty="radiology",
        modality="xray",
        source="hand",
        health_system="western",
        language="en",
        release="2026Q3",
        images=(CURRENT, PRIOR),
        regions=tuple(regions),
        findings=tuple(findings),
        turns=tuple(turns),
    )


def responses(texts):
    return {number: Response(text=text) for number, text in texts.items()}


def read(case, texts, dialect="norm1000"):
    return read_dialogue(case, responses(texts), LEXICON, dialect)


def rows(case, texts, dialect="norm1000"):
    """Return the score rows by metric name."""
    scores = score_dialogue(case, responses(texts), LEXICON, dialect)
    by_name = {s.metric: s for s in scores}
    assert len(by_name) == len(scores), "one row per metric"
    return by_name


def value(case, texts, metric, dialect="norm1000"):
    """Return a metric's ratio; None where it is unscored or has no row."""
    row = rows(case, texts, dialect).get(metric)
    return row.numerator / row.denominator if row is not None and row.denominator else None
