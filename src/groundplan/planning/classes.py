"""Classes of efficiency: where lines differ in more efficiencies than a programme can hold, classes of them stand for them, cut finer where prices say that it matters.

A class at its mean efficiency is a plan that its lines can do. What its lines, each priced by itself, could gain above what the class gains bounds how much is lost by not
telling them apart: nothing but for classes in which some lines are worth their inputs and others are not. Those are cut where a line just breaks even.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.pools import LIFE
from groundplan.planning.solved import Level, Solved
from groundplan.tables.economy import Economy

__all__ = ["Excess", "cut_classes", "excess_of", "first_classes", "with_excess"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_POOLS = 5_000
"""Up to so many pools every efficiency has its own."""
_EXACT = 4
"""So many efficiencies of one recipe, region and life are told apart in any case."""
_FIRST = 4
"""Classes to begin with, of like capacity, besides the best line, which new capacity is as good as."""
_COUNTED = ("minima", "floors", "fixed", "goals")
"""Levels for which lines are told apart; stocks at the end and waste are worth no second plan."""
_WEIGHTY = 0.99
"""Classes that make up this share of what is lost are cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """What is lost, at most, by not telling lines of a class apart.

    Args:
        by_level: shape (levels,), in each level's measure, zero for stocks at the end and waste.
        by_pool: shape (Q,), in all.
        even: shape (Q, K), efficiencies at which a line of the pool breaks even, by level and period; not a number where none does.
    """

    by_level: FloatArray
    by_pool: FloatArray
    even: FloatArray


def first_classes(economy: Economy, lines: pl.DataFrame) -> IntArray | None:
    """Class lines by efficiency, best first; None where all efficiencies can be told apart.

    Args:
        economy: whose lines they are.
        lines: of `groundplan.planning.pools.placed_lines`.
    """
    if lines.select(*LIFE, "efficiency").n_unique() <= _MOST_POOLS:
        return None
    # What a recipe yields of a resource is counted by its pools' efficiency: those are told apart.
    yields = economy.recipes.filter(pl.col("role").cast(pl.String) == "out").join(economy.products, left_on="item", right_on="product", how="anti")["recipe"].unique()
    ranked = lines.select("line", *LIFE, "efficiency", "chosen").with_columns(
        pl.col("efficiency").rank("dense", descending=True).over(*LIFE).cast(pl.Int64).alias("best"),
        ((pl.col("efficiency").n_unique().over(*LIFE) > _EXACT) & ~pl.col("recipe").is_in(yields.implode())).alias("several"),
        pl.col("chosen").sum().over(*LIFE).alias("whole"),
    )
    ordered = ranked.sort("best", "line").with_columns((pl.col("chosen").cum_sum().over(*LIFE) - pl.col("chosen")).alias("before"))
    # Lines of one efficiency are never in two classes: that of the first of them counts.
    part = (pl.col("before").min() / pl.col("whole").first() * _FIRST).fill_nan(0.0).clip(0, _FIRST - 1).floor().cast(pl.Int64).over(*LIFE, "best")
    classed = ordered.with_columns(part.alias("part")).sort("line")
    return np.asarray(classed.select(pl.when(pl.col("several") & (pl.col("best") > 1)).then(pl.col("part") + 2).otherwise(pl.col("best"))).to_series().to_numpy(), dtype=np.int64)


