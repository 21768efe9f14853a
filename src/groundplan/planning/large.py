"""Levels of large plans by first-order steps: the least that each priority loses is proven, and one plan found in which earlier ones are priced many times later ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.certify import certify, prove, step_onto
from groundplan.maths.programme import Programme, Scaling, held_below
from groundplan.planning.columns import Layout
from groundplan.planning.costs import fixed_cost, share_cost, stock_cost, waste_cost
from groundplan.planning.inputs import Inputs
from groundplan.planning.rows import fixed_sizes, floors_hold_by_themselves, floors_of
from groundplan.planning.solved import Level, Solved, Stand

__all__ = ["solve_large"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_GAP = 1e-4
"""How far a level may be from its optimum, as a share of what it would lose if nothing that it wants were there."""
_WIDE = 1e-3
"""With a gap up to this a plan is kept, though the gap that was asked for was not reached: vertices would take far longer."""
_PRICE, _HIGHER, _HIGHEST = 30.0, 4.0, 400.0
"""What a unit of loss of an earlier priority counts in later ones' units; how many times as much where it loses more than it should; from which price on that is told and left."""
_LEFT = 1e-3
"""What a priority should leave to later ones, at most, as a share of what it would lose if nothing that it wants were there, where the settings do not say; at least the gap."""
_FIRST_STEPS, _FURTHER_STEPS = 64_000, 16_000
"""Most steps to the first plan, and to one with higher prices."""
_TIDY = 0.2
"""Share of a level's gap that waste and the use of stocks may count for on the way, so that of many plans that serve the goals alike a thrifty one is found."""
_SLIGHT = (1e-1, 1e-2, 1e-3, 1e-4)
"""Shares of a segment of a goal's loss that may be next to nothing, the first that will do."""
_ROUNDING = 1e-5
"""Prices up to this size, as a share of the level's largest cost, are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class _Loss:
    """What a priority loses at the least, with what earlier ones lose at a price.

    Args:
        priority: of the goals.
        cost: shape (n,), unscaled, of their loss alone.
        bound: proven on the priced loss.
        least: what the goals lose where the priced loss is least, as near as the walk came.
        most: what they should not exceed in the end.
        duals: shape (m,), of the bound, scaled.
        prices: shape (k,), of a unit of what each earlier one loses.
    """

    priority: int
    cost: FloatArray
    bound: float
    least: float
    most: float
    duals: FloatArray
    prices: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The plan as it stands after some levels.

    Args:
        programme: scaled, without the rows that hold priorities' losses.
        x: shape (n,), a plan that is feasible; None before the first.
        stands: where the walk of each priority ended; the next goes on from the last.
        levels: minima and floors that cannot be met.
        losses: of the priorities that cannot be met, in order.
        steps: taken in all.
        certified: whether each level came near enough to its bound.
    """

    programme: Programme
    x: FloatArray | None
    stands: tuple[Stand, ...] = ()
    levels: tuple[Level, ...] = ()
    losses: tuple[_Loss, ...] = ()
    steps: int = 0
    certified: bool = True


