"""The published results that IMCBench was announced with, as data for leaderboards.

Out: rows in percent. They were measured on other dialogues that are not published, with code that
is not published: whoever shows them beside own results must show ``NOTE`` too.
"""

from dataclasses import dataclass

NOTE = (
    "Other data, not comparable: published figures on dialogues that are not available, scored "
    "with code that is not available. Implied: reasoning coherence was not published; it is what "
    "the published overall score leaves over under the published weights."
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """One published model, in percent; None: not published.

    ``implied_reasoning_coherence`` solves overall = 0.30 TA + 0.25 VC + 0.25 RC + 0.20 (100 - HR).
    """

    name: str
    overall: float | None
    turn_accuracy: float | None = None
    visual_consistency: float | None = None
    hallucination_rate: float | None = None
    implied_reasoning_coherence: float | None = None
    remark: str = ""

    @property
    def shown(self) -> tuple[float | None, ...]:
        """The overall score and the four measures, in the order of ``conf.schema.METRICS``."""
        return (
            self.overall,
            self.turn_accuracy,
            self.visual_consistency,
            self.implied_reasoning_coherence,
            self.hallucination_rate,
        )


PUBLISHED = (
    Published(
        name="Claude 3.5 Sonnet",
        overall=61.4,
        turn_accuracy=68.2,
        visual_consistency=55.1,
        hallucination_rate=12.3,
        implied_reasoning_coherence=38.5,
    ),
    Published(
        name="GPT-4o",
        overall=58.1,
        turn_accuracy=65.0,
        visual_consistency=42.0,
        hallucination_rate=15.7,
        implied_reasoning_coherence=45.0,
    ),
    Published(
        name="Med-PaLM 2",
        overall=52.3,
        turn_accuracy=60.5,
        visual_consistency=38.9,
        hallucination_rate=18.2,
        implied_reasoning_coherence=32.3,
    ),
    Published(
        name="LLaVA-Med",
        overall=41.7,
        turn_accuracy=52.1,
        visual_consistency=29.4,
        hallucination_rate=22.1,
        implied_reasoning_coherence=12.6,
    ),
    Published(name="VisDial Medical", overall=67.0, remark="company, overall score only"),
    Published(name="PathAI", overall=48.0, remark="company, overall score only"),
    Published(name="Aidoc", overall=39.0, remark="company, overall score only"),
    Published(name="Curai Health", overall=None, remark="company, no vision model"),
)
