"""Joint draws of what pools could really make: shared and own errors of all lines together, summed to pools.

Log capacity of line l in a draw is log e_l - s_l^2 / 2 + sum_f lambda_lf z_f + own_l z_l, with s_l^2 = sum_f lambda_lf^2 + own_l^2 and z standard normal:
mean e_l, exactly lognormal, correlated through the factors. Every draw has a stream of its own, so that it does not hang on how many are drawn at a time.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.planning.chance import LineCapacities
from groundplan.planning.inputs import Inputs
from groundplan.tables.axes import Axis

__all__ = ["draw_pools"]

FloatArray = NDArray[np.float64]

_CELLS = 2_000_000
"""How many line capacities are held at a time: 16 MB an array."""
_STREAM = 71
"""Tells these draws from others of the same seed."""


def draw_pools(inputs: Inputs, lines: LineCapacities, *, draws: int, seed: int, cells: int = _CELLS) -> FloatArray:
    """Draw the capacities of all lines together and sum them by pool.

    Where the lines of a pool differ in efficiency, its capacity is what all of them together yield over what a unit of activity yields at the pool's efficiency: output is
    exact, and inputs are counted at that efficiency, from which the lines as they came out may differ a little.

    Args:
        inputs: the plan's inputs.
        lines: capacity of each line, with its errors.
        draws: how many, D >= 1.
        seed: the same seed gives the same draws; the first ones of more draws are those of fewer.
        cells: how many line capacities are held at a time; the draws do not hang on it.

    Returns:
        Shape (Q, D), units of activity at the pool's efficiency per plan period, before any wear; new capacity is not among them, and transfers have their limits.
    """
    table = inputs.pools.lines.join(lines.table.select("line", "mean", pl.col("own").alias("sd")), on="line", how="left", maintain_order="left")
    pools, count = inputs.pools.table, len(table)
    mean, place = table["mean"].to_numpy(), inputs.pools.place
    own = _share(table["sd"].to_numpy(), mean)
    loadings = _loadings(lines.shared, table["line"], mean)
    # Some line may have no capacity at all: it has none in any draw.
    some = mean > 0
    middle = np.log(np.where(some, mean, 1.0)) - (np.asarray(loadings.multiply(loadings).sum(axis=1)).ravel() + own**2) / 2
    # What a line yields beside its pool's efficiency; exactly 1 where they are alike.
    weight = np.where(some, table["own"].to_numpy() / pools["efficiency"].to_numpy()[place], 0.0)
    by_pool = csr_array((weight, (place, np.arange(count))), shape=(len(pools), count))
    capacity = np.zeros((len(pools), draws))
    step = max(1, cells // max(count, 1))
    for first in range(0, draws, step):
        streams = [np.random.default_rng((seed, _STREAM, number)) for number in range(first, min(first + step, draws))]
        here = slice(first, first + len(streams))
        factors = np.stack([stream.standard_normal(loadings.shape[1]) for stream in streams], axis=1)
        drawn = np.stack([stream.standard_normal(count) for stream in streams], axis=1)
        drawn *= own[:, None]
        drawn += np.asarray(loadings @ factors)
        drawn += middle[:, None]
        np.exp(drawn, out=drawn)
        capacity[:, here] = np.asarray(by_pool @ drawn)
    capacity[inputs.transfers.pool] = inputs.transfers.limit[:, None]
    return capacity


def _share(sd: FloatArray, mean: FloatArray) -> FloatArray:
    return np.divide(sd, mean, out=np.zeros_like(mean), where=mean > 0)


def _loadings(shared: pl.DataFrame, line: pl.Series, mean: FloatArray) -> csr_array:
    """Give the loadings on log capacity, shape (lines, factors)."""
    lines, factors = Axis(tuple(line)), Axis(tuple(shared["factor"].unique().sort()))
    row, column = lines.positions(shared["line"]), factors.positions(shared["factor"])
    there = row >= 0
    loading = _share(shared["loading"].to_numpy()[there], mean[row[there]])
    return csr_array((loading, (row[there], column[there])), shape=(len(lines), len(factors)))