def solve_large(
    inputs: Inputs, layout: Layout, programme: Programme, scaling: Scaling, scaled: Programme, implied: FloatArray, wanted: list[tuple[int, FloatArray]],
    *, level_loss: float | None, whatever: bool, stands: tuple[Stand, ...], tell: Callable[[str, float], None],
) -> Solved | None:  # fmt: skip
    """Find what each priority loses at the least, then one plan that serves the last and keeps each other near its least.

    Args:
        inputs: the plan's inputs.
        layout: its columns and rows.
        programme: unscaled, without costs.
        scaling: of the programme.
        scaled: the programme, scaled.
        implied: shape (n,), scaled upper bounds that follow from the rows.
        wanted: priorities and their costs, shape (n,), unscaled.
        level_loss: what later priorities may take from an earlier one, as a share of what it would lose if nothing that it wants were there; None: 10^-3.
        whatever: whether a plan is wanted although some level was not certified.
        stands: where the walks of a plan much like this one ended, in this one's columns and rows.
        tell: called with what is being done and the share that is done.

    Returns:
        The plan; None where some level was not certified, or no feasible plan was found.
    """
    solver = _Solver(scaling, implied, len(scaled.row_lower), scaling.columns * _tidiness(inputs, layout), max(_GAP, _LEFT if level_loss is None else level_loss), stands)
    tell("minima and floors", 0.0)
    state = solver.begin(scaled, inputs, layout)
    for at, (priority, cost) in enumerate(wanted):
        if state.x is not None and (cost > 0).any():
            share, what = 0.1 + 0.3 * at / len(wanted), f"goals of priority {priority}"
            tell(what, share)
            state = solver.serve(state, priority, cost, partial(_tell_steps, tell, what, share), last=priority == wanted[-1][0])
    if state.x is not None and state.losses:
        tell("all goals", 0.4)
        state = solver.finish(state, partial(_tell_steps, tell, "all goals", 0.4))
    if state.x is None or not (state.certified or whatever):
        return None
    state = solver.settle(state, [cost for _, cost in wanted])
    assert state.x is not None
    x = scaling.columns * state.x
    levels = (*state.levels, *solver.levels_of(state, x))
    # Later levels may have found less of an earlier one's loss than that did itself.
    levels = tuple(replace(level, objective=min(level.objective, float(level.cost @ x))) for level in levels)
    given_up = np.array([max(0.0, float(level.cost @ x) - level.objective) for level in levels])
    levelled = {level.priority for level in levels if level.name == "goals"}
    settled = sum(float(cost @ (scaling.columns * state.programme.lower)) for priority, cost in wanted if priority not in levelled)
    rows, entries = scaled.matrix.shape[0], scaled.matrix.nnz
    words = (
        f"primal-dual steps, {state.steps:,} in all: {rows:,} rows and {entries:,} entries are too many to factorise a basis; "
        "the plan stepped onto what is feasible, and each level's bound proven by dual feasible prices"
    )
    return Solved(x, levels, scaling, programme, words, given_up, settled, by_vertices=False, stands=state.stands)


