"""How sure the planned deliveries are: all together, year by year, and the goals that are least sure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Table, words
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.rows import Rows
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line

__all__ = ["JointChance", "chances_figure", "joint_chance"]

_MOST_BARS, _MOST_ROWS = 6, 40
_SURE = 0.95
"""A chance from which on a goal needs no mention."""


@dataclass(frozen=True, slots=True)
class JointChance:
    """The chance that all planned deliveries are made in full, with its standard error, both 0 to 1."""

    chance: float
    error: float
    draws: int

    @property
    def text(self) -> str:
        """Write the chance in per cent; where no draw or every one hit, its 95 % bound (rule of three)."""
        bound = max(1, round(300 / self.draws))
        return f"less than {bound} %" if self.chance <= 0 else f"more than {100 - bound} %" if self.chance >= 1 else percent(self.chance)


def joint_chance(shown: ReportInput) -> JointChance | None:
    """Give the chance of all deliveries of all priorities over the whole plan; None where it was not worked out."""
    rows = _joint(shown)
    if rows.is_empty():
        return None
    last = rows.row(-1, named=True)
    return JointChance(last["chance"], last["standard_error"], last["draws"])


def chances_figure(shown: ReportInput, names: Names) -> Figure | None:
    """Draw the joint chance up to each year and the goals that are least sure; None where no chances were worked out."""
    joint = joint_chance(shown)
    if joint is None:
        return None
    chances = shown.table("chances").sort("chance", "priority", "product", "period")
    unsure = chances.filter(pl.col("chance") < _SURE)
    together = [{"label": f"up to {row['period']}", "text": percent(row["chance"]), "share": row["chance"]} for row in _joint(shown).iter_rows(named=True)]
    least = [
        {"label": f"{names.product_both(row['product'])}, {row['period']}", "text": percent(row["chance"]), "share": row["chance"]}
        for row in chances.head(_MOST_BARS).iter_rows(named=True)
    ]
    sentence = (
        f"In {counted(joint.draws, 'draw')} of what all lines can really make, with the errors they share, the plan was followed as operators would: other lines make more, "
        "imports grow, stocks are drawn down, and what still lacks is taken from the last priority first. A delivery is made in full where all but 0.1 % of it is there. "
        f"{_least_sure(unsure, len(chances))} Of drawing alone the chance of all together may be off by {max(1, round(100 * joint.error))} points (standard error)."
    )
    return Figure(
        name="chances",
        title=f"How sure the deliveries are: all together with a chance of {joint.text}",
        sentence=sentence,
        panels=(_panel(together, "All deliveries together"), _panel(least, "Each by itself, the least sure")),
        table=_table(chances, names),
        source=source_line(shown, "the plan followed in draws of estimated capacities"),
        legend=(("delivered", "chance that all is delivered"), ("gap", "chance that something lacks")),
    )


def _panel(rows: Rows, title: str) -> Panel:
    return Panel(goal_bars(rows), "; ".join(f"{row['label']}: {row['text']}" for row in rows), title)


def _joint(shown: ReportInput) -> pl.DataFrame:
    """Give the rows of all priorities together, year by year."""
    rows = shown.table("joint_chances").filter(pl.col("what") == "deliveries")
    return rows.filter(pl.col("priority") == pl.col("priority").max()).sort("period")


def _least_sure(unsure: pl.DataFrame, goals: int) -> str:
    if unsure.is_empty():
        return f"Each of {counted(goals, 'goal')} by itself has a chance of at least {percent(_SURE)}."
    return f"{grouped(len(unsure))} of {counted(goals, 'goal')} by {'itself has' if len(unsure) == 1 else 'themselves have'} a chance below {percent(_SURE)}."


def _table(chances: pl.DataFrame, names: Names) -> Table:
    columns = (
        words("Product"), words("Year"), Column("Priority"), words("Measure"), Column("Planned"), Column("In 19 of 20 cases at least"), Column("Chance in full", "%"),
        Column("Chance of the minimum", "%"),
    )  # fmt: skip
    cells = []
    for row in chances.head(_MOST_ROWS).iter_rows(named=True):
        scale = scale_for(row["delivered"], names.measure(row["product"]))
        texts = (plain(row[name] / scale.divisor) for name in ("delivered", "lower_5"))
        shares = (MISSING if row[name] is None else percent(row[name]).removesuffix(" %") for name in ("chance", "minimum_chance"))
        cells.append((names.product_both(row["product"]), row["period"], str(row["priority"]), scale.measure, *texts, *shares))
    return Table(columns, tuple(cells), "Chances of deliveries, the least sure first", left_out=max(len(chances) - _MOST_ROWS, 0))
