"""Levels: minima, then goals by priority, then stocks, then least waste; each is solved, proven and then held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from groundplan.errors import SolverError
from groundplan.maths.basic import Vertex, proven_bound, recover_vertex, row_reach
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import AT_LOWER, AT_UPPER, BASIC, Basis, Programme, Scaling, scale_programme
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import SLOPES
from groundplan.planning.reach import implied_upper
from groundplan.planning.rows import build_programme, floors_hold_by_themselves, floors_of, flow_scales, pool_scales, scale_of

__all__ = ["ALLOWED", "ROUNDING", "Level", "Solved", "solve_levels"]

FloatArray = NDArray[np.float64]

ROUNDING = 1e-9
"""Reduced costs up to this size, as a share of the level's largest cost, are rounding."""
ALLOWED = 1e-6
"""What later goals may take from a level, at most, as a share of what it would lose if nothing that it wants were there; what they took is measured."""
_TOGETHER_ROWS, _TOGETHER = 10_000, 1e4
"""From so many rows on a priority is solved together with the one before, which counts so many times as much: see docs/decisions/0004-solving-large-plans.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level, solved.

    Args:
        name: "floors", "minima", "goals", "stocks" or "waste".
        priority: priority of its goals; 0 for other levels.
        cost: shape (n,), unscaled.
        objective: least cost found, at the repaired vertex.
        bound: proven lower bound on it.
        programme: the scaled programme that was solved, with its cost and what earlier levels hold.
        vertex: its repaired optimal vertex, scaled.
        duals: shape (m,), scaled, refined.
        basis: which variables are basic there.
    """

    name: str
    priority: int
    cost: FloatArray
    objective: float
    bound: float
    programme: Programme
    vertex: Vertex
    duals: FloatArray
    basis: Basis


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A plan in numbers.

    Args:
        x: shape (n,), unscaled, at the last vertex.
        levels: all levels, in order.
        scaling: what unscales duals: y = rows * y_scaled.
        programme: the unscaled programme, with all minima and floors as they were held.
        method: which solver, how many iterations, and why.
        given_up: what the later levels took from each level's objective, in its own measure, >= 0.
        settled: loss of the goals whose priority needed no level: what earlier levels have settled that they miss, and no less than that.
    """

    x: FloatArray
    levels: tuple[Level, ...]
    scaling: Scaling
    programme: Programme
    method: str
    given_up: FloatArray
    settled: float


def solve_levels(inputs: Inputs, layout: Layout, *, tell: Callable[[str, float], None]) -> Solved:
    """Solve level after level; each later one moves only where the earlier ones are indifferent.

    Args:
        inputs: the plan's inputs.
        layout: its columns and rows.
        tell: called with what is being done and the share that is done.

    Raises:
        SolverError: the solver broke down.
    """
    programme = build_programme(inputs, layout)
    scaling = scale_of(inputs, layout, programme)
    implied, stated = implied_upper(inputs, layout, pool_scales(inputs))
    programme = replace(programme, upper=np.minimum(programme.upper, np.where(stated, implied, np.inf)))
    state = _State(scale_programme(programme, scaling), scaling, implied / scaling.columns)
    if not floors_hold_by_themselves(inputs):
        state = _keep_floors(state, inputs, layout)
    wanted = [(int(priority), _goal_cost(inputs, layout, int(priority))) for priority in np.unique(inputs.goals.priority[inputs.goals.quantity > 0])]
    state = _serve_goals(state, inputs, layout, [step for step in wanted if (step[1] > 0).any()], tell)
    for share, name, cost in ((0.7, "stocks", _stock_cost(inputs, layout)), (0.8, "waste", _waste_cost(inputs, layout))):
        tell({"stocks": "stocks at the end", "waste": "least waste"}[name], share)
        if (cost > 0).any():
            state = _run(state, name, cost)
    x = scaling.columns * state.levels[-1].vertex.x if state.levels else np.zeros(layout.columns)
    given_up = np.array([max(0.0, float(level.cost @ x) - level.objective) for level in state.levels])
    levelled = {level.priority for level in state.levels if level.name == "goals"}
    settled = sum(float(cost @ (scaling.columns * state.programme.lower)) for priority, cost in wanted if priority not in levelled)
    return Solved(x, state.levels, scaling, programme, state.words, given_up, settled)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The programme as it stands after some levels."""

    programme: Programme
    scaling: Scaling
    implied: FloatArray
    levels: tuple[Level, ...] = ()
    words: str = ""
    alone: bool = False
    """The last level is a priority that was solved by itself, and not together with the one before."""


