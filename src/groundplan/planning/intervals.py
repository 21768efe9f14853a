"""How much the planned lines can make, at the 5 and 95 % quantiles of their capacities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.planning.chance import LineCapacities, lognormal_quantile
from groundplan.planning.inputs import Inputs
from groundplan.planning.tables_out import Levels
from groundplan.tables.axes import Axis

__all__ = ["PoolErrors", "pool_errors", "production_intervals"]

FloatArray = NDArray[np.float64]


class PoolErrors:
    """Errors of the pools' first-period capacities: mean and own variance, shape (Q,), and loadings on F shared factors, shape (Q, F)."""

    __slots__ = ("mean", "own_variance", "shared")

    def __init__(self, mean: FloatArray, own_variance: FloatArray, shared: csr_array) -> None:
        """Keep the three arrays."""
        self.mean, self.own_variance, self.shared = mean, own_variance, shared


def pool_errors(inputs: Inputs, lines: LineCapacities) -> PoolErrors:
    """Sum the errors of lines by pool."""
    pools = Axis(tuple(inputs.pools.table["pool"]))
    joined = inputs.pools.lines.select("line", "pool").join(lines.table.select("line", "mean", "own"), on="line").sort("line")
    place = pools.positions(joined["pool"])
    mean = np.bincount(place, joined["mean"].to_numpy(), len(pools)).astype(np.float64)
    own = np.bincount(place, joined["own"].to_numpy() ** 2, len(pools)).astype(np.float64)
    loadings = lines.shared.join(inputs.pools.lines.select("line", "pool"), on="line").sort("line", "factor")
    factors = Axis(tuple(sorted(set(loadings["factor"]))))
    cells = (pools.positions(loadings["pool"]), factors.positions(loadings["factor"]))
    return PoolErrors(mean, own, csr_array((loadings["loading"].to_numpy(), cells), shape=(len(pools), len(factors))))


def production_intervals(inputs: Inputs, plan: Levels, lines: LineCapacities) -> tuple[FloatArray, FloatArray]:
    """Give the 5 and 95 % quantiles of what the lines make if each runs at its planned utilisation of its true capacity.

    Utilisation is the planned level over the capacity at the chosen chance. The total of a product is lognormal with the two
    moments of the sum, shared errors counted; new capacity is certain.

    Returns:
        Two arrays of shape (P, T), each product's own measure.
    """
    errors = pool_errors(inputs, lines)
    makes, markets = inputs.makes, inputs.markets
    by_product = csr_array((np.ones(len(markets)), (markets.product, np.arange(len(markets)))), shape=(len(inputs.products), len(markets)))
    made = csr_array(by_product @ inputs.made.multiply(makes[None, :]))
    lower, upper = np.zeros((2, len(inputs.products), inputs.planned))
    utilisation = np.divide(plan.activity, plan.capacity, out=np.zeros_like(plan.activity), where=(plan.capacity > 0) & makes[:, None])
    added = np.where(makes[:, None], plan.capacity, 0.0) - np.where(makes[:, None], inputs.capacity[:, : inputs.planned], 0.0)
    chosen = inputs.pools.table["chosen"].to_numpy()
    for period in range(inputs.planned):
        left = np.divide(inputs.capacity[:, period], chosen, out=np.zeros_like(chosen), where=chosen > 0)
        weight = csr_array(made.multiply((utilisation[:, period] * left)[None, :]))
        new = made @ (utilisation[:, period] * added[:, period])
        mean = weight @ errors.mean
        shared = weight @ errors.shared
        variance = np.asarray(shared.multiply(shared).sum(axis=1)).ravel() + weight.multiply(weight) @ errors.own_variance
        lower[:, period] = new + lognormal_quantile(mean, variance, 0.05)
        upper[:, period] = new + lognormal_quantile(mean, variance, 0.95)
    return lower, upper
