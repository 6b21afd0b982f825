"""The sections in their order.

In: an ``Analysis``. Out: the report's sections.
"""

from pipeline.report.analysis.gather import Analysis
from pipeline.report.blocks import Section
from pipeline.report.sections import breakdown, overview, protocol, quality, turns
from pipeline.report.sections.comparison import comparison, leaderboard


def sections(analysis: Analysis) -> tuple[Section, ...]:
    """Write all sections; the comparison only where there is something to compare with."""
    compared = (comparison(analysis),) if analysis.comparisons else ()
    return (
        overview.overview(analysis),
        *compared,
        breakdown.specialties(analysis),
        breakdown.other_groups(analysis),
        turns.by_turn(analysis),
        turns.grounding(analysis),
        turns.hallucination(analysis),
        turns.answers(analysis),
        quality.losses(analysis),
        quality.weights(analysis),
        quality.annotators(analysis),
        quality.cost(analysis),
        leaderboard(analysis),
        protocol.protocol(analysis),
        overview.how_to_read(analysis),
        overview.limits(analysis),
        protocol.checklist(analysis),
    )