def excess_of(inputs: Inputs, layout: Layout, solved: Solved) -> Excess:
    """Price each line by itself, at every level's prices, and compare with its class.

    Where a unit of a pool's activity gains r at its mean efficiency f, and P more per unit of efficiency, a unit of activity of a line of efficiency e gains r + (e - f) P.
    """
    pools = inputs.pools
    place, mean, chosen = pools.place, pools.table["efficiency"].to_numpy(), pools.table["chosen"].to_numpy()
    own = pools.lines["own"].to_numpy()
    apart = own != mean[place]
    place, own, size = place[apart], own[apart], pools.lines["chosen"].to_numpy()[apart]
    left = np.divide(inputs.capacity, chosen[:, None], out=np.zeros_like(inputs.capacity), where=chosen[:, None] > 0)
    by_level, by_pool, even = np.zeros(len(solved.levels)), np.zeros(len(mean)), []
    for at, level in enumerate(solved.levels):
        if level.name not in _COUNTED:
            continue
        gain, worth = _gains(inputs, layout, solved, level, mean)
        for period in range(len(inputs.periods)):
            column = layout.activity[:, period]
            moves = (column >= 0) & (level.programme.upper[column] > level.programme.lower[column])
            each = np.maximum(gain[place, period] + (own - mean[place]) * worth[place, period], 0.0) * size * left[place, period] * moves[place]
            together = np.bincount(place, np.maximum(gain[place, period], 0.0) * size * left[place, period] * moves[place], len(mean))
            lost = np.maximum(np.bincount(place, each, len(mean)) - together, 0.0)
            by_level[at] += lost.sum()
            by_pool += lost
            at_even = mean - np.divide(gain[:, period], worth[:, period], out=np.full(len(mean), np.nan), where=worth[:, period] > 0)
            even.append(np.where(lost > 0, at_even, np.nan))
    return Excess(by_level, by_pool, np.array(even).T.reshape(len(mean), -1))


def cut_classes(lines: pl.DataFrame, classes: IntArray, inputs: Inputs, excess: Excess) -> IntArray:
    """Cut the classes that lose most where their lines break even, and half-way from there to their ends.

    Args:
        lines: of `placed_lines`.
        classes: shape (lines,), those of the plan.
        inputs: of the plan.
        excess: of the plan.
    """
    order = np.argsort(-excess.by_pool, kind="stable")
    weighty = np.zeros(len(order), dtype=bool)
    weighty[order[: int(np.searchsorted(np.cumsum(excess.by_pool[order]), _WEIGHTY * excess.by_pool.sum())) + 1]] = True
    weighty &= excess.by_pool > 0
    pools = inputs.pools
    by_line = pools.lines.select("line", pl.Series("place", pools.place))
    place, own = lines.select("line").join(by_line, on="line", how="left", maintain_order="left")["place"].to_numpy(), lines["efficiency"].to_numpy()
    piece = np.zeros(len(lines), dtype=np.int64)
    rows = np.flatnonzero(weighty[place])
    rows = rows[np.argsort(place[rows], kind="stable")]
    for some in np.split(rows, np.flatnonzero(np.diff(place[rows])) + 1):
        if len(some):
            cuts = np.unique(excess.even[place[some[0]]][~np.isnan(excess.even[place[some[0]]])])
            ends = np.concatenate([[own[some].min()], cuts, [own[some].max()]])
            cuts = np.unique(np.concatenate([cuts, (ends[1:] + ends[:-1]) / 2.0]))
            # Below the first cut stands the last class.
            piece[some] = len(cuts) - np.searchsorted(cuts, own[some], side="right")
    both = pl.DataFrame({"class": classes, "piece": piece}).select(pl.struct("class", "piece").rank("dense")).to_series()
    return np.asarray(both.to_numpy(), dtype=np.int64)


def with_excess(solved: Solved, excess: Excess) -> Solved:
    """Lower each level's bound by what telling all lines apart could gain."""
    levels = tuple(replace(level, bound=max(min(0.0, level.bound), level.bound - lost)) for level, lost in zip(solved.levels, excess.by_level, strict=True))
    return replace(solved, levels=levels)


def _gains(inputs: Inputs, layout: Layout, solved: Solved, level: Level, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give what a unit of each pool's activity gains, and what its output is worth per unit of efficiency, shape (Q, H)."""
    y = solved.scaling.rows * level.duals
    there = layout.activity >= 0
    across = solved.programme.matrix.T @ y
    gain = np.where(there, across[layout.activity], 0.0)
    price = y[layout.balance]
    worth = np.divide(inputs.made.T @ price, mean[:, None], out=np.zeros_like(gain), where=mean[:, None] > 0)
    return gain, np.where(there, worth, 0.0)
