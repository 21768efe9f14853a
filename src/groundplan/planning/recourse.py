"""A plan followed in draws of what can really be made: its investments and deliveries stand, and operators make the best of each period.

As a period comes, its capacities show. Then all that can still be decided is decided anew, for this period alone: which pools run how much, what is imported and
exported, what stays in stock. It is a small programme: balances, capacities, resources and limits are the plan's. What weighs most is that minima are delivered, then
what is to be built and the floors of stocks, then what was planned for each priority; after that stocks as high as planned, and higher where pools will make less than
planned later. Nobody solves all periods together: who did could deliver no less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, hstack, vstack

from groundplan.maths.programme import Programme, Scaling, power_of_two, scale_programme
from groundplan.maths.resolving import solver_for
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import BREAKS, SLOPES
from groundplan.planning.rows import flow_scales, pool_scales
from groundplan.planning.tables_out import Levels
from groundplan.workers.threads import in_threads

__all__ = ["Followed", "deliveries_of", "follow_draws"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_RANK = 10.0
"""How many times a rank counts what the next one does. At 30 next to nothing of an earlier priority costs whole goals of later ones, and fewer of all are met in full."""
_PLANNED, _AHEAD, _MORE = 0.1, 0.03, 0.003
"""What stocks count of what goals of the last priority do: those planned, those that pools will lack, and any more."""
_DRAWS = 25
"""Draws that are followed in a row, from the plan's own basis; blocks of them are followed side by side."""
_NOTHING = 1e-9
"""Share of what was to be built up to which what lacks is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What became of a plan in one draw.

    Args:
        capacity, activity: shape (Q, T).
        delivered, invested, imports, exports, opening, closing, unused: shape (P, T); what is invested is what capital goods were delivered.
    """

    capacity: FloatArray
    activity: FloatArray
    delivered: FloatArray
    invested: FloatArray
    imports: FloatArray
    exports: FloatArray
    opening: FloatArray
    closing: FloatArray
    unused: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Flows:
    """Columns that each stand for a part of a flow of one product.

    Args:
        product: shape (n,).
        sign: of each in its product's balance.
        most: upper bounds.
        cost: per unit.
    """

    product: IntArray
    sign: float
    most: FloatArray
    cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Period:
    """The programme of a period.

    Args:
        programme: scaled.
        scale: shape (n,), of columns.
        flows: columns behind the Q activities and the P opening stocks, by name.
        start: name -> first column.
        upper: shape (n,), unscaled, without capacities and opening stocks.
    """

    programme: Programme
    scale: FloatArray
    flows: dict[str, _Flows]
    start: dict[str, int]
    upper: FloatArray


def deliveries_of(inputs: Inputs, plan: Levels, capacity: FloatArray) -> FloatArray:
    """Follow a plan in many draws, side by side on all processors; what is found does not depend on how many there are.

    Args:
        inputs: the plan's inputs.
        plan: the plan: what is built, delivered, and kept in stock.
        capacity: shape (Q, D), of `draw_pools`.

    Returns:
        What is delivered to goals, shape (P, T, D).

    Raises:
        SolverError: the solver broke down.
    """
    periods = [_period(inputs, plan, at) for at in range(inputs.planned)]
    blocks = [capacity[:, first : first + _DRAWS] for first in range(0, capacity.shape[1], _DRAWS)]
    found = in_threads(partial(_delivered, inputs, plan, periods), blocks)
    return np.concatenate(list(found), axis=2)


def follow_draws(inputs: Inputs, plan: Levels, capacity: FloatArray) -> Iterator[Followed]:
    """Follow a plan in one draw after the other; see `deliveries_of`."""
    yield from _follow(inputs, plan, [_period(inputs, plan, at) for at in range(inputs.planned)], capacity)


def _delivered(inputs: Inputs, plan: Levels, periods: list[_Period], capacity: FloatArray) -> FloatArray:
    return np.stack([one.delivered for one in _follow(inputs, plan, periods, capacity)], axis=2)


