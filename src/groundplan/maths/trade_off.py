"""The trade-off between two costs of a linear programme: all corners of the least of the one for each amount of the other, or enough of them, with what is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from groundplan.errors import SolverError
from groundplan.maths.basic import proven_bound, recover_vertex
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import BASIC, Basis, Programme, held_below

__all__ = ["Corner", "TradeOff", "at_corner", "trade_off"]

FloatArray = NDArray[np.float64]

_SAME = 1e-9
"""Points nearer to each other than this, and corners nearer than this to the line past them, are one: solvers are as exact as that."""
_HAIR = 1e-12
"""What a cost that is held may exceed its least by, so that rounding leaves a solution."""


@dataclass(frozen=True, slots=True, eq=False)
class Corner:
    """A corner of the trade-off, with the line that proves that nothing lies below it: w first + v second >= bound for every solution.

    Args:
        first, second: the two costs.
        support: w, v and bound.
        x: shape (n,), a solution with these costs.
        basis: a basis of the programme to go on from.
    """

    first: float
    second: float
    support: tuple[float, float, float]
    x: FloatArray
    basis: Basis | None


@dataclass(frozen=True, slots=True, eq=False)
class TradeOff:
    """The least of a second cost for each amount of a first one: convex, piecewise linear, falling.

    Args:
        corners: the first cost rising; one where both are least at once, but for the tolerance.
        excess: by how much, at the most, the truth lies below the lines between corners, in units of that cost in which it is more; proven.
        is_whole: whether all corners were found that lower the curve by more than the tolerance.
        solved: how many programmes were solved.
    """

    corners: tuple[Corner, ...]
    excess: float
    is_whole: bool
    solved: int


def trade_off(
    programme: Programme,
    first: FloatArray,
    second: FloatArray,
    *,
    implied: FloatArray,
    tolerance: float = 1e-6,
    most: int = 24,
    tell: Callable[[int], None] = lambda _solved: None,
) -> TradeOff:
    """Find the corners of the trade-off by the dichotomic scheme: between two neighbours the sum that makes both cost alike shows a corner below their line, or that there is none.

    Where the lines leave most room the next one is sought, so that what is found after a few is near the truth everywhere.

    Args:
        programme: well scaled, with a solution; its own cost is not looked at.
        first: shape (n,), >= 0, the one cost, of a size near 1.
        second: the other, alike.
        implied: shape (n,), upper bounds that follow from the rows, for the proof.
        tolerance: corners that lower the curve by less are not sought.
        most: so many corners at the most, at least 2.
        tell: called with how many programmes have been solved.

    Raises:
        SolverError: the solver broke down, or there is no solution.

    Source:
        Cohon (1978), Multiobjective Programming and Planning, ch. 6.4 (NISE); Aneja and Nair (1979), Bicriteria transportation problem, Management Science 25(1).
    """
    walk = _Walk(programme, first, second, implied, tell)
    left = walk.end(1.0, 0.0, None)
    right = walk.end(0.0, 1.0, left.basis)
    spread = right.first - left.first, left.second - right.second
    if min(spread) <= tolerance:
        return TradeOff((right if spread[0] <= spread[1] else left,), max(0.0, min(spread)), is_whole=True, solved=walk.solved)
    corners, open_pairs, proven = [left, right], [(left, right)], 0.0
    while open_pairs and len(corners) < most:
        pair = max(open_pairs, key=lambda pair: _room(*pair))
        open_pairs.remove(pair)
        if _room(*pair) <= tolerance:
            proven = max(proven, _room(*pair))
            continue
        found = walk.between(*pair)
        weights = found.support[:2]
        below = (_cost(weights, pair[0]) - _cost(weights, found)) / max(weights)
        if below <= tolerance or not _lies_between(found, *pair):
            proven = max(proven, (_cost(weights, pair[0]) - found.support[2]) / max(weights), 0.0)
            continue
        corners.append(found)
        open_pairs += [(pair[0], found), (found, pair[1])]
    left_open = max((_room(*pair) for pair in open_pairs), default=0.0)
    ordered = sorted(corners, key=lambda corner: (corner.first, -corner.second))
    return TradeOff(_true_corners(ordered), max(proven, left_open), is_whole=left_open <= tolerance, solved=walk.solved)


def at_corner(programme: Programme, first: FloatArray, second: FloatArray, corner: Corner, third: FloatArray) -> FloatArray:
    """Find, of all solutions with a corner's costs, one that costs least by a third measure, shape (n,).

    Raises:
        SolverError: the solver broke down.
    """
    held = programme
    for cost, value in ((first, corner.first), (second, corner.second)):
        held = held_below(replace(held, cost=cost), value + _HAIR * max(1.0, abs(value)))
    size = float(third.max(initial=0.0)) or 1.0
    solution = solve_programme(replace(held, cost=third / size), start=None if corner.basis is None else _with_rows(corner.basis, 2))
    if solution.status != "optimal" or solution.basis is None:
        return corner.x
    return recover_vertex(held, solution.basis).x


class _Walk:
    """Solves the programme for one weighted sum after another, each from the basis before."""

    def __init__(self, programme: Programme, first: FloatArray, second: FloatArray, implied: FloatArray, tell: Callable[[int], None]) -> None:
        self.programme, self.first, self.second, self.tell = programme, first, second, tell
        self.bounded = replace(programme, upper=np.minimum(programme.upper, implied))
        self.solved = 0

    def end(self, w: float, v: float, start: Basis | None) -> Corner:
        """Find the end of the curve at which one of the costs is least: of the solutions there, the one at which the other is least."""
        least = self._solve(w, v, start)
        own, other = (self.first, self.second) if w else (self.second, self.first)
        value = least.first if w else least.second
        held = held_below(replace(self.programme, cost=own), value + _HAIR * max(1.0, abs(value)))
        size = float(other.max(initial=0.0)) or 1.0
        solution = solve_programme(replace(held, cost=other / size), start=None if least.basis is None else _with_rows(least.basis, 1))
        self._count()
        if solution.status != "optimal" or solution.basis is None:
            return least
        x = recover_vertex(held, solution.basis).x
        return replace(least, first=float(self.first @ x), second=float(self.second @ x), x=x)

    def between(self, left: Corner, right: Corner) -> Corner:
        """Solve for the weights that make two corners cost alike."""
        w, v = left.second - right.second, right.first - left.first
        return self._solve(w / max(w, v), v / max(w, v), left.basis)

    def _solve(self, w: float, v: float, start: Basis | None) -> Corner:
        cost = w * self.first + v * self.second
        size = float(cost.max(initial=0.0)) or 1.0
        solution = solve_programme(replace(self.programme, cost=cost / size), start=start)
        self._count()
        if solution.status != "optimal" or solution.basis is None:
            raise SolverError(f"the solver ended '{solution.status}' on a point of the trade-off")
        vertex = recover_vertex(self.programme, solution.basis)
        value = float(cost @ vertex.x)
        bound = min(proven_bound(replace(self.bounded, cost=cost / size), vertex.duals(cost / size)) * size, value)
        return Corner(float(self.first @ vertex.x), float(self.second @ vertex.x), (w, v, bound), vertex.x, solution.basis)

    def _count(self) -> None:
        self.solved += 1
        self.tell(self.solved)


def _with_rows(basis: Basis, count: int) -> Basis:
    """Add rows whose slack is basic."""
    return Basis(basis.columns, np.concatenate([basis.rows, np.full(count, BASIC, np.int8)]))


def _cost(weights: tuple[float, float], corner: Corner) -> float:
    return weights[0] * corner.first + weights[1] * corner.second


def _lies_between(found: Corner, left: Corner, right: Corner) -> bool:
    return left.first - _SAME < found.first < right.first + _SAME and right.second - _SAME < found.second < left.second + _SAME


def _room(left: Corner, right: Corner) -> float:
    """How far, below the line between two neighbours, the point can lie at which the lines that support them meet."""
    rows = np.array([left.support[:2], right.support[:2]])
    across = np.array([left.second - right.second, right.first - left.first])
    line = float(across @ (left.first, left.second))
    # Lines that are nearly parallel meet nowhere that matters: the corners' own values bound the room then.
    if abs(np.linalg.det(rows)) <= 1e-12:
        return max(0.0, line - left.support[2] * float(across.sum()) / sum(left.support[:2])) / float(across.max())
    meet = np.linalg.solve(rows, [left.support[2], right.support[2]])
    meet = np.maximum(meet, (left.first, right.second))
    return max(0.0, float(line - across @ meet) / float(across.max()))


def _true_corners(ordered: list[Corner]) -> tuple[Corner, ...]:
    """Leave out points on the line between those beside them."""
    kept: list[Corner] = []
    for corner in ordered:
        while len(kept) >= 2 and _height(kept[-2], kept[-1], corner) <= _SAME:
            kept.pop()
        kept.append(corner)
    return tuple(kept)


def _height(before: Corner, corner: Corner, after: Corner) -> float:
    """How far a point lies below the line between two others, in units of that cost in which it is more."""
    across = np.array([before.second - after.second, after.first - before.first])
    return float(across @ (before.first - corner.first, before.second - corner.second)) / float(max(across.max(), _SAME))
