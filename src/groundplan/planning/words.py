"""The plan in words: how it ended, and what a reader should know."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.outcome import Note, Status
from groundplan.planning.chance import LineCapacities
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.levels import Solved
from groundplan.tables.economy import Economy

__all__ = ["Summary", "describe", "holding_back", "notes_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """How the plan ended: see `groundplan.tables.bundles.Plan`."""

    status: Status
    sentence: str
    method: str
    objective: float
    bound: float
    gap: float
    notes: tuple[Note, ...]


def describe(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved, gaps: pl.DataFrame, prices: pl.DataFrame) -> Summary:
    """Say whether the goals can be met, which not and by how much, and what holds the plan back."""
    goals = [level for level in solved.levels if level.name == "goals"]
    objective, bound = sum(level.objective for level in goals), sum(level.bound for level in goals)
    weights = float(inputs.goals.weight[inputs.goals.quantity > 0].sum())
    gap = (objective - bound) / weights if weights > 0 else 0.0
    missed = gaps.filter(pl.col("shortfall_share") > 1e-9)
    below = gaps.filter(pl.col("below_minimum") > 1e-9 * pl.col("minimum"))
    names = dict(economy.products.select("product", pl.col("name").fill_null(pl.col("product"))).iter_rows())
    status: Status = "infeasible" if not below.is_empty() else "done" if missed.is_empty() else "limited"
    held = holding_back(economy, prices)
    if status == "done":
        sentence = f"All {len(gaps)} goals can be met."
    elif status == "limited":
        worst = missed.sort(["shortfall_share", "product", "period"], descending=[True, False, False]).row(0, named=True)
        last = inputs.periods[inputs.planned - 1]
        of_last, all_last = missed.filter(pl.col("period") == last), gaps.filter(pl.col("period") == last)
        when = f"{len(of_last)} of {len(all_last)} goals of {last}" if len(of_last) else f"{len(missed)} of {len(gaps)} goals"
        sentence = f"{when} cannot be met in full; the largest gap is {names[worst['product']]} in {worst['period']} ({worst['shortfall_share']:.0%} of the goal)"
        sentence += f"; {held} the plan back." if held else "."
    else:
        worst = below.sort(pl.col("below_minimum") / pl.col("minimum"), descending=True).row(0, named=True)
        share = worst["below_minimum"] / worst["minimum"]
        sentence = f"{len(below)} minima cannot be met; most is lacking of {names[worst['product']]} in {worst['period']} ({share:.0%} of its minimum)"
        sentence += f"; {held} the plan back." if held else "."
    return Summary(status, sentence, f"{solved.method}; every level repaired exactly at its vertex", objective, bound, gap, ())


def holding_back(economy: Economy, prices: pl.DataFrame, *, most: int = 3) -> str:
    """Name what binds most, with its verb: "power and foreign exchange hold"; empty where nothing binds."""
    limits = prices.filter(pl.col("kind") != "product")
    if limits.is_empty():
        return ""
    first = limits["priority"].min()
    ranked = (
        limits.filter(pl.col("priority") == first)
        .with_columns(_group(economy).alias("group"))
        .group_by("group")
        .agg(pl.col("value").sum())
        .sort(["value", "group"], descending=[True, False])
    )
    words = ranked["group"].head(most).to_list()
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{text} {'holds' if len(words) == 1 else 'hold'}"


def _group(economy: Economy) -> pl.Expr:
    names = dict(economy.products.select("product", pl.col("name").fill_null(pl.col("product"))).iter_rows())
    named = pl.col("item").replace(names)
    recipe = pl.col("item").str.split(" | ").list.first().str.replace_all("_", " ")
    return (
        pl.when(pl.col("kind") == "capacity").then(pl.lit("capacity of ") + recipe)
        .when(pl.col("kind") == "growth").then(pl.lit("growth of ") + recipe)
        .when(pl.col("kind") == "import").then(pl.lit("imports of ") + named)
        .when(pl.col("kind") == "export").then(pl.lit("exports of ") + named)
        .when(pl.col("kind") == "stock").then(pl.lit("stores for ") + named)
        .otherwise(pl.col("item").str.replace_all("_", " "))
    )  # fmt: skip


def notes_of(economy: Economy, inputs: Inputs, lines: LineCapacities) -> tuple[Note, ...]:
    """Say what was assumed."""
    notes = []
    for resource, periods in inputs.unlimited:
        sentence = f"{resource} has no limit in {periods} where it is used; the plan takes it as unlimited there."
        notes.append(Note("plan", "warning", resource, sentence))
    if lines.certain:
        notes.append(Note("plan", "info", "lines", f"{lines.certain} lines have no estimate of their capacity; their nameplate is taken as certain."))
    return tuple(notes)
