"""Reference programmes: the best that there is on each measure, by HiGHS through scipy, from goods and techniques and not from groundplan's own rows."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array, hstack

from _harmony import harmony, marginal_harmony
from _peer_task import FloatArray, Task
from groundplan.planning.loss import BREAKS, SLOPES

__all__ = ["least_loss", "most_harmony", "worst_best"]

_TANGENTS = np.concatenate([np.linspace(0.0, 1.0, 26), np.geomspace(1.0, 300.0, 80)[1:]])
"""Fulfilments at which harmony is replaced by its tangents, which overstate it by less than 0.001."""


def worst_best(task: Task) -> FloatArray:
    """Find techniques, shape (N,), with the largest sum over periods of the worst fulfilment, each at most 1."""
    wanted = np.flatnonzero(task.goal > 0)
    span = int(task.period.max()) + 1
    period = csc_array((np.ones(len(wanted)), (np.arange(len(wanted)), task.period[wanted])), shape=(len(wanted), span))
    # goal x worst of its period <= what is left of the good.
    share = csc_array((task.goal[wanted], (wanted, np.arange(len(wanted)))), shape=(len(task.goal), len(wanted)))
    return _solve(task, csc_array(share @ period), -np.ones(span), np.ones(span))


def least_loss(task: Task) -> FloatArray:
    """Find techniques, shape (N,), that lose least by groundplan's own loss, a convex one of the share missed of each goal."""
    # What is delivered is made of the segments that what is missed is made of, and spares the steepest first.
    return _worth_most(task, SLOPES, np.diff(BREAKS))


def most_harmony(task: Task) -> FloatArray:
    """Find techniques, shape (N,), with the largest sum of harmonies."""
    value, slope = harmony(_TANGENTS), marginal_harmony(_TANGENTS)
    cross = (value[1:] - value[:-1] - slope[1:] * _TANGENTS[1:] + slope[:-1] * _TANGENTS[:-1]) / (slope[:-1] - slope[1:])
    return _worth_most(task, slope, np.diff(np.concatenate([[0.0], cross, [np.inf]])))


def _worth_most(task: Task, slope: FloatArray, width: FloatArray) -> FloatArray:
    """Maximise the worth of final uses: of each product that is wanted, segments of these slopes and widths, as shares of its goal."""
    wanted = np.flatnonzero(task.goal > 0)
    count = len(wanted) * len(slope)
    taken = csc_array((np.repeat(task.goal[wanted], len(slope)), (np.repeat(wanted, len(slope)), np.arange(count))), shape=(len(task.goal), count))
    return _solve(task, taken, -np.tile(slope, len(wanted)), np.tile(width, len(wanted)))


def _solve(task: Task, taken: csc_array, cost: FloatArray, most: FloatArray) -> FloatArray:
    """Minimise the cost of final uses, 0 to `most`, that take `taken` of goods."""
    count = len(task.scale)
    matrix = csc_array(hstack([task.used - task.made, taken]))
    bounds = np.column_stack([np.zeros(count + len(cost)), np.concatenate([task.upper, most])])
    found = linprog(np.concatenate([np.zeros(count), cost]), A_ub=matrix, b_ub=task.endowment, bounds=bounds, method="highs")
    if not found.success:
        raise RuntimeError(f"scipy's HiGHS found no plan: {found.message}")
    return np.asarray(found.x[:count])