def _follow(inputs: Inputs, plan: Levels, periods: list[_Period], capacity: FloatArray) -> Iterator[Followed]:
    solvers = [solver_for(period.programme) for period in periods]
    planned, pools, products = inputs.planned, len(inputs.pool_recipe), len(inputs.products)
    wear = inputs.investment.wear[inputs.pool_recipe]
    life = np.where(inputs.pools.runs, (1.0 - wear)[:, None] ** inputs.pools.age, 0.0)[:, :planned]
    for drawn in capacity.T:
        ahead = _wanted_ahead(inputs, plan, drawn[:, None] * life)
        able, level = drawn[:, None] * life, np.zeros((pools, planned))
        flows = {name: np.zeros((products, planned)) for name in ("cut", "unbuilt", "imports", "exports", "opening", "stock", "ahead", "unused")}
        built, added, stock = plan.built.copy(), np.zeros(pools), inputs.stocks.opening
        for at, (period, solve) in enumerate(zip(periods, solvers, strict=True)):
            added = added * (1.0 - wear) + built[:, at]
            able[:, at] += added
            lower, upper = np.zeros_like(period.upper), period.upper.copy()
            upper[:pools] = able[:, at]
            part, first = period.flows["ahead"].product, period.start["ahead"]
            upper[first : first + len(part)] = np.minimum(ahead[part, at], period.upper[first : first + len(part)])
            lower[pools : pools + products] = upper[pools : pools + products] = stock
            x = np.clip(solve(lower / period.scale, upper / period.scale) * period.scale, lower, upper)
            level[:, at] = x[:pools]
            flows["opening"][:, at] = stock
            for name, part in period.flows.items():
                first = period.start[name]
                flows[name][:, at] = np.bincount(part.product, x[first : first + len(part.product)], products)
            flows["stock"][:, at] += flows["ahead"][:, at]
            stock = flows["stock"][:, at]
            _leave_unbuilt(inputs, built, np.divide(flows["unbuilt"][:, at], plan.investment[:, at], out=np.zeros(products), where=plan.investment[:, at] > 0), at)
        yield Followed(
            able,
            level,
            np.maximum(plan.delivered - flows["cut"], 0.0),
            plan.investment - flows["unbuilt"],
            flows["imports"],
            flows["exports"],
            flows["opening"],
            flows["stock"],
            flows["unused"],
        )


def _wanted_ahead(inputs: Inputs, plan: Levels, able: FloatArray) -> FloatArray:
    """Give what stocks, beyond those planned, could make good of what pools will lack to planned production, by what they can make now, shape (P, T).

    What a product's pools lack in a later period and cannot make in those between is wanted in stock, with what is lost in store: E_t = (lack_t+1 + E_t+1 - spare_t+1) / kept,
    where positive. Whether there are inputs for it shows when it is made.
    """
    left = inputs.made @ (able + plan.capacity - inputs.capacity[:, : inputs.planned]) - plan.production
    wanted = np.zeros_like(left)
    for at in range(inputs.planned - 2, -1, -1):
        later = np.maximum(wanted[:, at + 1] - left[:, at + 1], 0.0)
        wanted[:, at] = np.divide(later, inputs.stocks.kept, out=np.zeros_like(later), where=inputs.stocks.kept > 0)
    return wanted


def _leave_unbuilt(inputs: Inputs, built: FloatArray, lacking: FloatArray, at: int) -> None:
    """Take from new capacity, in place, the share of the capital good of this period that lacks most; what was delivered of other goods for it is lost."""
    invest = inputs.investment
    short = (lacking[invest.product] > _NOTHING) & (at + invest.lag < built.shape[1])
    if short.any():
        lost = np.zeros((len(inputs.recipes), built.shape[1]))
        np.maximum.at(lost, (invest.recipe[short], at + invest.lag[short]), lacking[invest.product[short]])
        built *= 1.0 - lost[inputs.pool_recipe]


def _period(inputs: Inputs, plan: Levels, at: int) -> _Period:
    """Write the programme of a period.

    Made + imported + kept from before + cut + left unbuilt = used up + exported + in stock + unused + (planned deliveries and capital goods), and the plan's limits.
    """
    limits, trade, pools = inputs.limits, inputs.trade, len(inputs.pool_recipe)
    flow, pool = flow_scales(inputs), pool_scales(inputs)
    flows = _flows(inputs, plan, flow, at)
    products = np.arange(len(flow))
    rows = np.flatnonzero(limits.period == at)
    price = {"imports": trade.import_price[:, at], "exports": -trade.export_price[:, at]}
    blocks = [vstack([inputs.made - inputs.used, limits.use[rows, :]], format="csc")]
    scale, upper, cost = [pool, flow], [np.zeros(pools), np.zeros(len(flow))], [np.zeros(pools), np.zeros(len(flow))]
    start, taken = {}, pools + len(flow)
    kept = csc_array((inputs.stocks.kept, (products, products)), shape=(len(flow), len(flow)))
    blocks.append(vstack([kept, csc_array((len(rows), len(flow)))], format="csc"))
    for name, part in flows.items():
        count = len(part.product)
        balance = csc_array((np.full(count, part.sign), (part.product, np.arange(count))), shape=(len(flow), count))
        exchange = np.outer(limits.trades[rows], price[name][part.product]) if name in price else np.zeros((len(rows), count))
        blocks.append(vstack([balance, csc_array(exchange)], format="csc"))
        start[name], taken = taken, taken + count
        scale.append(flow[part.product])
        upper.append(part.most)
        cost.append(part.cost)
    matrix = csc_array(hstack(blocks, format="csc"))
    wanted = plan.delivered[:, at] + plan.investment[:, at]
    row_lower, row_upper = np.concatenate([wanted, np.full(len(rows), -np.inf)]), np.concatenate([wanted, limits.limit[rows]])
    columns, most = power_of_two(np.concatenate(scale)), np.concatenate(upper)
    largest = np.asarray(abs(matrix * columns[None, :]).max(axis=1).toarray()).ravel()[len(flow) :]
    scaling = Scaling(power_of_two(np.concatenate([1.0 / flow, 1.0 / np.where(largest > 0, largest, 1.0)])), columns)
    programme = Programme(np.concatenate(cost), matrix, row_lower, row_upper, np.zeros(len(columns)), most)
    return _Period(scale_programme(programme, scaling), columns, flows, start, most)


