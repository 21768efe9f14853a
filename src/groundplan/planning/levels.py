"""Levels by vertices: minima, numbers that are decided, then goals by priority, then stocks, then least waste; each is solved, proven and then held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from groundplan.errors import Fault, SettingsError, SolverError
from groundplan.maths.basic import Vertex, proven_bound, recover_vertex, row_reach
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import AT_LOWER, AT_UPPER, BASIC, Basis, Programme, Scaling, scale_programme
from groundplan.planning.columns import Layout
from groundplan.planning.costs import fixed_cost, goal_cost, share_cost, stock_cost, waste_cost
from groundplan.planning.inputs import Inputs
from groundplan.planning.levelling import Levelled, cap_gaps, gaps_of, level_gaps
from groundplan.planning.reach import implied_upper
from groundplan.planning.rows import build_programme, fixed_sizes, floors_hold_by_themselves, floors_of, pool_scales, scale_of
from groundplan.planning.solved import Level, Solved, Start
from groundplan.tables.settings import Aim

__all__ = ["MOST_ROWS", "solve_levels"]

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-9
"""Reduced costs up to this size, as a share of the level's largest cost, are rounding."""
_ALLOWED = 1e-6
"""What later goals may take from a level where the settings do not say, as a share of what it would lose if nothing that it wants were there; what they took is measured."""
_VERTEX_ROWS = 5_000
"""Plans with more rows are solved by first-order steps: the basis of a vertex takes HiGHS 12 s to factorise at 12,072 rows; see docs/decisions/0007-first-order-plans.md."""
_TOGETHER_ROWS, _TOGETHER = 10_000, 1e4
"""From so many rows on a priority is solved together with the one before, which counts so many times as much: see docs/decisions/0004-solving-large-plans.md."""
_ROOM = (1e-6, 1e-5)
"""What a gap may exceed its level by, as a share of its goal, the first that leaves an exact plan: without room rounding leaves later levels no solution."""
_LOOSER = 2.0
"""So many times that room is left to later priorities."""
_EXACT = 1e-12
"""A vertex beyond its bounds by more, scaled, is not exact."""
_FRESH = Start()
MOST_ROWS = 30_000
"""Larger plans are beyond vertices: what steps find is kept with the gap that is proven, whatever it is."""


def solve_levels(
    inputs: Inputs, layout: Layout, *, level_loss: float | None = None, aim: Aim = "weighted", by_steps: bool = True, start: Start = _FRESH,
    goes_on: Callable[[Solved], bool] | None = None,
    tell: Callable[[str, float], None],
) -> Solved:  # fmt: skip
    """Solve level after level; each later one moves only where the earlier ones are indifferent.

    Args:
        inputs: the plan's inputs.
        layout: its columns and rows.
        level_loss: what later priorities may take from an earlier one, as a share of what it would lose if nothing that it wants were there; None: as little as the way
            of solving needs.
        aim: "weighted": the least weighted loss of each priority; "levelled": its largest gaps as small as can be, one after the other, and then the least weighted loss.
        by_steps: whether a large plan may be solved by first-order steps.
        start: what a plan much like this one left.
        goes_on: asked with the plan that serves the goals by vertices whether stocks at the end and waste are wanted too; None: they are.
        tell: called with what is being done and the share that is done.

    Raises:
        SolverError: the solver broke down.
        SettingsError: gaps are to be levelled in a plan of more than `MOST_ROWS` rows.
    """
    if aim == "levelled":
        # A round needs the duals of a vertex, which say what is settled: steps give none that are exact.
        _refuse_levelling(layout)
        by_steps = False
    programme = build_programme(inputs, layout)
    scaling = scale_of(inputs, layout, programme)
    implied, stated = implied_upper(inputs, layout, pool_scales(inputs))
    programme = replace(programme, upper=np.minimum(programme.upper, np.where(stated, implied, np.inf)))
    scaled, implied = scale_programme(programme, scaling), implied / scaling.columns
    wanted = [(int(priority), goal_cost(inputs, layout, int(priority))) for priority in np.unique(inputs.goals.priority[inputs.goals.quantity > 0])]
    if by_steps and layout.rows > _VERTEX_ROWS:
        # The compiler that its steps need takes half a second to load, which smaller plans are spared.
        from groundplan.planning import large

        found = large.solve_large(
            inputs, layout, programme, scaling, scaled, implied, wanted, level_loss=level_loss, whatever=layout.rows > MOST_ROWS, stands=start.stands, tell=tell
        )
        if found is not None:
            return found
    state = _State(scaled, scaling, implied, _ALLOWED if level_loss is None else level_loss, start.bases)
    if len(inputs.fixed.flow):
        for places in (layout.under, layout.over):
            state = _opened(state, places, fixed_sizes(inputs))
    if not floors_hold_by_themselves(inputs):
        state = _keep_floors(state, inputs, layout)
    if len(inputs.fixed.flow):
        state = _keep_fixed(state, inputs, layout)
    level = partial(_level, inputs=inputs, layout=layout, tell=tell) if aim == "levelled" else None
    state = _serve_goals(state, inputs, layout, [step for step in wanted if (step[1] > 0).any()], level, tell)
    if goes_on is not None and not goes_on(_solved(state, layout, programme, wanted)):
        return _solved(state, layout, programme, wanted)
    for share, name, cost in ((0.7, "stocks", stock_cost(inputs, layout)), (0.8, "waste", waste_cost(inputs, layout))):
        tell({"stocks": "stocks at the end", "waste": "least waste"}[name], share)
        if (cost > 0).any():
            state = _run(state, name, cost)
    return _solved(state, layout, programme, wanted)


