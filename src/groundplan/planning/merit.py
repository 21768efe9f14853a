"""Lines of a class in merit order: the best run first, so that what the class was to make is made with the least activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.planning.inputs import Inputs
from groundplan.tables.sums import sum_before

__all__ = ["Merit", "merit_order"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Merit:
    """Levels of the lines of classes, L of them, in plan periods.

    Args:
        rows: shape (L,), positions in `Pools.lines`.
        pool: shape (L,), positions of their pools.
        level, capacity: shape (L, T).
        efficiency: shape (Q, T), of each pool as it runs: its output is its activity times this.
        activity: shape (Q, T), of each pool as it runs, never above what the programme found.
    """

    rows: IntArray
    pool: IntArray
    level: FloatArray
    capacity: FloatArray
    efficiency: FloatArray
    activity: FloatArray


def merit_order(inputs: Inputs, activity: FloatArray) -> Merit:
    """Let the best lines of each class make what its pool was to make at its mean efficiency.

    Args:
        inputs: the plan's inputs.
        activity: shape (Q, T), of the pools as the programme found it.
    """
    pools, periods = inputs.pools, activity.shape[1]
    mean, chosen = (pools.table[name].to_numpy() for name in ("efficiency", "chosen"))
    place, own = pools.place, pools.lines["own"].to_numpy()
    classed = np.zeros(len(mean), dtype=bool)
    classed[place[own != mean[place]]] = True
    rows = np.flatnonzero(classed[place])
    pool, own = place[rows], own[rows]
    left = np.divide(inputs.capacity[:, :periods], chosen[:, None], out=np.zeros_like(activity), where=chosen[:, None] > 0)
    capacity = pools.lines["chosen"].to_numpy()[rows][:, None] * left[pool]
    # Lines stand by pool, best first: what those before it can make is taken off what a line has to.
    able = capacity * own[:, None]
    before = np.stack([sum_before(pool, able[:, period]) for period in range(periods)], axis=1)
    made = np.clip((activity * mean[:, None])[pool] - before, 0.0, able)
    level = np.divide(made, own[:, None], out=np.zeros_like(made), where=own[:, None] > 0)
    run, output = activity.copy(), activity * mean[:, None]
    if len(rows):
        by_pool = np.zeros((len(mean), periods))
        np.add.at(by_pool, pool, level)
        run[classed] = by_pool[classed]
        np.add.at(by_pool, pool, made - level)
        output[classed] = by_pool[classed]
    efficiency = np.divide(output, run, out=np.repeat(mean[:, None], periods, axis=1), where=run > 0)
    return Merit(rows, pool, level, capacity, efficiency, run)
