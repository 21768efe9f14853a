"""The programme of one period in which a plan is followed: what can still be decided when capacities show, and how much each thing counts.

What is to be kept to comes in ranks, each of which counts ten times the next, per share of what is planned: minima; what is to be built, and the floors of stocks; what is
planned for the goals of each priority. Stocks count less than any goal: as high as planned, then as far as pools will lack later, then any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, hstack, vstack

from groundplan.maths.programme import Programme, Scaling, power_of_two, scale_programme
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import BREAKS, SLOPES
from groundplan.planning.rows import flow_scales, pool_scales
from groundplan.planning.tables_out import Levels

__all__ = ["STORED", "Flows", "PeriodProgramme", "period_programme"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STORED = ("floor", "planned", "ahead", "more")
"""Parts of a stock; `ahead` and `more` share the room above the planned one."""
_RANK = 10.0
"""How many times a rank counts what the next one does. At 30 next to nothing of an earlier priority costs whole goals of later ones, and fewer of all are met in full."""
_PLANNED, _AHEAD, _MORE = 0.03, 0.01, 0.001
"""What parts of stocks count of what the heaviest goals of the last priority do, per share of the product's flow."""


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Columns that each stand for a part of a flow of one product.

    Args:
        product: shape (n,).
        sign: of each in its product's balance.
        most: shape (n,), upper bounds.
        cost: shape (n,), per unit.
    """

    product: IntArray
    sign: float
    most: FloatArray
    cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PeriodProgramme:
    """The programme of a period. Its columns are the Q activities, the M opening stocks, and the flows.

    Args:
        programme: scaled; the bounds of activities and opening stocks are to be set, and those of `ahead` and `more`.
        scale: shape (n,), of columns: unscaled = scale * scaled.
        flows: by name: imports, exports, unused, unbuilt, cut, and those of `STORED`.
        places: name -> their columns.
        most: shape (n,), upper bounds, unscaled; lower ones are zero.
    """

    programme: Programme
    scale: FloatArray
    flows: dict[str, Flows]
    places: dict[str, slice]
    most: FloatArray


def period_programme(inputs: Inputs, plan: Levels, at: int) -> PeriodProgramme:
    """Write the programme of the plan period at position `at`.

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
    places, taken = {}, pools + len(flow)
    kept = csc_array((inputs.stocks.kept, (products, products)), shape=(len(flow), len(flow)))
    blocks.append(vstack([kept, csc_array((len(rows), len(flow)))], format="csc"))
    for name, part in flows.items():
        count = len(part.product)
        balance = csc_array((np.full(count, part.sign), (part.product, np.arange(count))), shape=(len(flow), count))
        exchange = np.outer(limits.trades[rows], price[name][part.product]) if name in price else np.zeros((len(rows), count))
        blocks.append(vstack([balance, csc_array(exchange)], format="csc"))
        places[name], taken = slice(taken, taken + count), taken + count
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
    return PeriodProgramme(scale_programme(programme, scaling), columns, flows, places, most)


def _flows(inputs: Inputs, plan: Levels, flow: FloatArray, at: int) -> dict[str, Flows]:
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
    flows = {name: Flows(products[there], signs[name], most[there], cost[there]) for name, (there, most, cost) in parts.items()}
    room = np.where(np.isfinite(stocks.ceiling), stocks.ceiling - closing, np.inf)
    stored = {"floor": (floor, _RANK**last), "planned": (closing - floor, _PLANNED), "ahead": (room, _AHEAD), "more": (room, _MORE)}
    flows |= {name: Flows(products[width > 0], -1.0, width[width > 0], -worth / flow[width > 0]) for name, (width, worth) in stored.items()}
    flows["cut"] = _cuts(inputs, plan, last, at)
    return flows


def _cuts(inputs: Inputs, plan: Levels, last: int, at: int) -> Flows:
    """List what deliveries can be cut by: the plan's loss, from what the plan misses on; what is cut of a minimum costs more than all else."""
    quantity, minimum, weight, priority = (part[:, at] for part in (inputs.goals.quantity, inputs.goals.minimum, inputs.goals.weight, inputs.goals.priority))
    goal = np.flatnonzero((quantity > 0) & (plan.delivered[:, at] > 0))
    size = quantity[goal]
    share, owed = np.clip(plan.delivered[goal, at] / size, 0.0, 1.0), np.minimum(minimum[goal], plan.delivered[goal, at]) / size
    width = np.clip(np.minimum(BREAKS[1:], (1.0 - owed)[:, None]) - np.maximum(BREAKS[:-1], (1.0 - share)[:, None]), 0.0, None)
    # A goal without weight would be cut for nothing.
    heaviest = float(inputs.goals.weight.max(initial=0.0)) or 1.0
    rank = _RANK ** (last - priority[goal]) * np.maximum(weight[goal] / heaviest, 1e-3)
    cost = rank[:, None] * np.array(SLOPES)
    product = np.concatenate([np.repeat(goal, width.shape[1]), goal])
    most = np.concatenate([(width * size[:, None]).ravel(), owed * size])
    costs = np.concatenate([(cost / size[:, None]).ravel(), _RANK ** (last + 1) / size])
    some = most > 0
    return Flows(product[some], 1.0, most[some], costs[some])