def _keep_floors(state: _State, inputs: Inputs, layout: Layout) -> _State:
    """Keep stocks as near to their floors as the minima allow, which come first: where no plan meets them all, those are sought with floors open."""
    cost = _share_cost(layout, layout.low, np.broadcast_to(inputs.stocks.floor[:, None], layout.low.shape))
    state = _opened(state, layout.low, floors_of(inputs))
    kept = _attempt(state, "floors", 0, cost, needed=False, allowed=ALLOWED)
    return _run(_run_minima(state, inputs, layout), "floors", cost, allowed=ALLOWED) if kept is None else kept


def _run_minima(state: _State, inputs: Inputs, layout: Layout) -> _State:
    return _run(_opened(state, layout.below, inputs.goals.minimum), "minima", _share_cost(layout, layout.below, inputs.goals.minimum), allowed=ALLOWED)


def _serve_goals(state: _State, inputs: Inputs, layout: Layout, steps: list[tuple[int, FloatArray]], tell: Callable[[str, float], None]) -> _State:
    """Serve goals by priority.

    Often the goals of the earlier priorities can all be met, so the last priority is tried first with all others met; where that has no
    solution, the one before it, and so on. The least loss of the earlier ones is then known without a programme of their
    own, and a priority that is met has no level. What is found is held, and the later priorities follow. Where nothing has a
    solution, minima and floors cannot all be kept: minima come first.
    """
    remaining, total = list(steps), len(steps)
    while remaining:
        for last in reversed(range(len(remaining))):
            tell(f"goals of priority {remaining[last][0]}", 0.7 * (total - len(remaining)) / total)
            earlier = [cost for _, cost in remaining[:last]]
            allowed = ALLOWED if last + 1 < len(remaining) else 0.0
            attempt = _attempt(_met(state, earlier), "goals", *remaining[last], needed=not earlier, allowed=allowed)
            if attempt is not None:
                state, remaining = attempt, remaining[last + 1 :]
                break
        else:
            if any(level.name in ("minima", "goals") for level in state.levels):
                raise SolverError(f"goals of priority {remaining[0][0]} have no solution although the level before has")
            tell("minima", 0.0)
            open_floors = bool((layout.low >= 0).any()) and not state.levels
            state = _keep_floors(state, inputs, layout) if open_floors else _run_minima(state, inputs, layout)
    return state


def _met(state: _State, costs: list[FloatArray]) -> _State:
    """Let nothing be missed that has a cost, beyond what is held already: no plan can cost less."""
    if not costs:
        return state
    upper = state.programme.upper.copy()
    places = np.logical_or.reduce([cost > 0 for cost in costs])
    upper[places] = state.programme.lower[places]
    return replace(state, programme=replace(state.programme, upper=upper))


def _run(state: _State, name: str, cost: FloatArray, *, allowed: float = 0.0) -> _State:
    done = _attempt(state, name, 0, cost, allowed=allowed)
    if done is None:
        raise SolverError(f"the level {name} has no solution although nothing but free variables can bind it")
    return done


