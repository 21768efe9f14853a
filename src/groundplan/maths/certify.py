"""Points that are feasible to the last digits, with a proven bound on what is lost, by first-order steps: come near, then step onto what is feasible and not dear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from groundplan.maths.basic import proven_bound
from groundplan.maths.first_order import Walk, begin_walk
from groundplan.maths.programme import Programme, held_below

__all__ = ["Certified", "Proven", "certificate", "certify", "prove", "step_onto"]

FloatArray = NDArray[np.float64]

_FIRST, _MORE = 500, 1.4
"""Steps of the walk before the first try at a certificate, and how many times as many there are before each further one."""
_PLAIN = 700
"""After so many steps a walk whose end does not certify goes on in the metric of its own prices: columns that would cost more by moving move less."""
_STILL = 1e-2
"""No column moves less than so much in that walk: with prices that run away it would run after them."""
_RUN_AWAY = 100.0
"""Largest primal weight, and one over the smallest, with which it begins."""
_ONTO, _TRIED = 2_000, 400
"""Most steps onto what is feasible, and after how many it must have come within `_NEAR`."""
_NEAR, _EXACT = 1e-3, 1e-11
"""How far rows may be off, as a share of what flows through them: what shows that the feasible set will be reached, and when it is."""
_NOTHING = 1e-7
"""Flows well below this, in the programme's units, are held to a share of this instead of one of themselves."""
_ROUNDING = 1e-16
_BOUND_STEPS = 400
_DEAR = 100.0
"""How much less a column moves in the metric of prices, in squares, per mean cost that its move would cost."""
_FAR = 1.5
"""Times the gap that is asked for by which the walk's own point may cost more or less than the bound, if what is feasible is to be looked for."""
_OF_GAP = 0.9
"""Share of the gap asked for at which the loss is cut: what is feasible is then looked for below it."""


@dataclass(frozen=True, slots=True, eq=False)
class Certified:
    """What was found.

    Args:
        x: shape (n,), within its bounds; rows are off by `off` at most.
        duals: shape (m,), of the bound.
        objective: cost of x.
        bound: proven lower bound on the cost.
        off: how far any row is off, as a share of what flows through it.
        steps: taken in all.
        feasible: whether x is feasible to the last digits.
        done: whether it is, and the gap asked for was reached.
        walk: where the walk stands, to go on from.
    """

    x: FloatArray
    duals: FloatArray
    objective: float
    bound: float
    off: float
    steps: int
    feasible: bool
    done: bool
    walk: Walk


@dataclass(frozen=True, slots=True, eq=False)
class Proven:
    """A proven bound, and where the walk stood that proved it.

    Args:
        bound: proven lower bound on the cost.
        duals: shape (m,), of the bound.
        steps: taken in all.
        walk: near an optimum, though its rows may be off a little.
    """

    bound: float
    duals: FloatArray
    steps: int
    walk: Walk


def prove(
    programme: Programme, implied: FloatArray, *, gap: float, x: FloatArray | None = None, y: FloatArray | None = None, pace: float | None = None, most: int = 8_000,
    tell: Callable[[int], None] | None = None,
) -> Proven:  # fmt: skip
    """Prove a bound on the least cost that is within `gap` of what the walk's own point costs.

    Args:
        programme: minimise cost'x; well scaled, with a feasible point.
        implied: shape (n,), upper bounds that follow from the rows.
        gap: how far the walk's point may cost more, or less, than the bound.
        x: shape (n,), where to begin.
        y: shape (m,), duals to begin with.
        pace: of a walk that led there.
        most: steps of the walk, at most: the bound holds then too, but may be further off.
        tell: called with the steps of the walk, every 500.
    """
    bounded = replace(programme, upper=np.minimum(programme.upper, implied))
    walk = begin_walk(programme, x=x, y=y, pace=pace)
    duals, spent, before = np.zeros(len(programme.row_lower)), 0, 0
    bound, target = proven_bound(bounded, duals), _FIRST
    while True:
        _go(walk, before, target, tell)
        found, taken = _onto_duals(programme, walk.duals())
        spent += taken
        value = proven_bound(bounded, found)
        if value > bound:
            bound, duals = value, found
        cost = float(programme.cost @ np.clip(walk.point(), programme.lower, programme.upper))
        if abs(cost - bound) <= gap or target >= most:
            return Proven(bound, duals, before + walk.taken + spent, walk)
        if target >= _PLAIN:
            before, walk = target, _by_prices(programme, walk)
        target = _next(target)


def _next(target: int) -> int:
    return round(target * _MORE / 50) * 50


def _go(walk: Walk, before: int, target: int, tell: Callable[[int], None] | None) -> None:
    """Walk on to so many steps in all, where so many were taken before this walk began."""
    while before + walk.taken < target:
        walk.go(min(_FIRST, target - before - walk.taken))
        if tell is not None:
            tell(before + walk.taken)


