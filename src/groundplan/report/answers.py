"""The three answers of the first screen: can it be done, what stands in the way, how sure are we."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Answer, Column, Figure, Panel, Table
from groundplan.report.bottlenecks import Bottleneck, bottleneck_rows, rank_bottlenecks
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.goals import GoalRow, goal_rows, goal_table, weighted_delivery
from groundplan.report.names import Names
from groundplan.report.numbers import grouped, percent, plain, scale_for
from groundplan.report.sources import source_line
from groundplan.report.surety import surety_answer

__all__ = ["answers_of"]

_MOST = 5


def answers_of(shown: ReportInput, names: Names) -> tuple[Answer, ...]:
    """Answer the three questions as far as the run can."""
    return (_can_it_be_done(shown, names), _what_is_in_the_way(shown, names), surety_answer(shown, names))


def _can_it_be_done(shown: ReportInput, names: Names) -> Answer:
    question = "Can the goals be met?"
    outcome = _outcome(shown, "plan")
    gaps = shown.table("gaps")
    if gaps.is_empty():
        sentence = outcome or "No plan was computed in this run; 'groundplan run' makes one."
        return Answer(question, "Not known yet" if not outcome else "No plan", "unknown", (sentence,))
    rows = goal_rows(gaps)
    short = [row for row in rows if row.is_short]
    met = gaps.filter(pl.col("shortfall_share").fill_null(0.0) <= GoalRow.TOLERANCE)
    counted = f"{grouped(len(met))} of {grouped(len(gaps))} goals (one a product and period) are met in full"
    minima = _minima(gaps, names)
    if not short:
        return Answer(question, f"Yes, all {grouped(len(gaps))}", "good", (f"{counted}.", *minima))
    delivery = f"Weighted by importance, {percent(weighted_delivery(gaps), 1)} of what is wanted is delivered."
    worst = short[0]
    scale = scale_for(worst.shortfall, names.measure(worst.product))
    furthest = f"Furthest off is {names.product(worst.product)}: {percent(1 - worst.share)} of its goal is missing ({plain(worst.shortfall / scale.divisor)} {scale.measure} over the plan)."
    verdict = f"Not all: {grouped(len(short))} of {grouped(len(rows))} products fall short"
    return Answer(question, verdict, "short", (f"{counted}. {delivery}", furthest, *minima), _worst_goals(shown, short, names))


def _minima(gaps: pl.DataFrame, names: Names) -> tuple[str, ...]:
    asked = gaps.filter(pl.col("minimum") > 0)
    below = gaps.filter(pl.col("below_minimum").fill_null(0.0) > GoalRow.TOLERANCE * pl.col("minimum").fill_null(0.0))
    if below.is_empty():
        return ("Every minimum (subsistence) is delivered.",) if not asked.is_empty() else ()
    products = [names.product(product) for product in below["product"].unique(maintain_order=True).to_list()]
    return (f"The minimum itself is not delivered for {_listing(products)}: that comes before every goal.",)


def _worst_goals(shown: ReportInput, short: list[GoalRow], names: Names) -> Figure:
    worst = short[:_MOST]
    data = [{"label": names.product_both(row.product), "text": f"{percent(row.share)} delivered", "share": row.share} for row in worst]
    described = "; ".join(f"{names.product(row.product)}: {percent(row.share)} of the goal delivered" for row in worst)
    return Figure(
        name="answer-goals",
        title="Furthest from their goals",
        sentence=f"Delivered share of the goal over the whole plan, the {len(worst)} products that are furthest off.",
        panels=(Panel(goal_bars(data), described),),
        table=goal_table(worst, names, left_out=len(short) - len(worst)),
        source=source_line(shown, "goal gaps of the plan"),
        legend=(("delivered", "delivered"), ("gap", "missing"), ("target_upright", "goal")),
    )


def _what_is_in_the_way(shown: ReportInput, names: Names) -> Answer:
    question = "What stands in the way?"
    if not shown.has("gaps"):
        return Answer(question, "Not known yet", "unknown", ("Bottlenecks are known once a plan is computed.",))
    ranked = rank_bottlenecks(shown, names)
    if not ranked:
        missed = any(row.is_short for row in goal_rows(shown.table("gaps")))
        sentence = "No limit has a price at the margin." if missed else "All goals are met with what there is; no limit is worth moving for them."
        return Answer(question, "Nothing that binds", "unknown" if missed else "good", (sentence,))
    first = ranked[0]
    sentences = [f"One per cent more of it, in every period in which it binds, would close about {_closes(first)} of the shortfall of the goals (priority {first.priority})."]
    if len(ranked) > 1:
        sentences.append(f"Next: {_listing([bottleneck.label for bottleneck in ranked[1:4]])}.")
    kinds = _kinds(ranked)
    sentences.append(f"In all, {kinds} bind.")
    return Answer(question, f"Above all: {first.label}", "short", tuple(sentences), _top_bottlenecks(shown, ranked[:_MOST], len(ranked)))


def _top_bottlenecks(shown: ReportInput, ranked: list[Bottleneck], count: int) -> Figure:
    rows = bottleneck_rows(ranked)
    columns = (Column("Limit", is_number=False), Column("1 % more closes", "% of the shortfall"), Column("Binds in", "periods"))
    cells = tuple((bottleneck.label, _closes(bottleneck).removesuffix(" %"), str(len(bottleneck.periods))) for bottleneck in ranked)
    described = "; ".join(f"{bottleneck.label}: {_closes(bottleneck)}" for bottleneck in ranked)
    return Figure(
        name="answer-limits",
        title="Worth most to move",
        sentence="Share of the goals' shortfall that one per cent more of each limit would close.",
        panels=(Panel(ranked_bars(rows, title="% of the shortfall"), described),),
        table=Table(columns, cells, "The limits that are worth most", left_out=count - len(ranked)),
        source=source_line(shown, "shadow prices of the plan"),
    )


def _closes(bottleneck: Bottleneck) -> str:
    return f"{plain(100 * bottleneck.closes, 2)} %"


def _kinds(ranked: list[Bottleneck]) -> str:
    words = {"capacity": ("capacity", "capacities"), "resource": ("resource", "resources"), "import": ("import limit", "import limits"), "stock": ("stock", "stocks")}
    counts = [(sum(item.kind == kind for item in ranked), pair) for kind, pair in words.items()]
    return _listing([f"{grouped(count)} {pair[count != 1]}" for count, pair in counts if count])


def _outcome(shown: ReportInput, step: str) -> str:
    found = shown.table("outcomes").filter(pl.col("step") == step)
    return str(found["sentence"][0]) if not found.is_empty() else ""


def _listing(words: list[str]) -> str:
    """Write words as a list: a, b and c; from six on, four and how many others."""
    shown = [*words[:4], f"{len(words) - 4} others"] if len(words) > 5 else words
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