def _solved(state: _State, layout: Layout, programme: Programme, wanted: list[tuple[int, FloatArray]]) -> Solved:
    """Tell where the levels stand."""
    columns = state.scaling.columns
    x = columns * state.levels[-1].x if state.levels else np.zeros(layout.columns)
    given_up = np.array([max(0.0, float(level.cost @ x) - level.objective) for level in state.levels])
    levelled = {level.priority for level in state.levels if level.name == "goals"}
    settled = sum(float(cost @ (columns * state.programme.lower)) for priority, cost in wanted if priority not in levelled)
    words = state.words + "".join(f"; gaps of priority {one.priority} levelled in {one.rounds} round{'s' if one.rounds > 1 else ''}" for one in state.levelled)
    return Solved(x, state.levels, state.scaling, programme, words, given_up, settled, levelled=state.levelled)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The programme as it stands after some levels."""

    programme: Programme
    scaling: Scaling
    implied: FloatArray
    left: float
    bases: Mapping[tuple[str, int], Basis]
    levels: tuple[Level, ...] = ()
    basis: Basis | None = None
    words: str = ""
    alone: bool = False
    """The last level is a priority that was solved by itself, and not together with the one before."""
    levelled: tuple[Levelled, ...] = ()


_Leveller = Callable[[_State, _State, int, FloatArray, float], _State]
"""Takes the state before a priority, that after it with the least weighted loss, the priority, its cost, and what it may lose; gives that after it with levelled gaps."""


def _keep_floors(state: _State, inputs: Inputs, layout: Layout) -> _State:
    """Keep stocks as near to their floors as the minima allow, which come first: where no plan meets them all, those are sought with floors open."""
    cost = share_cost(layout, layout.low, np.broadcast_to(inputs.stocks.floor[:, None], layout.low.shape))
    state = _opened(state, layout.low, floors_of(inputs))
    kept = _attempt(state, "floors", 0, cost, needed=False, allowed=_ALLOWED)
    return _run(_run_minima(state, inputs, layout), "floors", cost, allowed=_ALLOWED) if kept is None else kept


def _least(state: _State, inputs: Inputs, layout: Layout) -> _State:
    """Come as near to all minima, and to floors where they have no level yet, as can be."""
    open_floors = bool((layout.low >= 0).any()) and not state.levels
    return _keep_floors(state, inputs, layout) if open_floors else _run_minima(state, inputs, layout)


def _keep_fixed(state: _State, inputs: Inputs, layout: Layout) -> _State:
    """Keep to numbers that are decided as far as minima and floors allow, which come first."""
    cost = fixed_cost(inputs, layout)
    kept = _attempt(state, "fixed", 0, cost, needed=False, allowed=_ALLOWED)
    return _run(_least(state, inputs, layout), "fixed", cost, allowed=_ALLOWED) if kept is None else kept


def _run_minima(state: _State, inputs: Inputs, layout: Layout) -> _State:
    return _run(_opened(state, layout.below, inputs.goals.minimum), "minima", share_cost(layout, layout.below, inputs.goals.minimum), allowed=_ALLOWED)


def _serve_goals(state: _State, inputs: Inputs, layout: Layout, steps: list[tuple[int, FloatArray]], level: _Leveller | None, tell: Callable[[str, float], None]) -> _State:
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
            allowed = state.left if last + 1 < len(remaining) else 0.0
            met = _met(state, earlier)
            attempt = _attempt(met, "goals", *remaining[last], needed=not earlier, allowed=allowed)
            if attempt is not None and level is not None and attempt.levels[-1].objective > 0:
                attempt = level(met, attempt, *remaining[last], allowed)
            if attempt is not None:
                state, remaining = attempt, remaining[last + 1 :]
                break
        else:
            if any(level.name in ("minima", "goals") for level in state.levels):
                raise SolverError(f"goals of priority {remaining[0][0]} have no solution although the level before has")
            tell("minima", 0.0)
            state = _least(state, inputs, layout)
    return state


def _level(before: _State, loose: _State, priority: int, cost: FloatArray, allowed: float, *, inputs: Inputs, layout: Layout, tell: Callable[[str, float], None]) -> _State:
    """Find how small the gaps of a priority can be, the largest first; cap them, and find the least weighted loss there."""
    tell(f"gaps of priority {priority} levelled", 0.6)
    gaps = gaps_of(inputs, layout, priority)
    if loose.basis is None:
        raise SolverError("the solver gave no vertex from which gaps could be levelled")
    weighted = gaps.shares(before.scaling.columns * loose.levels[-1].x)
    level, rounds, is_whole = level_gaps(before.programme, before.scaling, gaps, loose=weighted, start=loose.basis)
    largest, larger = (float(share[gaps.within].max(initial=0.0)) for share in (level, weighted))
    told = Levelled(priority, level, largest, larger, rounds, is_whole)
    for room in _ROOM:
        capped = cap_gaps(before.programme, before.scaling, gaps, level + room)
        found = _attempt(replace(before, programme=capped, basis=None, alone=False, levelled=(*before.levelled, told)), "goals", priority, cost, needed=False, allowed=allowed)
        if found is not None and (_beyond(found.levels[-1]) <= _EXACT or room == _ROOM[-1]):
            return _loosened(found, capped, cap_gaps(before.programme, before.scaling, gaps, level + _LOOSER * room))
    raise SolverError(f"the levelled gaps of priority {priority} leave no plan although each was found in one")


def _beyond(level: Level) -> float:
    """How far a level's vertex lies beyond its bounds, scaled."""
    values = np.concatenate([level.x, level.row_values])
    lower, upper = (np.concatenate(pair) for pair in ((level.programme.lower, level.programme.row_lower), (level.programme.upper, level.programme.row_upper)))
    return float(np.maximum(lower - values, values - upper).max(initial=0.0))


