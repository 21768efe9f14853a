"""Two ways of planning an economy in which years are apart and each product has one technique: Leontief's inverse, and cuts pro rata as in material balances.

Both give techniques as `_peer_task.Task` has them. Neither knows trade, stocks or investment.

Sources:
    Leontief (1936), Quantitative input and output relations, Rev. Econ. Stat. 18. Montias (1959), Planning with material balances in Soviet-type economies, American
    Economic Review 49, for the practice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from _peer_task import FloatArray, IntArray, Task

__all__ = ["cut_alike", "cut_pro_rata", "leontief"]

_ROUNDS = 1_000
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class _Year:
    """One year, in activity x: n products, each made by the activity of the same place.

    Args:
        columns: where the activities stand among the techniques, shape (n,).
        inputs: shape (n, n), use of the row's product by the column's activity.
        inverse: shape (n, n), activity needed for a unit of final use.
        limits: shape (limits, n), use of capacities and resources per unit of activity.
        there: shape (limits,), how much of them there is.
        goal: shape (n,).
    """

    columns: IntArray
    inputs: FloatArray
    inverse: FloatArray
    limits: FloatArray
    there: FloatArray
    goal: FloatArray

    def tightest(self, x: FloatArray, there: FloatArray) -> FloatArray:
        """Give the share of each activity, shape (n,), at most 1, that the scarcest of its limits lets through where all its users are cut alike."""
        need = self.limits @ x
        share = np.minimum(1.0, np.divide(there, need, out=np.ones_like(need), where=need > 0))
        return np.asarray(np.where(self.limits > 0, share[:, None], 1.0).min(axis=0))


def leontief(task: Task) -> FloatArray:
    """Give the outputs that all goals ask for, (I - A)^-1 y, whatever the limits."""
    return _by_year(task, lambda year: year.inverse @ year.goal)


def cut_alike(task: Task) -> FloatArray:
    """Give the outputs that all goals ask for, each year's cut by one share so that every limit holds."""

    def outputs(year: _Year) -> FloatArray:
        x = year.inverse @ year.goal
        return x * year.tightest(x, year.there).min()

    return _by_year(task, outputs)


def cut_pro_rata(task: Task, *, final_first: bool) -> FloatArray:
    """Cut what all goals ask for where a limit is exceeded, pass each shortage on to users pro rata until all balances hold, and hand out again what that leaves.

    Args:
        task: what is planned.
        final_first: whether final use of a short product bears the shortage before other users do; else all users are cut alike.
    """

    def outputs(year: _Year) -> FloatArray:
        final = year.goal
        for _ in range(_ROUNDS):
            x = year.inverse @ final
            share = year.tightest(x, year.there)
            if share.min() >= 1.0 - _ROUNDING:
                break
            # Cuts overlap, so a third of what they come to is made before balances are worked out again: less is given up in the end.
            final = final - _given_up(year, final, x, share) / 3 if final_first else final * _passed_on(year, share)
        x = year.inverse @ final
        final = final * year.tightest(x, year.there).min()
        return year.inverse @ _handed_out(year, final)

    return _by_year(task, outputs)


def _by_year(task: Task, outputs: Callable[[_Year], FloatArray]) -> FloatArray:
    """Plan each year apart.

    Raises:
        ValueError: the economy has other techniques than one a product.
    """
    products, span = task.product.shape
    v = np.zeros(len(task.scale))
    if len(v) != products * span or task.activity.shape != task.product.shape:
        raise ValueError(f"{len(v)} techniques for {products} products in {span} years: material balances know one a product and year, without trade, stocks and building")
    made, used = task.made.tocsr(), task.used.tocsr()
    for at in range(span):
        rows, columns = task.product[:, at], task.activity[:, at]
        others = np.setdiff1d(np.flatnonzero(task.period == at), rows)
        inputs = used[rows][:, columns].toarray()
        inverse = np.linalg.inv(made[rows][:, columns].toarray() - inputs)
        v[columns] = outputs(_Year(columns, inputs, inverse, used[others][:, columns].toarray(), task.endowment[others], task.goal[rows]))
    return v


def _passed_on(year: _Year, share: FloatArray) -> FloatArray:
    """Give each product's share where every user of a short product gets the same share of what it asked for: the least of its own and its suppliers'."""
    while True:
        suppliers = np.where(year.inputs > 0, share[:, None], 1.0).min(axis=0)
        if (suppliers >= share).all():
            return share
        share = np.minimum(share, suppliers)


def _given_up(year: _Year, final: FloatArray, x: FloatArray, share: FloatArray) -> FloatArray:
    """Give what final use gives up of each product, shape (n,): first what is short itself, and what its users lose by the rest, which they bear pro rata."""
    cut = x * (1.0 - share)
    for _ in range(_ROUNDS):
        others = np.divide(np.maximum(cut - final, 0.0), x - final, out=np.zeros_like(cut), where=x - final > _ROUNDING * x)
        wider = np.maximum(cut, x * np.where(year.inputs > 0, others[:, None], 0.0).max(axis=0))
        if (wider <= cut * (1.0 + _ROUNDING)).all():
            break
        cut = wider
    return np.minimum(cut, final)


def _handed_out(year: _Year, final: FloatArray) -> FloatArray:
    """Hand out what limits leave, pro rata to what goals lack, until it moves nothing."""
    for _ in range(_ROUNDS):
        there = np.maximum(year.there - year.limits @ (year.inverse @ final), 0.0)
        lacking = year.goal - final
        more = lacking * _passed_on(year, year.tightest(year.inverse @ lacking, there))
        if more.sum() <= _ROUNDING * year.goal.sum():
            break
        final = final + more
    return final
