"""Which measures an imported dialogue defines, and whether its own gold answers reach 1.0.

In: dialogues and the lexicon. Out: counts in the report. A gold answer below 1.0 means that the
dataset's text is not read back as its annotation says: such a dialogue would punish right answers.
"""

from collections import Counter
from collections.abc import Sequence

from actors.gold import gold_answer
from actors.schema import Dialogue
from conf.schema import METRICS
from pipeline.dataset.importers.report import ImportReport
from pipeline.dataset.lexicon import Lexicon
from pipeline.metrics.base import Response
from pipeline.metrics.reading import read_dialogue
from pipeline.metrics.score_dialogue import score_reading

_DIALECT = "norm1000"
_INVERTED = "hallucination_rate"  # gold has none


def check_gold(dialogues: Sequence[Dialogue], lexicon: Lexicon, report: ImportReport) -> None:
    """Score the gold answers of some dialogues and count into the report."""
    defined: Counter[str] = Counter()
    unscored: Counter[str] = Counter()
    for dialogue in dialogues:
        answers = {
            t.turn: Response(text=gold_answer(dialogue, t, _DIALECT)) for t in dialogue.turns
        }
        reading = read_dialogue(dialogue, answers, lexicon, _DIALECT)
        unscored.update(t.turn.answer_type for t in reading.turns if t.score is None)
        for score in score_reading(reading):
            if score.metric not in METRICS:
                continue
            if score.status == "scored":
                defined[score.metric] += 1
                value = score.numerator / score.denominator
                perfect = 1.0 - value if score.metric == _INVERTED else value
                if perfect < 1.0 - 1e-9:
                    report.gold_below_one[score.metric] += 1
                    report.warn(f"gold scores below 1.0: {score.metric}", dialogue.dialogue_id)
            else:
                defined[score.metric] += 0
    for kind, n in unscored.items():
        report.warn(f"turns of type {kind} that no measure scores", f"{n} turns")
    report.checked = len(dialogues)
    report.measures = dict(defined)