def _attempt(state: _State, name: str, priority: int, cost: FloatArray, *, needed: bool = True, allowed: float = 0.0) -> _State | None:
    """Solve one level and hold it but for what later ones may take; None where no plan meets what is held already, or where nothing was found and it is not needed."""
    scaled = cost * state.scaling.columns
    size = float(scaled.max(initial=0.0)) or 1.0
    if needed and name == "goals" and state.alone and len(state.programme.row_lower) > _TOGETHER_ROWS:
        pair = _pair(state, priority, cost, size, allowed)
        if pair is not None:
            return pair
    programme = replace(state.programme, cost=scaled / size)
    # The vertex of the level before is feasible, and little is left to move: it is the best place to start from.
    solution = solve_programme(programme, start=state.levels[-1].basis if state.levels else None)
    if solution.status == "infeasible" or (solution.status == "stopped" and not needed):
        return None
    if solution.status != "optimal" or solution.basis is None:
        raise SolverError(f"the solver ended '{solution.status}' on the level {name}")
    vertex = recover_vertex(programme, solution.basis)
    duals = vertex.duals(programme.cost)
    objective = float(programme.cost @ vertex.x) * size
    bound = min(_bound(state, programme, duals) * size, objective)
    level = Level(name, priority, cost, objective, bound, programme, vertex, duals * size, solution.basis)
    held = _hold(programme, state.implied, solution.basis, duals, allowed * _worst(state, programme, programme.cost))
    return replace(state, programme=held, levels=(*state.levels, level), words=state.words or f"{solution.method}: {solution.why}", alone=name == "goals")


def _pair(state: _State, priority: int, cost: FloatArray, size: float, allowed: float) -> _State | None:
    """Solve a priority together with the one before, in that one's programme, which is far easier than what is left when it is held.

    None where that one would lose more than is allowed, or nothing was found.

    The plan that is found is the best for this priority among all in which the one before loses no more than it does there: it minimises a sum of
    the two, and what a sum's bound proves less what the one before loses bounds this priority's loss from below.
    """
    before = state.levels[-1]
    first, scaled = before.programme.cost, cost * state.scaling.columns / size
    programme = replace(before.programme, cost=first + scaled / _TOGETHER)
    solution = solve_programme(programme)
    if solution.status != "optimal" or solution.basis is None:
        return None
    vertex = recover_vertex(programme, solution.basis)
    if float(first @ vertex.x) - float(first @ before.vertex.x) > ALLOWED * _worst(state, before.programme, first):
        return None
    both, own = vertex.duals(programme.cost), vertex.duals(scaled)
    objective = float(scaled @ vertex.x) * size
    bound = min((_bound(state, programme, both) - float(first @ vertex.x)) * _TOGETHER * size, objective)
    level = Level("goals", priority, cost, objective, bound, programme, vertex, own * size, solution.basis)
    held = _hold(programme, state.implied, solution.basis, both, allowed * _worst(state, programme, scaled) / _TOGETHER)
    return replace(state, programme=held, levels=(*state.levels, level), alone=False)


def _bound(state: _State, programme: Programme, duals: FloatArray) -> float:
    return proven_bound(replace(programme, upper=np.minimum(programme.upper, state.implied)), duals)


def _worst(state: _State, programme: Programme, cost: FloatArray) -> float:
    """What a level would lose if nothing that it wants were there."""
    wanted = cost > 0
    return float(cost[wanted] @ (np.minimum(programme.upper, state.implied) - programme.lower)[wanted])


