"""Goals over the whole plan, product by product: delivered, missing, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from groundplan.report.blocks import Column, Table, words
from groundplan.report.names import Names
from groundplan.report.numbers import percent, plain, scale_for

__all__ = ["GoalRow", "goal_rows", "goal_table", "weighted_delivery"]


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A product's goals, summed over the periods of the plan, in its own measure; `share` = delivered / goal."""

    TOLERANCE: ClassVar[float] = 1e-6
    """Share of a goal below which a shortfall is the solver's rounding."""

    product: str
    priority: int
    weight: float
    goal: float
    delivered: float
    shortfall: float
    share: float
    weighted: float
    cause: str

    @property
    def is_short(self) -> bool:
        """Say whether any of the goals is missed."""
        return self.shortfall > self.TOLERANCE * self.goal


def goal_rows(gaps: pl.DataFrame) -> list[GoalRow]:
    """Sum goals over periods; the product furthest off stands first.

    Args:
        gaps: result table `gaps`.
    """
    if gaps.is_empty():
        return []
    worst_first = gaps.sort("shortfall_share", descending=True, nulls_last=True)
    sums = worst_first.group_by("product", maintain_order=True).agg(
        pl.col("priority").min(),
        pl.col("weight").max(),
        pl.col("goal", "delivered", "shortfall").sum(),
        (pl.col("weight") * pl.col("shortfall_share")).sum().alias("weighted"),
        pl.col("cause").drop_nulls().first(),
    )
    rows = [
        GoalRow(
            row["product"], row["priority"], row["weight"] or 0.0, row["goal"], row["delivered"], row["shortfall"],
            min(1.0 - row["shortfall"] / row["goal"], 1.0) if row["goal"] > 0 else 1.0, row["weighted"] or 0.0, row["cause"] or "",
        )
        for row in sums.iter_rows(named=True)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.share, row.product))


def weighted_delivery(gaps: pl.DataFrame) -> float:
    """Give the delivered share of all goals, each with its weight, 0 to 1."""
    weight = float(gaps["weight"].fill_null(0.0).sum())
    missed = float((gaps["weight"].fill_null(0.0) * gaps["shortfall_share"].fill_null(0.0)).sum())
    return 1.0 - missed / weight if weight > 0 else 1.0


def goal_table(rows: Sequence[GoalRow], names: Names, *, left_out: int = 0, causes: bool = False) -> Table:
    """Write goals as a table: goal, delivered and missing in one size of the measure a row."""
    columns = [words("Product"), words("Measure"), Column("Goal"), Column("Delivered"), Column("Missing"), Column("Delivered", "%")]
    if causes:
        columns += [Column("Priority"), words("Held back by")]
    cells = []
    for row in rows:
        scale = scale_for(row.goal, names.measure(row.product))
        texts = [names.product_both(row.product), scale.measure, *(plain(value / scale.divisor) for value in (row.goal, row.delivered, row.shortfall))]
        texts.append(percent(row.share, 1).removesuffix(" %"))
        if causes:
            texts += [str(row.priority), row.cause]
        cells.append(tuple(texts))
    return Table(tuple(columns), tuple(cells), "Goals for final use, summed over the plan", left_out)