def _flows(inputs: Inputs, plan: Levels, flow: FloatArray, at: int) -> dict[str, _Flows]:
    """List what can be decided besides activities, with what it costs: each rank counts 10 times what the next does, per share of what is planned; stocks count less."""
    trade, stocks, products = inputs.trade, inputs.stocks, np.arange(len(flow))
    last = int(inputs.goals.priority[inputs.goals.quantity > 0].max(initial=1))
    able = (trade.export_limit[:, at] > 0) & (trade.export_price[:, at] > 0)
    closing = np.clip(plan.closing[:, at], 0.0, stocks.ceiling)
    floor = np.minimum(stocks.floor, closing)
    free = np.zeros(len(flow))
    parts = {
        "imports": (trade.import_limit[:, at] > 0, trade.import_limit[:, at], free),
        "exports": (able, trade.export_limit[:, at], free),
        "unused": (np.ones(len(flow), dtype=bool), np.full(len(flow), np.inf), free),
        "unbuilt": (plan.investment[:, at] > 0, plan.investment[:, at], _RANK**last / np.where(plan.investment[:, at] > 0, plan.investment[:, at], 1.0)),
    }
    signs = {"imports": 1.0, "exports": -1.0, "unused": -1.0, "unbuilt": 1.0}
    flows = {name: _Flows(products[there], signs[name], most[there], cost[there]) for name, (there, most, cost) in parts.items()}
    segments = [(floor, _RANK**last), (closing - floor, _PLANNED), (stocks.ceiling - closing, _MORE)]
    kept = [(products[width > 0], width[width > 0], -worth / flow[width > 0]) for width, worth in segments]
    flows["stock"] = _Flows(np.concatenate([one[0] for one in kept]), -1.0, np.concatenate([one[1] for one in kept]), np.concatenate([one[2] for one in kept]))
    room = np.where(np.isfinite(stocks.ceiling), stocks.ceiling - closing, np.inf)
    flows["ahead"] = _Flows(products[room > 0], -1.0, room[room > 0], -_AHEAD / flow[room > 0])
    flows["cut"] = _cuts(inputs, plan, last, at)
    return flows


def _cuts(inputs: Inputs, plan: Levels, last: int, at: int) -> _Flows:
    """List what deliveries can be cut by: the plan's loss, from what the plan misses on; what is cut of a minimum costs more than all else."""
    quantity, minimum, weight, priority = (part[:, at] for part in (inputs.goals.quantity, inputs.goals.minimum, inputs.goals.weight, inputs.goals.priority))
    goal = np.flatnonzero((quantity > 0) & (plan.delivered[:, at] > 0))
    size = quantity[goal]
    share, owed = np.clip(plan.delivered[goal, at] / size, 0.0, 1.0), np.minimum(minimum[goal], plan.delivered[goal, at]) / size
    width = np.clip(np.minimum(BREAKS[1:], (1.0 - owed)[:, None]) - np.maximum(BREAKS[:-1], (1.0 - share)[:, None]), 0.0, None)
    # A goal without weight would be cut for nothing.
    rank = _RANK ** (last - priority[goal]) * np.maximum(weight[goal], 1e-3)
    cost = rank[:, None] * np.array(SLOPES)
    product = np.concatenate([np.repeat(goal, width.shape[1]), goal])
    most = np.concatenate([(width * size[:, None]).ravel(), owed * size])
    costs = np.concatenate([(cost / size[:, None]).ravel(), _RANK ** (last + 1) / size])
    some = most > 0
    return _Flows(product[some], 1.0, most[some], costs[some])
