"""A plan followed in draws of what can really be made: its investments and deliveries stand, and operators make the best of each period.

As a period comes, its capacities show. Then all that can still be decided is decided anew, for this period alone: which pools run how much, what is imported and
exported, what stays in stock (`recourse_programme`). Nobody solves all periods together: who did could deliver no less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.resolving import solver_for
from groundplan.planning.inputs import Inputs
from groundplan.planning.recourse_programme import STORED, PeriodProgramme, period_programme
from groundplan.planning.tables_out import Levels
from groundplan.workers.threads import in_threads

__all__ = ["Followed", "deliveries_of", "follow_draws"]

FloatArray = NDArray[np.float64]

_BLOCKS = 4
"""Draws are followed in so many blocks side by side, each draw of a block from the basis of the one before; more blocks would begin more often from none."""
_NOTHING = 1e-9
"""Share of what was to be built up to which what lacks is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What became of a plan in one draw.

    Args:
        capacity, activity: shape (Q, T).
        delivered, invested, imports, exports, opening, closing, unused: shape (M, T); what is invested is what capital goods were delivered.
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


def deliveries_of(inputs: Inputs, plan: Levels, capacity: FloatArray) -> FloatArray:
    """Follow a plan in many draws, side by side on all processors; what is found does not depend on how many there are.

    Args:
        inputs: the plan's inputs.
        plan: the plan: what is built, delivered, and kept in stock.
        capacity: shape (Q, D), of `draw_pools`.

    Returns:
        What is delivered to goals, shape (M, T, D).

    Raises:
        SolverError: the solver broke down.
    """
    periods = [period_programme(inputs, plan, at) for at in range(inputs.planned)]
    step = -(-capacity.shape[1] // _BLOCKS)
    blocks = [capacity[:, first : first + step] for first in range(0, capacity.shape[1], step)]
    found = in_threads(partial(_delivered, inputs, plan, periods), blocks)
    return np.concatenate(list(found), axis=2)


def follow_draws(inputs: Inputs, plan: Levels, capacity: FloatArray) -> Iterator[Followed]:
    """Follow a plan in one draw after the other; see `deliveries_of`."""
    yield from _follow(inputs, plan, [period_programme(inputs, plan, at) for at in range(inputs.planned)], capacity)


def _delivered(inputs: Inputs, plan: Levels, periods: list[PeriodProgramme], capacity: FloatArray) -> FloatArray:
    return np.stack([one.delivered for one in _follow(inputs, plan, periods, capacity)], axis=2)


def _follow(inputs: Inputs, plan: Levels, periods: list[PeriodProgramme], capacity: FloatArray) -> Iterator[Followed]:
    solvers = [solver_for(period.programme) for period in periods]
    wear = inputs.investment.wear[inputs.pool_recipe]
    life = np.where(inputs.pools.runs, (1.0 - wear)[:, None] ** inputs.pools.age, 0.0)[:, : inputs.planned]
    for drawn in capacity.T:
        able, ahead = drawn[:, None] * life, _wanted_ahead(inputs, plan, drawn[:, None] * life)
        level, built, added = np.zeros_like(able), plan.built.copy(), np.zeros(len(able))
        flows = {name: np.zeros_like(plan.delivered) for name in ("opening", *periods[0].flows)}
        stock = inputs.stocks.opening
        for at, (period, solve) in enumerate(zip(periods, solvers, strict=True)):
            added = added * (1.0 - wear) + built[:, at]
            able[:, at] += added
            x = _best(period, solve, able[:, at], stock, ahead[:, at])
            level[:, at], flows["opening"][:, at] = x[: len(able)], stock
            for name, part in period.flows.items():
                flows[name][:, at] = np.bincount(part.product, x[period.places[name]], len(stock))
            stock = np.sum([flows[name][:, at] for name in STORED], axis=0)
            _leave_unbuilt(inputs, built, _share(flows["unbuilt"][:, at], plan.investment[:, at]), at)
        # What is cut may be all but rounding.
        delivered, invested = np.maximum(plan.delivered - flows["cut"], 0.0), plan.investment - flows["unbuilt"]
        closing = np.sum([flows[name] for name in STORED], axis=0)
        yield Followed(able, level, delivered, invested, flows["imports"], flows["exports"], flows["opening"], closing, flows["unused"])


def _best(period: PeriodProgramme, solve: Callable[[FloatArray, FloatArray], FloatArray], able: FloatArray, stock: FloatArray, ahead: FloatArray) -> FloatArray:
    """Decide a period, by its capacities, shape (Q,), the stock before it, and the stock that is wanted for later, shape (M,); gives all columns."""
    lower, upper = np.zeros_like(period.most), period.most.copy()
    upper[: len(able)] = able
    opening = slice(len(able), len(able) + len(stock))
    lower[opening] = upper[opening] = stock
    room = period.most[period.places["ahead"]]
    wanted = np.minimum(ahead[period.flows["ahead"].product], room)
    upper[period.places["ahead"]], upper[period.places["more"]] = wanted, room - wanted
    return np.clip(solve(lower / period.scale, upper / period.scale) * period.scale, lower, upper)


def _wanted_ahead(inputs: Inputs, plan: Levels, able: FloatArray) -> FloatArray:
    """Give what stocks, beyond those planned, could make good of what pools will lack to planned production, by what they can make now, shape (M, T).

    What a product's pools lack in a later period and cannot make in those between is wanted in stock, with what is lost in store: E_t = (lack_t+1 + E_t+1 - spare_t+1) / kept,
    where positive. Whether there are inputs for it shows when it is made.
    """
    makes = inputs.makes[:, None]
    whole, planned = np.where(makes, able + plan.capacity, 0.0), np.where(makes, inputs.capacity[:, : inputs.planned], 0.0)
    left: FloatArray = inputs.made @ (whole - planned) - plan.production
    wanted = np.zeros_like(left)
    for at in range(inputs.planned - 2, -1, -1):
        later = np.maximum(wanted[:, at + 1] - left[:, at + 1], 0.0)
        wanted[:, at] = _share(later, inputs.stocks.kept)
    return wanted


def _leave_unbuilt(inputs: Inputs, built: FloatArray, lacking: FloatArray, at: int) -> None:
    """Take from new capacity, in place, the share of the capital good of this period that lacks most; what was delivered of other goods for it is lost."""
    invest = inputs.investment
    short = (lacking[invest.market] > _NOTHING) & (at + invest.lag < built.shape[1])
    if short.any():
        lost = np.zeros_like(built)
        np.maximum.at(lost, (invest.pool[short], at + invest.lag[short]), lacking[invest.market[short]])
        built *= 1.0 - lost


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
