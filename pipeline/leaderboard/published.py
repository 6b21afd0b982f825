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


@dataclass(frozen=True)
class Published:
    """One published model, in percent; None: not published.

    ``implied_reasoning_coherence`` solves overall = 0.30 TA + 0.25 VC + 0.25 RC + 0.20 (100 - HR).
    """

    name: str
    overall: float | None
    turn_accuracy: float | None = None
    visual_consistency: float | None = None
    implied_reasoning_coherence: float | None = None
    hallucination_rate: float | None = None
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


PUBLISHED = (  # columns as the fields above
    Published("Claude 3.5 Sonnet", 61.4, 68.2, 55.1, 38.5, 12.3),
    Published("GPT-4o", 58.1, 65.0, 42.0, 45.0, 15.7),
    Published("Med-PaLM 2", 52.3, 60.5, 38.9, 32.3, 18.2),
    Published("LLaVA-Med", 41.7, 52.1, 29.4, 12.6, 22.1),
    Published("VisDial Medical", 67.0, remark="company, overall score only"),
    Published("PathAI", 48.0, remark="company, overall score only"),
    Published("Aidoc", 39.0, remark="company, overall score only"),
    Published("Curai Health", None, remark="company, no vision model"),
)