def _loosened(state: _State, capped: Programme, looser: Programme) -> _State:
    """Let what is not fixed go a little beyond its cap: the vertex may lie beyond it by rounding, and what is held around it must have a solution."""
    held = state.programme
    free = (held.upper > held.lower) & (held.upper == capped.upper)
    return replace(state, programme=replace(held, upper=np.where(free, np.maximum(held.upper, looser.upper), held.upper)))


def _refuse_levelling(layout: Layout) -> None:
    """Refuse to level a plan that is beyond vertices.

    Raises:
        SettingsError: it has more than `MOST_ROWS` rows.
    """
    if layout.rows > MOST_ROWS:
        found, expected = f"'levelled' for a plan of {layout.rows:,} rows (balances, capacities and limits by period)", f"at most {MOST_ROWS:,} rows, or 'weighted'"
        fault = Fault("groundplan.toml", "aim", "too_large", 1, (), found, expected, 'Set aim = "weighted", or plan fewer periods (horizon) or products.')
        raise SettingsError("Gaps are levelled by vertices, and this plan is too large for those", [fault])


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
    # That of the same level of a plan much like this one is near; the vertex of the level before is feasible, and little is left to move.
    solution = solve_programme(programme, start=state.bases.get((name, priority), state.basis))
    if solution.status == "infeasible" or (solution.status == "stopped" and not needed):
        return None
    if solution.status != "optimal" or solution.basis is None:
        raise SolverError(f"the solver ended '{solution.status}' on the level {name}")
    vertex = recover_vertex(programme, solution.basis)
    duals = vertex.duals(programme.cost)
    objective = float(programme.cost @ vertex.x) * size
    bound = min(_bound(state, programme, duals) * size, objective)
    level = _levelled(name, priority, cost, objective, bound, programme, vertex, duals * size, solution.basis)
    held = _hold(programme, state.implied, solution.basis, duals, allowed * _worst(state, programme, programme.cost))
    words = state.words or f"{solution.method}: {solution.why}; every level repaired exactly at its vertex"
    return replace(state, programme=held, levels=(*state.levels, level), basis=solution.basis, words=words, alone=name == "goals")


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
    if float(first @ vertex.x) - float(first @ before.x) > state.left * _worst(state, before.programme, first):
        return None
    both, own = vertex.duals(programme.cost), vertex.duals(scaled)
    objective = float(scaled @ vertex.x) * size
    bound = min((_bound(state, programme, both) - float(first @ vertex.x)) * _TOGETHER * size, objective)
    level = _levelled("goals", priority, cost, objective, bound, programme, vertex, own * size, solution.basis)
    held = _hold(programme, state.implied, solution.basis, both, allowed * _worst(state, programme, scaled) / _TOGETHER)
    return replace(state, programme=held, levels=(*state.levels, level), basis=solution.basis, alone=False)


def _levelled(name: str, priority: int, cost: FloatArray, objective: float, bound: float, programme: Programme, vertex: Vertex, duals: FloatArray, basis: Basis) -> Level:
    free = np.concatenate([basis.columns, basis.rows]) == BASIC
    return Level(name, priority, cost, objective, bound, programme, vertex.x, vertex.row_values, duals, free, 1e-9, _ROUNDING, vertex, basis)


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
    dear = np.flatnonzero((place != BASIC) & (weight > _ROUNDING) & (high > low))
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
