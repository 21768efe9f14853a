"""How full the plan's limits are: use of resources and of capacities, the fullest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from groundplan.report.bottlenecks import describe_limits
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import percent

__all__ = ["FULL", "Fullness", "full_text", "fullest_limits", "fullness_rows"]

FULL = 1.0 - 1e-6
"""Share of a limit from which it is used up: the rest is the solver's rounding."""


@dataclass(frozen=True, slots=True)
class Fullness:
    """Use of a limit as a share of it, summed over regions, in the period in which it is used most."""

    label: str
    share: float
    period: str


def fullest_limits(shown: ReportInput, names: Names) -> list[Fullness]:
    """Rank resources, and capacities by recipe, by how full they are."""
    resources = shown.table("resource_use").select(pl.lit("resource").alias("kind"), pl.col("resource").alias("item"), "period", "use", "limit")
    activities = shown.table("activities").rename({"recipe": "item", "level": "use", "capacity": "limit"})
    pools = activities.select(pl.lit("capacity").alias("kind"), "item", "period", "use", "limit")
    sums = pl.concat([resources, pools]).group_by("kind", "item", "period").agg(pl.col("use", "limit").sum()).filter(pl.col("limit") > 0)
    most = sums.with_columns((pl.col("use") / pl.col("limit")).alias("share")).sort(pl.col("share").round(9), "kind", "item", "period", descending=[True, True, False, False])
    describe = describe_limits(shown, names)
    rows = most.unique(["kind", "item"], keep="first", maintain_order=True).iter_rows(named=True)
    return [Fullness(describe(row["kind"], row["item"], "all")[0], row["share"], row["period"]) for row in rows]


def fullness_rows(fullest: Sequence[Fullness]) -> list[dict[str, Any]]:
    """Give the rows of `ranked_bars`."""
    return [{"label": item.label, "text": full_text(item.share), "value": 100 * min(item.share, 1.0), "solid": True} for item in fullest]


def full_text(share: float) -> str:
    """Write a use as a percentage; what is used up but for rounding is 100 %."""
    return "100 %" if share >= FULL else percent(share)