def _by_prices(programme: Programme, walk: Walk) -> Walk:
    """Go on from where a walk stands in the metric of its prices.

    Rows are scaled to the length that they have in it, so that the price of a row whose columns all stand at bounds that hold them, which is far from where it began, goes there in
    long steps: with equal steps it may take ten thousand.
    """
    metric = np.maximum(_metric(programme, programme.cost, walk.duals()), _STILL)
    begun = begin_walk(programme, x=walk.point(), y=walk.duals(), pace=walk.pace(), metric=metric)
    begun.weight = min(max(begun.weight, 1.0 / _RUN_AWAY), _RUN_AWAY)
    return begun


def _metric(programme: Programme, cost: FloatArray, duals: FloatArray) -> FloatArray:
    """Say how readily each column moves: less, the more its move would cost at these prices."""
    mean = float(np.abs(cost).mean()) or 1.0
    return np.asarray(1.0 / np.sqrt(1.0 + _DEAR * np.abs(cost - programme.matrix.T @ duals) / mean))


def certify(
    programme: Programme, implied: FloatArray, *, gap: float, x: FloatArray | None = None, y: FloatArray | None = None, pace: float | None = None, aside: FloatArray | None = None,
    most: int = 64_000, tell: Callable[[int], None] | None = None,
) -> Certified:  # fmt: skip
    """Find a point that is feasible to the last digits and proven to cost at most `gap` more than the least.

    A primal-dual walk comes near, at first in a metric of its own making and then in that of its prices.
    Its duals are then taken onto what is dual feasible by a walk without right-hand sides, which proves a bound; its point onto what is feasible and
    costs no more than bound and gap together: a set with an inside, so that walk has an end, and its end is a certificate. Columns that would cost more by moving move less
    on it. Where it does not come near that set, the first walk goes on.

    Args:
        programme: minimise cost'x; well scaled, with a feasible point.
        implied: shape (n,), upper bounds that follow from the rows, which make bounds on the least cost provable.
        gap: how much more than the least the point may cost.
        x: shape (n,), where to begin.
        y: shape (m,), duals to begin with.
        pace: of a walk that led there.
        aside: shape (n,), costs that the walk minds too, though the certificate does not: of points that cost alike it then finds one with little of these.
        most: steps of the walk, at most; with those onto what is feasible there may be some more.
        tell: called with the steps of the walk, every 500.

    Source:
        Applegate and others (2025), PDLP: a practical first-order method for large-scale linear programming, for feasibility polishing; the cut of the loss and the
        metric are ours.
    """
    minded = programme if aside is None else replace(programme, cost=programme.cost + aside)
    walk = begin_walk(minded, x=x, y=y, pace=pace)
    found: Certified | None = None
    target, spent, before = _FIRST, 0, 0
    while True:
        _go(walk, before, target, tell)
        found = certificate(programme, implied, walk, gap=gap, known=found.duals if found is not None else None, aside=aside)
        spent += found.steps - walk.taken
        if found.done or target >= most:
            break
        if target >= _PLAIN:
            before, walk = target, _by_prices(minded, walk)
        target = _next(target)
    if not found.feasible:
        # What is feasible and near the walk's end, whatever it costs.
        found = certificate(programme, implied, walk, gap=np.inf, known=found.duals, aside=aside)
        spent += found.steps - walk.taken
    return replace(found, steps=before + walk.taken + spent, done=found.feasible and found.objective - found.bound <= gap)


def certificate(programme: Programme, implied: FloatArray, walk: Walk, *, gap: float, known: FloatArray | None = None, aside: FloatArray | None = None) -> Certified:
    """Try for a certificate from where a walk stands, whoever brought it there; see `certify`.

    Args:
        programme: minimise cost'x.
        implied: shape (n,), upper bounds that follow from the rows.
        walk: near an optimum.
        gap: how much more than the least the point may cost; infinite: as it comes.
        known: shape (m,), duals that prove a bound already.
        aside: shape (n,), costs that the walk minded too.
    """
    bounded = replace(programme, upper=np.minimum(programme.upper, implied))
    # At the least what the columns' bounds alone prove: no loss is below zero.
    duals = np.zeros(len(programme.row_lower)) if known is None else known
    bound = proven_bound(bounded, duals)
    proven, taken = _onto_duals(programme, walk.duals())
    found = proven_bound(bounded, proven)
    if found > bound:
        bound, duals = found, proven
    here = np.clip(walk.point(), programme.lower, programme.upper)
    if abs(float(programme.cost @ here) - bound) > _FAR * gap:
        # The bound is still too far below the least cost for anything feasible to lie within the gap above it.
        return Certified(here, duals, float(programme.cost @ here), bound, np.inf, walk.taken + taken, False, False, walk)
    minded = programme.cost if aside is None else programme.cost + aside
    x, off, more = _onto_feasible(programme, minded, walk, bound + _OF_GAP * gap)
    objective, feasible = float(programme.cost @ x), off <= _EXACT
    return Certified(x, duals, objective, min(bound, objective), off, walk.taken + taken + more, feasible, feasible and objective - bound <= gap, walk)


