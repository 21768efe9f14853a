"""What would have to give so that all minima can be met: the cheapest set of limits to relax, reduced until none can be left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, hstack

from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import Programme, scale_programme
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.pools import NO_REGION
from groundplan.planning.solved import Solved
from groundplan.tables.facts import ALL_REGIONS

__all__ = ["Relaxation", "cheapest_relaxation"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.signedinteger]

_HOPELESS = 1e4
"""Cost of leaving a minimum unmet, against 1 for doubling a limit: it is left unmet only where no limit helps."""
_TRIED = 12
"""At most so many groups of limits are tried one by one; further ones are kept."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A group of limits to relax.

    Args:
        kind: capacity, growth, resource, import or transfer.
        item: recipe, resource or product; of a transfer the name of its activity.
        region: region, or "" for the whole country.
        periods: in which periods.
        amount: by how much, summed over the periods, in the limit's own measure.
        share: the same as a share of the limits in these periods; infinite where they are zero.
    """

    kind: str
    item: str
    region: str
    periods: tuple[str, ...]
    amount: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class _Extras:
    """Extra columns that relax limits: which column or row each stands for, its cost, group and period."""

    source: IntArray
    is_row: NDArray[np.bool_]
    limit: FloatArray
    cost: FloatArray
    group: NDArray[np.int64]
    period: NDArray[np.int64]
    labels: list[tuple[str, str, str]]


def cheapest_relaxation(inputs: Inputs, layout: Layout, solved: Solved) -> tuple[list[Relaxation], list[tuple[str, str]]]:
    """Find limits whose relaxation, least in sum of shares, lets all minima be met.

    Returns:
        The limits, largest share first; and the minima (market, period) that no relaxation of them helps.

    Source:
        Chinneck (2008), Feasibility and Infeasibility in Optimization, ch. 7: elastic programmes and deletion filters.
    """
    extras = _list_extras(inputs, layout, solved)
    programme = _elastic(inputs, layout, solved, extras)
    count = layout.columns
    upper = programme.upper.copy()
    x = _solve(programme, upper)
    used = {int(group) for group in extras.group[x[count:] > 1e-9]}
    unmet = _unmet(layout, x)
    # Groups that are used least are tried first: what can be done without them is.
    weight = np.bincount(extras.group, x[count:] * programme.cost[count:], len(extras.labels))
    closed = ~np.isin(extras.group, sorted(used))
    for group in sorted(used, key=lambda number: (weight[number], number))[:_TRIED]:
        without = upper.copy()
        without[count:][closed | (extras.group == group)] = 0.0
        attempt = _solve(programme, without)
        if _unmet(layout, attempt) == unmet:
            closed |= extras.group == group
            x = attempt
    return _relaxations(inputs, extras, x[count:] * _scales(solved, extras)), [(inputs.markets.axis.labels[p], inputs.periods[t]) for p, t in unmet]


def _unmet(layout: Layout, x: FloatArray) -> list[tuple[int, int]]:
    there = np.argwhere(layout.below >= 0)
    return [(int(p), int(t)) for p, t in there if x[layout.below[p, t]] > 1e-7]


def _list_extras(inputs: Inputs, layout: Layout, solved: Solved) -> _Extras:
    """List every limit of the plan's periods that could be relaxed."""
    regions, recipes, makes, markets = inputs.pools.table["region"].to_list(), inputs.recipes.labels, inputs.makes, inputs.markets
    labels: dict[tuple[str, str, str], int] = {}
    rows: list[tuple[int, bool, float, float, int, int]] = []
    national = np.zeros((len(recipes), inputs.planned))
    np.add.at(national, inputs.pool_recipe, inputs.capacity[:, : inputs.planned])

    def add(source: int, limit: float, scale: float, label: tuple[str, str, str], period: int, *, is_row: bool) -> None:
        # A limit of zero cannot be doubled: raising it by the size of the flows that it is to carry counts as much.
        unit = 1.0 / solved.scaling.rows[source] if is_row else solved.scaling.columns[source]
        if source >= 0:
            rows.append((source, is_row, limit, 1.0 / (scale if scale > 0 else float(unit)), labels.setdefault(label, len(labels)), period))

    for pool, recipe in enumerate(inputs.pool_recipe):
        for period in range(inputs.planned):
            row, column = int(layout.capacity[pool, period]), int(layout.activity[pool, period])
            if column >= 0 and np.isfinite(inputs.capacity[pool, period]):
                kind, region = ("capacity", "" if regions[pool] == NO_REGION else regions[pool]) if makes[pool] else ("transfer", "")
                label = (kind, recipes[recipe], region)
                add(row if row >= 0 else column, float(inputs.capacity[pool, period]), float(national[recipe, period]), label, period, is_row=row >= 0)
    for recipe, period in np.argwhere(layout.growth[:, : inputs.planned] >= 0):
        limit = float(inputs.investment.limit[recipe])
        add(int(layout.growth[recipe, period]), limit, limit, ("growth", recipes[recipe], ""), int(period), is_row=True)
    for entry in np.flatnonzero(inputs.limits.period < inputs.planned):
        limit, region = float(inputs.limits.limit[entry]), inputs.limits.region[entry]
        label = ("resource", inputs.limits.resource[entry], "" if region == ALL_REGIONS else region)
        add(int(layout.limit[entry]), limit, limit, label, int(inputs.limits.period[entry]), is_row=True)
    for product, period in np.argwhere(layout.imports[:, : inputs.planned] >= 0):
        limit = float(inputs.trade.import_limit[product, period])
        region = "" if markets.region[product] == ALL_REGIONS else markets.region[product]
        add(int(layout.imports[product, period]), limit, limit, ("import", markets.label(product), region), int(period), is_row=False)
    sources, are_rows, limits, costs, groups, periods = zip(*rows, strict=True) if rows else ((), (), (), (), (), ())
    return _Extras(
        np.array(sources, np.int64), np.array(are_rows, bool), np.array(limits, np.float64), np.array(costs, np.float64),
        np.array(groups, np.int64), np.array(periods, np.int64), list(labels),
    )  # fmt: skip


