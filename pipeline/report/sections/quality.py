"""How far the numbers carry: losses on the way, weights, annotators, and what the run cost.

In: an ``Analysis``. Out: sections.
"""

from pipeline.report.analysis.analyse import Analysis
from pipeline.report.analysis.effort import Effort
from pipeline.report.analysis.flow import Flow, Measured
from pipeline.report.blocks import Block, Bullets, Facts, Figure, Section, Table, Text, row
from pipeline.report.charts import Mark, bar_chart
from pipeline.report.format import count, seconds, title
from pipeline.stats.intervals import Interval
from pipeline.stats.percent import NONE, percent, with_span


def losses(analysis: Analysis) -> Section:
    """Return what was asked, answered and scored, and what was lost at each step."""
    flow = analysis.flow
    failed = f"{count(flow.turns_failed)} failed or missing" if flow.turns_failed else "none"
    broken = flow.dialogues_failed
    partly = f"{count(broken)} with a failed turn" if broken else "none"
    steps = [
        ("Turns asked", flow.turns, ""),
        ("Turns answered", flow.turns_answered, failed),
        ("Dialogues asked", flow.dialogues, ""),
        ("Dialogues answered whole", flow.dialogues - broken, partly),
        *((f"Scored: {title(m.metric).lower()}", m.scored, _reasons(m)) for m in flow.measured),
    ]
    drawn = steps[2:]  # dialogues; turns, several times as many, would dwarf them
    marks = [Mark(label=n, value=v, description=f"{n}: {count(v)}") for n, v, _ in drawn]
    table = Table(
        "From asked to scored",
        ("Step", "Count", "Lost before it, and why"),
        tuple(row(name, count(n), lost) for name, n, lost in steps),
    )
    svg = bar_chart(marks, "; ".join(m.description for m in marks), "dialogues")
    facts = (
        ("Dialogues left out for faults in the data", count(flow.excluded)),
        ("Turns failed or missing", count(flow.turns_failed)),
        ("Answers cut off at the length limit", _cut_off(flow)),
        *((("Refusals, which are answers", count(flow.refused)),) if flow.refused else ()),
    )
    rule = "A failed turn counts as wrong; a dialogue is unscored where a measure has no object."
    blocks: list[Block] = [Text(rule), Figure(svg=svg, table=table), Facts(facts)]
    if flow.errors:
        blocks.append(Text("Most frequent errors of failed turns:"))
        blocks.append(Bullets(tuple(f"{count(n)} × {text}" for text, n in flow.errors)))
    return Section("losses", "Failures and exclusions", tuple(blocks))


def _cut_off(flow: Flow) -> str:
    if flow.cut_off is None or not flow.turns_answered:
        return count(flow.cut_off)
    return f"{count(flow.cut_off)} ({percent(flow.cut_off / flow.turns_answered)})"


def weights(analysis: Analysis) -> Section:
    """Return the overall score, and ranks, under other weights."""
    sensitivity = analysis.sensitivity
    labels = [run.label for run in analysis.runs]
    rows = []
    for one in sensitivity.weighings:
        cells = [
            percent(v) + (f", rank {r}" if len(labels) > 1 and r is not None else "")
            for v, r in zip(one.overall, one.ranks, strict=True)
        ]
        rows.append(row(_weighing_name(one.name), *cells))
    rows.append(row("Lowest, any weights", *(percent(v) for v in sensitivity.lowest)))
    rows.append(row("Highest, any weights", *(percent(v) for v in sensitivity.highest)))
    table = Table("Overall score under other weights", ("Weights", *labels), tuple(rows))
    return Section("weights", "Weight sensitivity", (Text(_ranks(analysis)), table))