def step_onto(programme: Programme, near: FloatArray | None = None) -> tuple[FloatArray, bool]:
    """Look for a feasible point near a point: where the walk ends, and whether it is feasible to the last digits; if not, there need not be one, or it was not found.

    Args:
        programme: well scaled; its cost counts for nothing.
        near: shape (n,), where to begin.
    """
    onto = begin_walk(replace(programme, cost=np.zeros_like(programme.cost)), x=near)
    x, off = _walk_onto(programme, onto)
    return x, off <= _EXACT


def _row_excess(programme: Programme, size: csc_array, x: FloatArray) -> float:
    """Give by how much any row is off at x, as a share of what flows through it; `size` is the matrix without its signs."""
    values, flow = programme.matrix @ x, size @ np.abs(x)
    excess = np.maximum(programme.row_lower - values, values - programme.row_upper)
    off = excess > 0
    return float(np.max(excess[off] / (flow[off] + _NOTHING), initial=0.0))


def _within(programme: Programme, x: FloatArray) -> FloatArray:
    """Put columns within their bounds, and on them what is off by rounding."""
    x = np.where(x <= programme.lower + _ROUNDING, programme.lower, x)
    return np.asarray(np.where(x >= programme.upper - _ROUNDING, programme.upper, x))


def _onto_feasible(programme: Programme, minded: FloatArray, walk: Walk, most: float) -> tuple[FloatArray, float, int]:
    """Walk onto the points that are feasible and cost at most `most`: point, how far its rows are off, and steps taken."""
    cut = replace(held_below(programme, most), cost=np.zeros_like(programme.cost))
    onto = begin_walk(cut, x=walk.point(), metric=_metric(programme, minded, walk.duals()))
    x, off = _walk_onto(programme, onto)
    return x, off, onto.taken


def _walk_onto(programme: Programme, onto: Walk) -> tuple[FloatArray, float]:
    """Go on until the rows are met to the last digits, or it shows that they will not be: point, and how far its rows are off."""
    seen, size = [np.inf], abs(programme.matrix)

    def exact(point: FloatArray) -> bool:
        seen[0] = _row_excess(programme, size, _within(programme, point))
        return seen[0] <= _EXACT

    if not onto.go(_TRIED, exact) and seen[0] <= _NEAR:
        onto.go(_ONTO - _TRIED, exact)
    x = _within(programme, onto.point())
    return x, _row_excess(programme, size, x)


def _onto_duals(programme: Programme, duals: FloatArray) -> tuple[FloatArray, int]:
    """Walk from the duals onto those that leave no unbounded column with a reduced cost of the wrong sign: duals and steps taken."""
    lower = np.where(np.isfinite(programme.row_upper), -np.inf, 0.0)
    upper = np.where(np.isfinite(programme.row_lower), np.inf, 0.0)
    open_up, open_down = ~np.isfinite(programme.upper), ~np.isfinite(programme.lower)
    some = np.flatnonzero(open_up | open_down)
    across = csr_array(programme.matrix[:, some].T)
    count = np.diff(across.indptr)
    # A column with one entry bounds one dual.
    alone = np.flatnonzero(count == 1)
    row, entry, cost = across.indices[across.indptr[alone]], across.data[across.indptr[alone]], programme.cost[some[alone]]
    below, above = open_up[some[alone]] & (entry > 0) | open_down[some[alone]] & (entry < 0), open_up[some[alone]] & (entry < 0) | open_down[some[alone]] & (entry > 0)
    np.minimum.at(upper, row[below], (cost / entry)[below])
    np.maximum.at(lower, row[above], (cost / entry)[above])
    several = np.flatnonzero(count > 1)
    columns = some[several]
    duals = np.clip(duals, lower, upper)
    if not len(columns):
        return duals, 0
    system = Programme(
        cost=np.zeros(len(duals)),
        matrix=csc_array(across[several]),
        row_lower=np.where(open_down[columns], programme.cost[columns], -np.inf),
        row_upper=np.where(open_up[columns], programme.cost[columns], np.inf),
        lower=lower,
        upper=upper,
    )
    onto = begin_walk(system, x=duals)
    size = abs(system.matrix)
    onto.go(_BOUND_STEPS, lambda point: _row_excess(system, size, np.clip(point, lower, upper)) <= 0.0)
    return np.clip(onto.point(), lower, upper), onto.taken