def _scales(solved: Solved, extras: _Extras) -> FloatArray:
    """Give the unit of each extra column: that of its column, or of its row."""
    scale = np.ones(len(extras.source))
    scale[~extras.is_row] = solved.scaling.columns[extras.source[~extras.is_row]]
    scale[extras.is_row] = 1.0 / solved.scaling.rows[extras.source[extras.is_row]]
    return scale


def _elastic(inputs: Inputs, layout: Layout, solved: Solved, extras: _Extras) -> Programme:
    """Add the extra columns: a second import or activity beyond the bound, or room in a row."""
    programme = scale_programme(solved.programme, solved.scaling)
    upper = programme.upper.copy()
    there = layout.below >= 0
    upper[layout.below[there]] = inputs.goals.minimum[there] / solved.scaling.columns[layout.below[there]]
    low = layout.low[layout.low >= 0]
    upper[low] = np.maximum(solved.x[low], 0.0) / solved.scaling.columns[low]
    rows = programme.matrix.shape[0]
    copies = programme.matrix[:, np.where(extras.is_row, 0, extras.source)].tocsc() if programme.matrix.shape[1] else csc_array((rows, len(extras.source)))
    copies = csc_array(copies.multiply((~extras.is_row)[None, :]))
    at = np.flatnonzero(extras.is_row)
    room = csc_array((-np.ones(len(at)), (extras.source[at], at)), shape=(rows, len(extras.source)))
    matrix = csc_array(hstack([programme.matrix, copies + room], format="csc"))
    cost = np.zeros(layout.columns)
    cost[layout.below[there]] = _HOPELESS * solved.scaling.columns[layout.below[there]] / inputs.goals.minimum[there]
    zeros, infinite = np.zeros(len(extras.source)), np.full(len(extras.source), np.inf)
    return replace(
        programme,
        matrix=matrix,
        cost=np.concatenate([cost, extras.cost * _scales(solved, extras)]),
        lower=np.concatenate([programme.lower, zeros]),
        upper=np.concatenate([upper, infinite]),
    )


def _solve(programme: Programme, upper: FloatArray) -> FloatArray:
    return solve_programme(replace(programme, upper=upper)).x


def _relaxations(inputs: Inputs, extras: _Extras, amount: FloatArray) -> list[Relaxation]:
    found = []
    for number, (kind, item, region) in enumerate(extras.labels):
        own = (extras.group == number) & (amount > 1e-9 / extras.cost)
        if own.any():
            whole = float(extras.limit[own].sum())
            periods = tuple(inputs.periods[period] for period in np.unique(extras.period[own]))
            total = float(amount[own].sum())
            found.append(Relaxation(kind, item, region, periods, total, total / whole if whole > 0 else float("inf")))
    return sorted(found, key=lambda one: (-one.share, one.kind, one.item, one.region))