def annotators(analysis: Analysis) -> Section:
    """Return the annotators' ceiling."""
    ceiling = analysis.ceiling
    if ceiling is None:
        return Section("annotators", "Annotator ceiling", (Text("No agreement was recorded."),))
    turns = f"{count(ceiling.n_turns)}, unknown {count(ceiling.n_unknown)}"
    least = percent(ceiling.smallest_difference)
    facts = (
        ("An annotator against the consensus", _interval(ceiling.human_level)),
        ("One annotator against another, at least", _interval(ceiling.between_annotators)),
        ("One annotator against another, at most", _interval(ceiling.between_annotators_most)),
        ("Smallest difference beyond chance between two raters", least),
        ("Turns with a known agreement", turns),
    )
    blocks: list[Block] = [
        Text(
            "What turn accuracy can mean where annotators disagree: above the level of an "
            "annotator against the consensus, a higher score no longer means a better reader."
        ),
        Facts(facts),
    ]
    for one in analysis.comparisons:
        pair = one.differences[("overall", "all", "turn_accuracy")]
        if pair.candidate is not None and pair.baseline is not None:
            apart = ceiling.separates(pair.candidate, pair.baseline)
            words = {True: "more than", False: "no more than", None: "an unknown amount beside"}
            blocks.append(
                Text(f"This run and {one.other.label} differ by {words[apart]} annotators do.")
            )
    return Section("annotators", "Annotator ceiling", tuple(blocks))


def cost(analysis: Analysis) -> Section:
    """Return throughput, tokens, cache hits, GPU time."""
    effort = analysis.effort
    absent = Text("No turn outputs lie beside the run.")
    block = absent if effort is None else Facts(_cost_items(effort))
    return Section("cost", "Throughput and cost", (block,))


def _cost_items(effort: Effort) -> tuple[tuple[str, str], ...]:
    rate = NONE if effort.turns_per_second is None else f"{effort.turns_per_second:.1f} turns/s"
    new = NONE if effort.tokens_per_second is None else f"{effort.tokens_per_second:,.0f} tokens/s"
    spent = () if effort.spent is None else (("Paid to the provider", f"{effort.spent:.2f} USD"),)
    hours = "not recorded" if effort.gpu_hours is None else f"{effort.gpu_hours:.2f} GPU hours"
    return (
        ("Wall time of generation, engine start included", seconds(effort.seconds)),
        ("Passes (1: never resumed)", count(effort.passes)),
        ("Throughput", f"{rate}, {new} generated"),
        ("Prompt tokens", count(effort.prompt_tokens)),
        (
            "Prompt tokens out of the prefix cache",
            f"{count(effort.cached_tokens)} ({percent(effort.cache_hits)})",
        ),
        ("Generated tokens", count(effort.completion_tokens)),
        ("Time per answer, median", seconds(effort.latency_median)),
        ("Time per answer, 95th percentile", seconds(effort.latency_p95)),
        ("Turns that needed another attempt", count(effort.retried)),
        ("Engine actors", count(effort.actors)),
        ("GPU time", hours),
        *spent,
    )


def _reasons(measured: Measured) -> str:
    return "; ".join(f"{count(n)}: {reason}" for reason, n in measured.reasons) or "none"


def _weighing_name(name: str) -> str:
    how, _, metric = name.partition(":")
    return name if not metric else f"{title(metric)} {'twice' if how == 'double' else 'left out'}"


def _ranks(analysis: Analysis) -> str:
    sensitivity = analysis.sensitivity
    if len(analysis.runs) == 1:
        return "Four measures weighed otherwise: the overall score moves as far as this."
    changed = "changes" if sensitivity.rank_changes else "does not change"
    sentence = f"Under these weights the order of the runs {changed}."
    if sensitivity.first is None:
        return sentence
    shares = zip(analysis.runs, sensitivity.first, strict=True)
    winners = ", ".join(f"{run.label} in {percent(share)}" for run, share in shares)
    return f"{sentence} Of all weights that sum to 1, drawn evenly, first is {winners}."


def _interval(interval: Interval) -> str:
    return with_span(interval.value, interval.low, interval.high)
