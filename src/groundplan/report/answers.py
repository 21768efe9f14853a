"""The three answers of the first screen: can it be done, what stands in the way, how sure are we."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Answer, Column, Figure, Panel, Table, words
from groundplan.report.bottlenecks import BEFORE_GOALS, Bottleneck, bottleneck_rows, group_bottlenecks, has_priorities, labels_of, priority_text, rank_bottlenecks, share_text
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.fullness import FULL, full_text, fullest_limits, fullness_rows
from groundplan.report.goals import GoalRow, goal_rows, goal_table, weighted_delivery
from groundplan.report.names import Names
from groundplan.report.numbers import counted, grouped, listing, percent, plain, scale_for
from groundplan.report.sources import source_line
from groundplan.report.surety import surety_answer

__all__ = ["NOT_ASKED", "answers_of"]

NOT_ASKED = "Not known yet"
"""Verdict of a question that the steps of a run do not answer."""

_MOST = 5
_NOTHING = 1e-6
"""A share of a goal under which nothing of it is delivered."""
_KINDS = {
    "capacity": ("capacity", "capacities"),
    "growth": ("limit on new capacity", "limits on new capacity"),
    "resource": ("resource", "resources"),
    "import": ("import limit", "import limits"),
    "export": ("export limit", "export limits"),
    "stock": ("limit on stocks", "limits on stocks"),
    "transfer": ("road", "roads"),
    "fixed": ("number that is fixed", "numbers that are fixed"),
}


def answers_of(shown: ReportInput, names: Names) -> tuple[Answer, ...]:
    """Answer the three questions as far as the run can."""
    return (_can_it_be_done(shown, names), _what_is_in_the_way(shown, names), surety_answer(shown, names))


def _can_it_be_done(shown: ReportInput, names: Names) -> Answer:
    question = "Can the goals be met?"
    gaps = shown.table("gaps")
    if gaps.is_empty():
        outcome = _outcome(shown, "plan")
        sentence = outcome or "No plan was computed in this run; 'groundplan run' makes one."
        return Answer(question, "No plan" if outcome else NOT_ASKED, "unknown", (sentence,))
    rows = goal_rows(gaps)
    short = [row for row in rows if row.is_short]
    minima = _minima(gaps, names)
    if not short:
        wanted = f"All {grouped(len(rows))} products that are wanted for final use are" if len(rows) > 1 else "The one product that is wanted for final use is"
        every = f"{wanted} delivered in full, in every period."
        return Answer(question, "Yes, every goal", "good", (every, *minima), _best_goals(shown, rows, names))
    met = gaps.filter(pl.col("shortfall_share").fill_null(0.0) <= GoalRow.TOLERANCE)
    delivery = (
        f"Weighted by importance, {percent(weighted_delivery(gaps), 1)} of what is wanted is delivered; "
        f"{grouped(len(met))} of {counted(len(gaps), 'goal')} (one a product and period) {'is' if len(met) == 1 else 'are'} met in full."
    )
    unweighted = [names.product(row.product) for row in short if row.weight <= 0]
    if unweighted:
        delivery += f" A goal of weight 0 counts for nothing in that share: {listing(unweighted)}."
    worst = short[0]
    scale = scale_for(worst.shortfall, names.measure(worst.product))
    lacking = f"{plain(worst.shortfall / scale.divisor)} {scale.measure}".strip()
    furthest = f"Furthest off is {names.product(worst.product)}: {percent(1 - worst.share)} of its goal is missing, {lacking} over the plan."
    nothing = [names.product(row.product) for row in short if row.share < _NOTHING]
    if len(nothing) > 1:
        furthest = f"{counted(len(nothing), 'product')} are not delivered at all: {listing(nothing)}."
    verdict = f"Not all: {grouped(len(short))} of {counted(len(rows), 'product')} {'falls' if len(short) == 1 else 'fall'} short"
    return Answer(question, verdict, "short", (delivery, furthest, *_levelled(shown), *minima), _worst_goals(shown, short, names))


def _levelled(shown: ReportInput) -> tuple[str, ...]:
    """Say that gaps were levelled, and what that does to the largest."""
    notes = shown.table("notes").filter((pl.col("step") == "plan") & (pl.col("subject") == "levelling"))
    return tuple(notes["sentence"].to_list())


def _minima(gaps: pl.DataFrame, names: Names) -> tuple[str, ...]:
    below = gaps.filter(pl.col("below_minimum").fill_null(0.0) > GoalRow.TOLERANCE * pl.col("minimum").fill_null(0.0))
    if below.is_empty():
        return ("Every minimum (subsistence) is delivered.",) if (gaps["minimum"].fill_null(0.0) > 0).any() else ()
    products = [names.product(product) for product in below["product"].unique(maintain_order=True).to_list()]
    return (f"The minimum itself is not delivered for {listing(products)}; minima come before every goal.",)


def _worst_goals(shown: ReportInput, short: list[GoalRow], names: Names) -> Figure:
    worst = short[:_MOST]
    head = (
        f"Delivered share of the goal over the whole plan: the {len(worst)} products that are furthest off."
        if len(short) > len(worst)
        else "Delivered share of the goal over the whole plan."
    )
    return Figure(
        name="answer-goals",
        title="Furthest from their goals",
        sentence=head,
        panels=(_goal_panel(worst, names),),
        table=goal_table(worst, names, left_out=len(short) - len(worst)),
        source=source_line(shown, "goal gaps of the plan"),
        legend=(("delivered", "delivered"), ("gap", "missing"), ("target_upright", "goal")),
    )


def _best_goals(shown: ReportInput, rows: list[GoalRow], names: Names) -> Figure:
    largest = sorted(rows, key=lambda row: (row.priority, -row.weight, row.product))[:_MOST]
    return Figure(
        name="answer-goals",
        title="All goals are met",
        sentence="Delivered share of the goal over the whole plan, the goals of most weight." if len(rows) > len(largest) else "Delivered share of the goal over the whole plan.",
        panels=(_goal_panel(largest, names),),
        table=goal_table(largest, names, left_out=len(rows) - len(largest)),
        source=source_line(shown, "goal gaps of the plan"),
        legend=(("delivered", "delivered"), ("target_upright", "goal")),
    )


def _goal_panel(rows: list[GoalRow], names: Names) -> Panel:
    data = [{"label": names.product_both(row.product), "text": _share(row), "share": row.share} for row in rows]
    return Panel(goal_bars(data), "; ".join(f"{names.product(row.product)}: {percent(row.share)} of the goal delivered" for row in rows))


def _share(row: GoalRow) -> str:
    # Near the goal a decimal tells the near miss from the hit.
    return percent(row.share, 0 if row.share < 0.95 or not row.is_short else 1)


def _what_is_in_the_way(shown: ReportInput, names: Names) -> Answer:
    question = "What stands in the way?"
    if not shown.has("gaps"):
        return Answer(question, NOT_ASKED, "unknown", ("Bottlenecks are known once a plan is computed.",))
    ranked = rank_bottlenecks(shown, names)
    short = [row for row in goal_rows(shown.table("gaps")) if row.is_short]
    if not ranked:
        return _nothing_priced(shown, names, question, short)
    together = group_bottlenecks(ranked)
    first = together[0]
    several = has_priorities(together)
    goals = (BEFORE_GOALS if first.priority == 0 else f"goals of {priority_text(first)}") if several else "goals"
    lead = f"If all limits that bind were eased a little, by the same share, it would bring {share_text(first)} of the gain for the {goals}."
    lead += " Shares are counted within each priority." if several else ""
    kinds = [(sum(item.kind == kind for item in ranked), pair) for kind, pair in _KINDS.items()]
    kinds_told = listing([f"{grouped(count)} {pair[count != 1]}" for count, pair in kinds if count])
    following = [f"Next: {'; '.join(labels_of(together)[1:3])}."] if len(together) > 1 else []
    sentences = (lead, *following, f"In all, {counted(len(ranked), 'limit')} {'binds' if len(ranked) == 1 else 'bind'} somewhere: {kinds_told}.")
    return Answer(question, f"Above all: {first.label}", "short" if short else "good", sentences, _top_bottlenecks(shown, together[:_MOST], len(together)))


def _nothing_priced(shown: ReportInput, names: Names, question: str, short: list[GoalRow]) -> Answer:
    """Answer where no limit has a price: nothing is missed, or what is missed counts for nothing, or only several limits together would help."""
    verdict, tone, sentence = "Nothing that binds", "good", "All goals are met with what there is, so no limit is worth moving for them."
    if short and all(row.weight <= 0 for row in short):
        missed = listing([names.product(row.product) for row in short])
        verdict, tone, sentence = "Nothing that counts", "unknown", f"What is missed has a weight of 0 ({missed}), so by the goals no limit is worth moving for it."
    elif short:
        verdict, tone, sentence = "No single limit", "unknown", "No limit has a price of its own at the margin: only several together would move the goals."
    fullest = fullest_limits(shown, names)[:_MOST]
    if not fullest:
        return Answer(question, verdict, tone, (sentence,))
    rows = fullness_rows(fullest)
    columns = (words("Limit"), Column("Used", "%"), Column("Period"))
    cells = tuple((item.label, full_text(item.share).removesuffix(" %"), item.period) for item in fullest)
    figure = Figure(
        name="answer-limits",
        title="Nearest to their limits",
        sentence="What would bind first: use as a share of the limit, in the period in which it is used most.",
        panels=(Panel(ranked_bars(rows, title="% of the limit", mark_at=100), "; ".join(f"{row['label']}: {row['text']}" for row in rows)),),
        table=Table(columns, cells, "The fullest resources and capacities"),
        source=source_line(shown, "activities and resource use of the plan"),
        legend=(("delivered", "used"), ("target_upright", "limit")),
    )
    first = [item.label for item in fullest if item.share >= FULL]
    used_up = "Used up" if short else "Used up all the same, but not missed"
    full = (f"{used_up}: {'; '.join(first)}.",) if first else ()
    return Answer(question, verdict, tone, (sentence, *full), figure)


def _top_bottlenecks(shown: ReportInput, together: list[Bottleneck], count: int) -> Figure:
    columns = (words("Limit"), Column("Share of the gain", "%"), Column("Binds in", "periods"))
    cells = tuple((label, share_text(item).removesuffix(" %"), str(len(item.periods))) for label, item in zip(labels_of(together), together, strict=True))
    gain = "% of the gain of its priority" if has_priorities(together) else "% of the gain"
    return Figure(
        name="answer-limits",
        title="Worth most to move",
        sentence="What each limit would bring of the gain: the ones that are worth most." if count > len(together) else "What each limit would bring of the gain.",
        panels=(Panel(ranked_bars(bottleneck_rows(together), title=gain), "; ".join(f"{item.label}: {share_text(item)}" for item in together)),),
        table=Table(columns, cells, "The limits that are worth most", left_out=count - len(together)),
        source=source_line(shown, "shadow prices of the plan"),
        legend=(("delivered", "share of the gain"),),
    )


def _outcome(shown: ReportInput, step: str) -> str:
    found = shown.table("outcomes").filter(pl.col("step") == step)
    return str(found["sentence"][0]) if not found.is_empty() else ""
