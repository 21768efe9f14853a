"""Pools: lines that the plan need not tell apart are one variable; where efficiencies are very many, so are lines of a class of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.period import Period, parse_period
from groundplan.planning.chance import LineCapacities
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.sums import ordered_sum

__all__ = ["LIFE", "NO_REGION", "Pools", "make_pools", "placed_lines"]

NO_REGION = "not stated"
"""Region of lines whose unit has none."""

LIFE = ["recipe", "region", "since", "until"]
"""What lines of a pool have in common besides efficiency."""

_KEYS = ["recipe", "region", "efficiency", "since", "until"]


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Pools in the order of their labels, and which line belongs to which.

    Args:
        table: pool, recipe, region, efficiency, since, until, lines, chosen, median (capacities of the first period), grows.
        lines: line, unit, pool, chosen, own: each line with its capacity at the chosen chance and its own efficiency, by pool, best first.
        place: shape (lines,), position of each line's pool.
        runs: shape (Q, T + 1), whether the pool can run in the period; the last column stands for the year after the plan.
        age: shape (Q, T + 1), plan periods of wear since the capacity was stated or came into use.
    """

    table: pl.DataFrame
    lines: pl.DataFrame
    place: NDArray[np.int64]
    runs: NDArray[np.bool_]
    age: NDArray[np.int64]


def placed_lines(economy: Economy, capacities: LineCapacities) -> pl.DataFrame:
    """Give all lines with what pools are made by: line, unit, recipe, efficiency, since, until, region, chosen, median; sorted by line.

    Args:
        economy: an economy that has passed its checks.
        capacities: capacity of each line at the chosen chance, and its median.
    """
    periods = economy.settings.plan_periods()
    regions = economy.units.select("unit", pl.col("region").fill_null(NO_REGION))
    lines = economy.lines.select("line", "unit", "recipe", "efficiency", "since", "until").with_columns(
        _normal(economy.lines["since"], lambda period: period.start <= periods[0].start),
        _normal(economy.lines["until"], lambda period: period.end >= periods[-1].next().end),
    )
    lines = lines.join(regions, on="unit", how="left").join(capacities.table.select("line", "chosen", "median"), on="line", how="left")
    return lines.with_columns(pl.col("region").fill_null(NO_REGION)).sort("line")


def make_pools(economy: Economy, lines: pl.DataFrame, classes: NDArray[np.int64] | None = None) -> Pools:
    """Join lines of the same recipe, region, efficiency and life into pools.

    New capacity is built where the recipe runs in some period and as good as the best there: one pool a recipe and region, without
    retirement, which is added where no line has that form. A recipe that nobody runs can be built in every region.

    Args:
        economy: an economy that has passed its checks.
        lines: of `placed_lines`.
        classes: shape (lines,): lines of one class, recipe, region and life are taken as one of their mean efficiency; None: every efficiency is its own class.
    """
    periods = economy.settings.plan_periods()
    lines = lines.with_columns(pl.col("efficiency").alias("own"))
    if classes is not None:
        lines = lines.with_columns(pl.Series("class", classes)).with_columns(_mean_efficiency().over(*LIFE, "class").alias("efficiency"))
    keyed = lines.group_by(_KEYS).agg(pl.len().cast(pl.Int64).alias("lines"), ordered_sum(pl.col("chosen")), ordered_sum(pl.col("median")))
    pools = _with_growth(economy, keyed, keyed.filter(pl.Series(_life(keyed, periods)[0].any(axis=1)))).sort(_KEYS, nulls_last=False)
    pools = pools.with_columns(_label())
    kept = lines.join(pools.select("pool", *_KEYS), on=_KEYS, nulls_equal=True).select("line", "unit", "pool", "chosen", "own")
    kept = kept.sort(["pool", "own", "line"], descending=[False, True, False])
    return Pools(pools, kept, Axis(tuple(pools["pool"])).positions(kept["pool"]), *_life(pools, periods))


def _mean_efficiency() -> pl.Expr:
    """Weigh efficiencies by capacity, without rounding where all are the same."""
    low, high = pl.col("own").min(), pl.col("own").max()
    weighed = (pl.col("own") * pl.col("chosen")).sum() / pl.col("chosen").sum()
    return pl.when(low == high).then(low).when(pl.col("chosen").sum() > 0).then(weighed.clip(low, high)).otherwise(high)


def _normal(column: pl.Series, always: Callable[[Period], bool]) -> pl.Series:
    """Put null where a date binds no period of the plan, so that lines are not told apart by it."""
    texts = [text for text in column.unique().to_list() if text is not None]
    gone = [text for text in texts if always(parse_period(text))]
    return column.replace(dict.fromkeys(gone)) if gone else column


def _with_growth(economy: Economy, keyed: pl.DataFrame, running: pl.DataFrame) -> pl.DataFrame:
    """Mark the pool of each recipe and region that investment enlarges, adding it where there is none; lines that never run in the plan are no example."""
    invested = economy.investments.select("recipe").unique()
    place = pl.col("region")
    best = running.join(invested, on="recipe", how="semi").group_by("recipe", "region").agg(pl.col("efficiency").max())
    regions = economy.units.filter(pl.col("kind").cast(pl.String) != "authority").select(place.fill_null(NO_REGION)).unique()
    regions = regions if not regions.is_empty() else pl.DataFrame({"region": [NO_REGION]})
    fresh = invested.join(running, on="recipe", how="anti").join(regions, how="cross").with_columns(pl.lit(1.0).alias("efficiency"))
    no_date = pl.lit(None, dtype=pl.String)
    growing = pl.concat([best.select("recipe", "region", "efficiency"), fresh.select("recipe", "region", "efficiency")])
    growing = growing.with_columns(no_date.alias("since"), no_date.alias("until"), pl.lit(value=True).alias("grows"))
    joined = keyed.join(growing, on=_KEYS, how="full", coalesce=True, nulls_equal=True)
    return joined.with_columns(pl.col("lines").fill_null(0), pl.col("chosen", "median").fill_null(0.0), pl.col("grows").fill_null(value=False))


def _label() -> pl.Expr:
    """Name a pool by its recipe and region, and by what else tells it apart where that is needed."""
    crowded = pl.struct("recipe", "region").is_duplicated()
    life = pl.when(pl.col("since").is_not_null()).then(pl.lit(" from ") + pl.col("since")).otherwise(pl.lit(""))
    end = pl.when(pl.col("until").is_not_null()).then(pl.lit(" to ") + pl.col("until")).otherwise(pl.lit(""))
    efficiency = pl.when(crowded).then(pl.lit(" at ") + pl.col("efficiency").cast(pl.String)).otherwise(pl.lit(""))
    return (pl.col("recipe") + " | " + pl.col("region") + efficiency + life + end).alias("pool")


def _life(pools: pl.DataFrame, periods: list[Period]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    horizon = [*periods, periods[-1].next()]
    since = [None if text is None else parse_period(text).start for text in pools["since"]]
    until = [None if text is None else parse_period(text).end for text in pools["until"]]
    begun = np.array([[start is None or start <= period.start for period in horizon] for start in since], dtype=bool).reshape(len(pools), len(horizon))
    kept = np.array([[end is None or end >= period.end for period in horizon] for end in until], dtype=bool).reshape(len(pools), len(horizon))
    age = np.maximum(np.cumsum(begun, axis=1) - 1, 0)
    return begun & kept, age.astype(np.int64)