def _hold(programme: Programme, implied: FloatArray, basis: Basis, duals: FloatArray, allowed: float) -> Programme:
    """Fix what must not move if the level's optimum is to stay, but for what could all together not cost it more than is allowed.

    The loss of any plan exceeds the least by what its variables' moves from their bounds cost, each at its reduced cost. Those with zero may move
    freely: that is the optimal face. Others are let go, the cheapest full moves first, until these add up to what is allowed: in large programmes
    thousands of limits are worth next to nothing to an early level, and holding them all would cost later ones dearly.

    Source:
        Isermann (1982), Linear lexicographic optimization, OR Spektrum 4, for the optimal face.
    """
    upper = np.minimum(programme.upper, implied)
    reach = row_reach(replace(programme, upper=upper))
    weight = np.abs(np.concatenate([programme.cost - programme.matrix.T @ duals, duals]))
    low, high = np.concatenate([programme.lower, programme.row_lower]), np.concatenate([programme.upper, programme.row_upper])
    swing = np.concatenate([upper, np.minimum(programme.row_upper, reach[1])]) - np.concatenate([programme.lower, np.maximum(programme.row_lower, reach[0])])
    place = np.concatenate([basis.columns, basis.rows])
    dear = np.flatnonzero((place != BASIC) & (weight > ROUNDING) & (high > low))
    loss = weight[dear] * swing[dear]
    order = np.argsort(loss, kind="stable")
    held = dear[order[np.cumsum(loss[order]) > allowed]]
    low, high = low.copy(), high.copy()
    at_low, at_high = held[place[held] == AT_LOWER], held[place[held] == AT_UPPER]
    high[at_low] = low[at_low]
    low[at_high] = high[at_high]
    columns = len(programme.cost)
    return replace(programme, lower=low[:columns], upper=high[:columns], row_lower=low[columns:], row_upper=high[columns:])


def _opened(state: _State, places: NDArray[np.int64], size: FloatArray) -> _State:
    """Let columns go up to a size."""
    upper = state.programme.upper.copy()
    there = places >= 0
    upper[places[there]] = size[there] / state.scaling.columns[places[there]]
    return replace(state, programme=replace(state.programme, upper=upper))


def _share_cost(layout: Layout, places: NDArray[np.int64], size: FloatArray) -> FloatArray:
    cost = np.zeros(layout.columns)
    there = places >= 0
    cost[places[there]] = 1.0 / np.broadcast_to(size, places.shape)[there]
    return cost


def _goal_cost(inputs: Inputs, layout: Layout, priority: int) -> FloatArray:
    goals = inputs.goals
    cost = np.zeros(layout.columns)
    own = (goals.priority == priority) & (goals.quantity > 0)
    per_unit = np.divide(goals.weight, goals.quantity, out=np.zeros_like(goals.weight), where=own)
    for segment, slope in enumerate(SLOPES):
        places = layout.short[:, :, segment][own]
        cost[places] = per_unit[own] * slope
    places = layout.below[own & (layout.below >= 0)]
    cost[places] = per_unit[own & (layout.below >= 0)] * SLOPES[-1]
    return cost


def _stock_cost(inputs: Inputs, layout: Layout) -> FloatArray:
    return _share_cost(layout, layout.drawn, inputs.stocks.opening)


def _waste_cost(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count what a plan takes: inputs as shares of the country's flows, resources of their limits, imports, what is left unused."""
    flow, limits = flow_scales(inputs), inputs.limits
    cost = np.zeros(layout.columns)
    used = (1.0 / flow) @ inputs.used
    able = inputs.made @ inputs.capacity.max(axis=1, initial=0.0)
    own = inputs.made.T @ (1.0 / np.where(able > 0, able, flow))
    effort = np.repeat((used + 0.01 * own)[:, None], len(inputs.periods), axis=1)
    for entry in np.flatnonzero(limits.limit > 0):
        effort[:, limits.period[entry]] += np.maximum(limits.use[[entry], :].toarray()[0], 0.0) / limits.limit[entry]
    invest = inputs.investment
    capital = np.bincount(invest.recipe, invest.amount / flow[invest.product], len(inputs.recipes))
    for places, value in (
        (layout.activity, effort),
        (layout.built, (capital[inputs.pool_recipe] + own)[:, None]),
        (layout.imports, (1.0 / flow)[:, None]),
        (layout.exports, (0.1 / flow)[:, None]),
        (layout.unused, (0.1 / flow)[:, None]),
        (layout.stock, (0.001 / flow)[:, None]),
        (layout.short, (10.0 / flow)[:, None, None]),
    ):
        there = places >= 0
        cost[places[there]] = np.broadcast_to(value, places.shape)[there]
    return cost
