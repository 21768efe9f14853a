"""Levelling: the largest gap of a priority's goals as small as can be, then the next largest, and so on; what is found caps the gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, hstack, vstack

from groundplan.errors import SolverError
from groundplan.maths.basic import recover_vertex
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import AT_UPPER, BASIC, Basis, Programme, Scaling
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs

__all__ = ["Gaps", "Levelled", "cap_gaps", "gaps_of", "level_gaps"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_ROUNDS = 200
"""So many rounds at the most; what is left then is held at the last level, and its loss is minimised. A round settles one goal at least, and mostly many."""
_BLOCKED = 1e-9
"""Duals of a round, which add up to 1, above this block their goal."""
_NOTHING = 1e-9
"""Gaps up to this share of a goal are none."""
_HAIR, _MOST_HAIR = 1e-9, 1e-5
"""What a gap may exceed its level by, as a share of the goal, so that rounding leaves a plan; and the most that is tried where it leaves none."""


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The gaps of a priority's goals that have a weight, G of them, those of the year after the plan with them.

    Args:
        columns: shape (G, K), positions of the columns that a gap is the sum of; -1 where there is none.
        goal: shape (G,), > 0.
        within: shape (G,), whether the goal is one of the plan's periods.
    """

    columns: IntArray
    goal: FloatArray
    within: NDArray[np.bool_]

    def shares(self, x: FloatArray) -> FloatArray:
        """Give each gap as a share of its goal, shape (G,), of unscaled columns, shape (n,)."""
        return np.asarray(np.where(self.columns >= 0, x[self.columns], 0.0).sum(axis=1) / self.goal)


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """What levelling found for a priority.

    Args:
        priority: the priority.
        level: shape (G,), the share to which each gap is held.
        largest: largest gap of the plan's periods that is left, as a share.
        weighted: the largest in the plan of the least weighted loss.
        rounds: how many rounds there were.
        is_whole: whether every goal was settled by a round, and not by the bound on rounds.
    """

    priority: int
    level: FloatArray
    largest: float
    weighted: float
    rounds: int
    is_whole: bool


def gaps_of(inputs: Inputs, layout: Layout, priority: int) -> Gaps:
    """Find the gaps of a priority."""
    goals = inputs.goals
    own = (goals.priority == priority) & (goals.quantity > 0) & (goals.weight > 0)
    within = np.broadcast_to(np.arange(len(inputs.periods)) < inputs.planned, own.shape)
    return Gaps(np.concatenate([layout.short[own], layout.below[own][:, None]], axis=1), goals.quantity[own], within[own])


def level_gaps(programme: Programme, scaling: Scaling, gaps: Gaps, *, loose: FloatArray, start: Basis) -> tuple[FloatArray, int, bool]:
    """Find the level of each gap: lexicographically least, the largest first.

    In a round the largest gap z of the goals that are not settled is made as small as can be: min z, gap_g <= z goal_g for these, gap_g <= level_g goal_g for the
    others. Goals whose row has a dual above zero cannot have a smaller gap in any plan that is best in this round: they are settled at z. Duals
    add up to 1, so each round settles one goal at least. A goal that nobody can serve is settled so in the first round, and holds back no other.

    Args:
        programme: scaled, with what earlier levels hold.
        scaling: of the programme.
        gaps: the gaps.
        loose: shape (G,), gaps in the plan of the least weighted loss; those of the year after the plan are held there, so that levelling does not eat the future.
        start: a basis of that plan.

    Returns:
        Levels, shape (G,); how many rounds there were; whether every goal was settled by them.

    Raises:
        SolverError: the solver broke down.

    Source:
        Marchi and Oviedo (1992), Lexicographic optimality in the multiple objective linear programming: the nucleolar solution, European J. Operational Research 57; Ogryczak
        and Sliwinski (2003), On solving linear programs with the ordered weighted averaging objective, the same 148; Nace and Pioro (2008), Max-min fairness and its
        applications to routing and load-balancing in communication networks, IEEE Communications Surveys 10(4), algorithm 2 (blocking by duals).
    """
    count, (rows, columns) = len(gaps.goal), programme.matrix.shape
    there = gaps.columns >= 0
    row = np.broadcast_to(np.arange(count)[:, None], gaps.columns.shape)[there]
    place = gaps.columns[there]
    block = csc_array((scaling.columns[place] / gaps.goal[row], (row, place)), shape=(count, columns))
    level, is_open = np.where(gaps.within, 1.0, loose), gaps.within.copy()
    basis = Basis(np.append(start.columns, np.int8(AT_UPPER)), np.concatenate([start.rows, np.full(count, BASIC, np.int8)]))
    rounds, most, hair = 0, 1.0, _HAIR
    while is_open.any() and rounds < _MOST_ROUNDS:
        column = csc_array(np.concatenate([np.zeros(rows), -is_open.astype(np.float64)])[:, None])
        stated = Programme(
            cost=np.append(np.zeros(columns), 1.0),
            matrix=csc_array(hstack([vstack([programme.matrix, block]), column], format="csc")),
            row_lower=np.append(programme.row_lower, np.full(count, -np.inf)),
            row_upper=np.append(programme.row_upper, np.where(is_open, 0.0, level + hair)),
            lower=np.append(programme.lower, 0.0),
            upper=np.append(programme.upper, most),
        )
        solution = solve_programme(stated, start=basis)
        rounds += 1
        if solution.status != "optimal" or solution.basis is None:
            # What is settled is so to a solver's tolerance, which is one of flows: a goal that is small against them needs more room.
            hair, most = 10.0 * hair, min(1.0, most + 10.0 * hair)
            if hair > _MOST_HAIR:
                raise SolverError(f"the solver ended '{solution.status}' on a round of levelling")
            continue
        vertex, basis = recover_vertex(stated, solution.basis), solution.basis
        z = min(max(float(vertex.x[-1]), 0.0), 1.0)
        if z <= _NOTHING:
            level[is_open] = 0.0
            is_open[:] = False
            break
        blocked = is_open & (-vertex.duals(stated.cost)[rows:] > _BLOCKED)
        if not blocked.any():
            break
        level[is_open] = z
        is_open &= ~blocked
        most = min(1.0, z + hair)
    return level, rounds, not is_open.any()


def cap_gaps(programme: Programme, scaling: Scaling, gaps: Gaps, level: FloatArray) -> Programme:
    """Hold each gap at a level, by bounds alone: only the sum of a gap's columns counts for the plan, so they are opened from the first one on."""
    upper = programme.upper.copy()
    width = np.where(gaps.columns >= 0, programme.upper[gaps.columns] * scaling.columns[gaps.columns], 0.0)
    before = np.cumsum(width, axis=1) - width
    room = np.clip(level[:, None] * gaps.goal[:, None] - before, 0.0, width)
    there = gaps.columns >= 0
    upper[gaps.columns[there]] = np.maximum((room[there] / scaling.columns[gaps.columns[there]]), programme.lower[gaps.columns[there]])
    return replace(programme, upper=upper)