@dataclass(frozen=True, slots=True, eq=False)
class _Solver:
    """What holds for all levels.

    Args:
        scaling: of the programme.
        implied: shape (n,), scaled upper bounds that follow from the rows.
        rows: number of rows without those that hold levels.
        tidy: shape (n,), scaled: what a plan should not do without need.
        left: what later priorities may take from a level, as a share of what it would lose if nothing that it wants were there.
        stands: where walks ended in a plan much like this one.
    """

    scaling: Scaling
    implied: FloatArray
    rows: int
    tidy: FloatArray
    left: float
    stands: tuple[Stand, ...]

    def begin(self, programme: Programme, inputs: Inputs, layout: Layout) -> _State:
        """Find a plan that meets all minima and floors, or comes as near as can be: minima come first."""
        x, met = step_onto(programme, self.stands[-1].x / self.scaling.columns if self.stands else None)
        if met:
            return _State(programme, x)
        if len(inputs.fixed.flow):
            # What is decided comes after minima and floors, and gives way to them.
            opened = programme
            for places in (layout.under, layout.over):
                opened = self._opened(opened, places, fixed_sizes(inputs))
            return self._level(self._least(opened, inputs, layout), "fixed", fixed_cost(inputs, layout))
        return self._least(programme, inputs, layout)

    def _least(self, programme: Programme, inputs: Inputs, layout: Layout) -> _State:
        """Find a plan that comes as near to all minima, and then to all floors, as can be."""
        x, met = step_onto(programme)
        if met:
            return _State(programme, x)
        floors = share_cost(layout, layout.low, np.broadcast_to(inputs.stocks.floor[:, None], layout.low.shape))
        below = share_cost(layout, layout.below, inputs.goals.minimum)
        state = _State(programme, None)
        if not floors_hold_by_themselves(inputs):
            state = replace(state, programme=self._opened(programme, layout.low, floors_of(inputs)))
            x, met = step_onto(state.programme)
            if met:
                return self._level(replace(state, x=x), "floors", floors)
        state = self._level(replace(state, programme=self._opened(state.programme, layout.below, inputs.goals.minimum)), "minima", below)
        if state.x is not None:
            # From near they may be reached all the same.
            x, met = step_onto(programme, state.x)
            if met:
                return _State(programme, x, steps=state.steps)
        return state if floors_hold_by_themselves(inputs) else self._level(state, "floors", floors)

    def serve(self, state: _State, priority: int, cost: FloatArray, tell: Callable[[int], None], *, last: bool) -> _State:
        """Meet all goals of a priority, or find what they lose at the least; of the last one, `finish` finds it."""
        upper = state.programme.upper.copy()
        upper[cost > 0] = state.programme.lower[cost > 0]
        closed = replace(state.programme, upper=upper)
        held = closed
        for loss in state.losses:
            held = self._held(held, loss, loss.most)
        if self._before(priority) is None:
            x, met = step_onto(held, state.x)
            if met:
                return replace(state, programme=closed, x=x)
        prices = np.full(len(state.losses), _PRICE)
        if last:
            return replace(state, losses=(*state.losses, _Loss(priority, cost, 0.0, np.inf, np.inf, np.zeros(self.rows), prices)))
        size = float((cost * self.scaling.columns).max())
        programme, worst = replace(state.programme, cost=self._priced(state.losses, prices, cost) / size), self._worst(state.programme, cost)
        found = prove(programme, self.implied, gap=_GAP * worst / size, **self._going_on(state, priority, size), tell=tell)
        point = np.clip(found.walk.point(), programme.lower, programme.upper)
        least = float((cost * self.scaling.columns) @ point)
        before = _PRICE * sum(float((loss.cost * self.scaling.columns) @ point) for loss in state.losses)
        bound = found.bound * size
        loss = _Loss(priority, cost, bound, least, max(least, bound - before) + self.left * worst, found.duals[: self.rows] * size, prices)
        duals = found.walk.duals()[: self.rows] * size
        stand = Stand(priority, self.scaling.columns * point, self.scaling.rows * duals, found.walk.pace() * size, prices)
        return replace(state, stands=(*state.stands, stand), losses=(*state.losses, loss), steps=state.steps + found.steps)

    def finish(self, state: _State, tell: Callable[[int], None]) -> _State:
        """Find the plan: it serves the last priority that cannot be met, with the others priced; what loses more than it may is priced higher."""
        assert state.x is not None
        *earlier, last = state.losses
        size = float((last.cost * self.scaling.columns).max())
        allowed = _GAP * self._worst(state.programme, last.cost) / size
        effort = float(self.tidy @ state.x)
        aside = _TIDY * allowed / effort * self.tidy if effort > 0 else None
        begin, before = self._going_on(state, last.priority, size), self._before(last.priority)
        prices = np.full(len(earlier), _PRICE) if before is None or len(before.prices) != len(earlier) else before.prices
        best, steps = None, state.steps
        while True:
            programme = replace(state.programme, cost=self._priced(tuple(earlier), prices, last.cost) / size)
            most = _FIRST_STEPS if best is None else _FURTHER_STEPS
            found = certify(programme, self.implied, gap=allowed, **begin, aside=aside, most=most, tell=tell)
            steps += found.steps
            if not found.feasible or found.objective - found.bound > _WIDE / _GAP * allowed:
                break
            best = found, programme, prices
            begin = {"x": found.x, "y": found.walk.duals(), "pace": found.walk.pace()}
            over = np.array([float((loss.cost * self.scaling.columns) @ found.x) > loss.most for loss in earlier], dtype=bool)
            if not over.any() or prices.max() >= _HIGHEST:
                break
            prices = np.where(over, _HIGHER * prices, prices)
        if best is None:
            x, met = step_onto(state.programme, found.x)
            return replace(state, x=x if met else state.x, steps=steps, certified=False)
        found, programme, prices = best
        last = replace(last, bound=found.bound * size, prices=prices, least=float((last.cost * self.scaling.columns) @ found.x), duals=found.duals[: self.rows] * size)
        held = held_below(programme, max(found.objective, found.bound + allowed))
        for loss in earlier:
            held = self._held(held, loss, max(loss.most, float((loss.cost * self.scaling.columns) @ found.x)))
        duals, pace = found.walk.duals()[: self.rows] * size, found.walk.pace() * size
        stand = Stand(last.priority, self.scaling.columns * found.walk.point(), self.scaling.rows * duals, pace, prices)
        return replace(
            state, programme=replace(held, cost=np.zeros_like(programme.cost)), x=found.x, stands=(*state.stands, stand), losses=(*earlier, last), steps=steps
        )  # fmt: skip

    def levels_of(self, state: _State, x: FloatArray) -> tuple[Level, ...]:
        """Write what each priority that is missed loses in a plan, shape (n,), unscaled, and the least that it could lose were all before it served as well as they are."""
        assert state.x is not None
        values, levels, lost = (state.programme.matrix @ state.x)[: self.rows], [], np.array([float(loss.cost @ x) for loss in state.losses])
        free = np.zeros(len(x) + self.rows, dtype=bool)
        for at, loss in enumerate(state.losses):
            bound = min(max(0.0, loss.bound - float(loss.prices @ lost[:at])), float(lost[at]))
            levels.append(Level("goals", loss.priority, loss.cost, max(loss.least, bound), bound, state.programme, state.x, values, loss.duals, free, np.inf, _ROUNDING, None))
        return tuple(levels)

    def settle(self, state: _State, costs: list[FloatArray]) -> _State:
        """Meet those goals in full that are missed by next to nothing, where that can be done with all levels held."""
        assert state.x is not None
        wanted = np.logical_or.reduce([cost > 0 for cost in costs])
        for share in _SLIGHT:
            slight = wanted & (state.x > state.programme.lower) & (state.x <= state.programme.lower + share * np.minimum(state.programme.upper, self.implied))
            upper = np.where(slight, state.programme.lower, state.programme.upper)
            x, met = step_onto(replace(state.programme, upper=upper), state.x)
            if met:
                return replace(state, x=x)
        return state

    def _before(self, priority: int) -> Stand | None:
        """Give where the walk of a priority ended in a plan that was much like this one."""
        return next((stand for stand in self.stands if stand.priority == priority), None)

    def _going_on(self, state: _State, priority: int, size: float) -> dict[str, Any]:
        """Say where a walk begins whose costs are divided by a size: where that of a plan much like this one ended, or else where the one before it stands."""
        before = self._before(priority)
        stand = before if before is not None else next(reversed(state.stands), None)
        if stand is None:
            return {"x": state.x}
        duals = np.append(stand.duals / self.scaling.rows, np.zeros(len(state.programme.row_lower) - self.rows))
        # The pace of one priority is none for another.
        return {"x": stand.x / self.scaling.columns, "y": duals / size, "pace": None if before is None else before.pace / size}

    def _priced(self, earlier: tuple[_Loss, ...], prices: FloatArray, cost: FloatArray) -> FloatArray:
        """Give the scaled cost of a priority with those before it at their prices."""
        return np.asarray(sum((price * loss.cost for price, loss in zip(prices, earlier, strict=True)), cost) * self.scaling.columns)

    def _worst(self, programme: Programme, cost: FloatArray) -> float:
        """Give what would be lost if nothing that is wanted were there."""
        scaled = cost * self.scaling.columns
        wanted = scaled > 0
        return float(scaled[wanted] @ (np.minimum(programme.upper, self.implied) - programme.lower)[wanted])

    def _held(self, programme: Programme, loss: _Loss, most: float) -> Programme:
        """Hold a priority at the most that it may lose."""
        scaled = loss.cost * self.scaling.columns
        size = float(scaled.max())
        return held_below(replace(programme, cost=scaled / size), most / size)

    def _level(self, state: _State, name: str, cost: FloatArray) -> _State:
        """Come as near as can be to minima or floors, and hold that."""
        scaled = cost * self.scaling.columns
        size = float(scaled.max(initial=0.0)) or 1.0
        programme = replace(state.programme, cost=scaled / size)
        allowed = _GAP * self._worst(programme, cost) / size
        found = certify(programme, self.implied, gap=allowed, x=state.x)
        if not found.feasible:
            if state.x is None:
                return replace(state, certified=False)
            # The plan that is there already serves; the bound holds for it as well.
            found = replace(found, x=state.x, objective=float(programme.cost @ state.x))
        values, duals = (programme.matrix @ found.x)[: self.rows], found.duals[: self.rows] * size
        free = np.zeros(len(cost) + self.rows, dtype=bool)
        level = Level(name, 0, cost, found.objective * size, found.bound * size, programme, found.x, values, duals, free, np.inf, _ROUNDING, None)
        held = replace(held_below(programme, max(found.objective, found.bound + allowed)), cost=np.zeros_like(scaled))
        done = state.certified and found.done
        return replace(state, programme=held, x=found.x, levels=(*state.levels, level), steps=state.steps + found.steps, certified=done)

    def _opened(self, programme: Programme, places: IntArray, size: FloatArray) -> Programme:
        """Let columns go up to a size."""
        upper = programme.upper.copy()
        there = places >= 0
        upper[places[there]] = size[there] / self.scaling.columns[places[there]]
        return replace(programme, upper=upper)


def _tell_steps(tell: Callable[[str, float], None], what: str, share: float, steps: int) -> None:
    tell(f"{what}: {steps:,} steps", share)


def _tidiness(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count waste, and closing stocks below opening ones as much as all products' flows."""
    return waste_cost(inputs, layout) + stock_cost(inputs, layout)
