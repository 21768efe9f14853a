"""Shadow prices: what one more unit of each limit would be worth, at the level whose goals it moves, and how far that holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.maths.ranging import Moves, price_ranges
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.solved import Level, Solved
from groundplan.planning.tables_out import Levels
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS
from groundplan.tables.results import ShadowPrices

__all__ = ["Priced", "list_limits", "price_limits", "shadow_prices"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_RANGED = 1500
"""So many prices of a level get the range over which they hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """All limits of a plan: one entry a limit.

    Args:
        kind: capacity, growth, resource, import, export, stock, transfer, fixed or product.
        item, region: positions on the axis of the kind, see `shadow_prices`; region is a label or -1.
        period: position of the period.
        limit: size of the limit in the plan.
        moves: which bounds move with it, by rate 1 in unscaled units, or by -1 where the limit is eased by falling; the year after the plan moves with the last period.
    """

    kind: NDArray[np.str_]
    item: IntArray
    period: IntArray
    limit: FloatArray
    moves: Moves


def list_limits(inputs: Inputs, layout: Layout, plan: Levels) -> Priced:
    """List every limit that a plan may meet, with the bounds of the programme that it moves."""
    planned, span, columns = inputs.planned, len(inputs.periods), layout.columns
    gathered = _Gathered()
    repeats = [[period, *range(planned, span)] if period == planned - 1 else [period] for period in range(planned)]
    limits = inputs.limits
    copies = {(limits.resource[entry], limits.region[entry]): entry for entry in np.flatnonzero(limits.period >= planned)}
    for period in range(planned):
        row, column = layout.capacity[:, period], layout.activity[:, period]
        pools = np.flatnonzero((column >= 0) & inputs.makes)
        place = np.where(row[pools] >= 0, columns + row[pools], column[pools])
        gathered.add("capacity", pools, period, plan.capacity[pools, period], [place])
        roads = np.flatnonzero(np.isfinite(inputs.transfers.limit))
        moved = layout.activity[inputs.transfers.pool[roads]]
        gathered.add("transfer", roads, period, inputs.transfers.limit[roads], [moved[:, also] for also in repeats[period]])
        growth = layout.growth[:, repeats[period]]
        recipes = np.flatnonzero((growth >= 0).any(axis=1))
        gathered.add("growth", recipes, period, inputs.investment.limit[recipes], list(np.where(growth >= 0, columns + growth, -1)[recipes].T))
        for kind, places, most in (("import", layout.imports, inputs.trade.import_limit), ("export", layout.exports, inputs.trade.export_limit)):
            some = np.flatnonzero(places[:, period] >= 0)
            gathered.add(kind, some, period, most[some, period], [places[some, also] for also in repeats[period]])
        stored = np.flatnonzero((layout.stock[:, period] >= 0) & np.isfinite(inputs.stocks.ceiling))
        gathered.add("stock", stored, period, inputs.stocks.ceiling[stored], [layout.stock[stored, period]])
        goods = np.arange(len(inputs.markets))
        supply = (plan.production + plan.imports + plan.received + plan.opening - plan.losses)[:, period]
        gathered.add("product", goods, period, supply, [columns + layout.balance[:, period]], rate=-1.0, lower=True)
    for at, (least, most) in enumerate(zip(inputs.fixed.least, inputs.fixed.most, strict=True)):
        period, held = int(inputs.fixed.period[at]), [np.array([columns + layout.fixed[at]])]
        if np.isfinite(most):
            gathered.add("fixed", np.array([2 * at]), period, np.array([most]), held)
        if least > 0:
            gathered.add("fixed", np.array([2 * at + 1]), period, np.array([least]), held, rate=-1.0, upper=False, lower=True)
    for entry in np.flatnonzero(limits.period < planned):
        period = int(limits.period[entry])
        twin = copies.get((limits.resource[entry], limits.region[entry])) if period == planned - 1 else None
        rows = [np.array([columns + layout.limit[place]]) for place in (entry, twin) if place is not None]
        gathered.add("resource", np.array([entry]), period, limits.limit[[entry]], rows)
    return gathered.priced()


def price_limits(limits: Priced, level: Level, solved: Solved) -> FloatArray:
    """Give the gain in a level's goals per unit of each limit, shape (K,), unscaled; below zero where an earlier level, which has no price, gains by it at their cost."""
    scaling = solved.scaling
    reduced = level.cost - (solved.programme.matrix.T @ (scaling.rows * level.duals))
    gain = np.concatenate([-reduced, -scaling.rows * level.duals])
    size = np.concatenate([1.0 / scaling.columns, scaling.rows]) * float((level.cost * scaling.columns).max(initial=0.0))
    gain = np.where(level.free | (np.abs(gain) <= level.rounding * size), 0.0, gain)
    # A variable that stands at its other bound is not held back by this one.
    values, moves = np.concatenate([level.x, level.row_values]), limits.moves
    programme = solved.programme
    at_top = _stands_at(values, np.concatenate([programme.upper / scaling.columns, programme.row_upper * scaling.rows]), level.near)
    at_foot = _stands_at(values, np.concatenate([programme.lower / scaling.columns, programme.row_lower * scaling.rows]), level.near)
    holds = np.where(moves.upper, at_top[moves.variable] | moves.lower, at_foot[moves.variable])
    counted = np.where(holds, gain[moves.variable] * moves.rate, 0.0)
    return np.asarray(np.bincount(moves.limit, counted, len(limits.limit)), np.float64)


def _stands_at(values: FloatArray, ends: FloatArray, near: float) -> NDArray[np.bool_]:
    """Say which variables stand at bounds that are finite, as near as can be told."""
    finite = np.isfinite(ends)
    return finite & (np.abs(values - np.where(finite, ends, 0.0)) <= near * np.maximum(1.0, np.abs(np.where(finite, ends, 0.0))))


def shadow_prices(economy: Economy, inputs: Inputs, layout: Layout, solved: Solved, plan: Levels) -> pl.DataFrame:
    """Write the price of each limit that binds, at the first level whose goals it moves.

    Returns:
        Result table `shadow_prices`, what binds most (price x limit) first within each kind of thing.
    """
    limits = list_limits(inputs, layout, plan)
    frames, done = [], np.zeros(len(limits.limit), dtype=bool)
    for level in solved.levels:
        if level.name not in ("minima", "fixed", "goals"):
            continue
        prices = np.where(done, 0.0, price_limits(limits, level, solved))
        found = np.flatnonzero(prices > 0)
        # Below zero at a vertex: these goals lose by it. Duals of steps are not exact, so that there it may be nothing.
        done |= prices > 0 if level.vertex is None else prices != 0
        if len(found):
            frames.append(_rows(economy, inputs, limits, level, solved, prices, found))
    schema = ShadowPrices.create_empty().schema
    if not frames:
        return ShadowPrices.create_empty()
    table = pl.concat(frames)
    return table.select(pl.col(name).cast(dtype) for name, dtype in schema.items()).sort(
        ["value", "kind", "item", "region", "period"], descending=[True, False, False, False, False]
    )


def _rows(economy: Economy, inputs: Inputs, limits: Priced, level: Level, solved: Solved, prices: FloatArray, found: IntArray) -> pl.DataFrame:
    columns = level.programme.matrix.shape[1]
    number = np.full(len(limits.limit), -1, np.int64)
    number[found] = np.arange(len(found))
    moves = limits.moves
    kept = np.flatnonzero(number[moves.limit] >= 0)
    variable = moves.variable[kept]
    scale = np.where(variable < columns, 1.0 / solved.scaling.columns[np.minimum(variable, columns - 1)], 0.0)
    of_rows = variable >= columns
    scale[of_rows] = solved.scaling.rows[variable[of_rows] - columns]
    scaled = Moves(number[moves.limit[kept]], variable, moves.rate[kept] * scale, moves.upper[kept], moves.lower[kept])
    limit = limits.limit[found]
    down, up = _ranges(level, scaled, prices[found] * limit)
    # What is eased by falling holds from where it can fall to.
    falls = (limits.kind[found] == "fixed") & (limits.item[found] % 2 == 1)
    down, up = np.where(falls, -up, down), np.where(falls, -down, up)
    labels = [_labels(inputs, str(limits.kind[at]), int(limits.item[at])) for at in found]
    measures = _measures(economy)
    table = pl.DataFrame(
        {
            "kind": [str(limits.kind[at]) for at in found],
            "item": [label[0] for label in labels],
            "region": [label[1] for label in labels],
            "period": [inputs.periods[at] for at in limits.period[found]],
            "price": prices[found],
            "priority": np.full(len(found), level.priority),
            "valid_from": np.maximum(limit + down, 0.0),
            "valid_to": limit + up,
            "limit": limit,
            "value": prices[found] * limit,
            "measure": [measures.get(label[2]) for label in labels],
        }
    )
    return table.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in ("valid_from", "valid_to"))


def _ranges(level: Level, moves: Moves, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Range the limits that matter most, by price x limit; NaN for the rest, whose ranges nobody would read, and where the plan is no vertex, which alone shows them."""
    if level.vertex is None:
        return np.full(len(value), np.nan), np.full(len(value), np.nan)
    ranked = np.argsort(-value, kind="stable")[:_RANGED]
    number = np.full(len(value), -1, np.int64)
    number[ranked] = np.arange(len(ranked))
    kept = number[moves.limit] >= 0
    some = Moves(number[moves.limit[kept]], moves.variable[kept], moves.rate[kept], moves.upper[kept], moves.lower[kept])
    down, up = np.full(len(value), np.nan), np.full(len(value), np.nan)
    down[ranked], up[ranked] = price_ranges(level.programme, level.vertex, some, len(ranked))
    return down, up


def _labels(inputs: Inputs, kind: str, item: int) -> tuple[str, str, str]:
    """Give item, region, and what is measured."""
    if kind == "capacity":
        pool = inputs.pools.table.row(item, named=True)
        return pool["pool"], pool["region"], "capacity"
    if kind == "fixed":
        fixed, at = inputs.fixed, item // 2
        of_capacity = fixed.flow[at] == "new_capacity"
        label = (inputs.recipes if of_capacity else inputs.products).labels[fixed.item[at]]
        return f"{fixed.flow[at]} {label} {'>=' if item % 2 else '<='}", ALL_REGIONS, "capacity" if of_capacity else label
    if kind == "growth":
        return inputs.recipes.labels[item], ALL_REGIONS, "capacity"
    if kind == "resource":
        return inputs.limits.resource[item], inputs.limits.region[item], inputs.limits.resource[item]
    if kind == "transfer":
        origin, target = inputs.transfers.origin[item], inputs.transfers.target[item]
        product = inputs.markets.label(origin)
        return product, f"{inputs.markets.region[origin]} > {inputs.markets.region[target]}", product
    return inputs.markets.label(item), inputs.markets.region[item], inputs.markets.label(item)


def _measures(economy: Economy) -> dict[str, str | None]:
    resources = economy.resources.select("resource", "measure").drop_nulls().unique("resource", keep="first", maintain_order=True)
    measures: dict[str, str | None] = {"capacity": "units of activity"}
    measures.update(economy.products.select("product", "measure").iter_rows())
    measures.update(resources.iter_rows())
    return measures


class _Gathered:
    """Limits and moves as they are listed."""

    def __init__(self) -> None:
        self.kind: list[str] = []
        self.item: list[IntArray] = []
        self.period: list[IntArray] = []
        self.limit: list[FloatArray] = []
        self.moves: list[tuple[IntArray, IntArray, FloatArray, NDArray[np.bool_], NDArray[np.bool_]]] = []
        self.count = 0

    def add(self, kind: str, item: IntArray, period: int, limit: FloatArray, places: list[IntArray], *, rate: float = 1.0, upper: bool = True, lower: bool = False) -> None:
        number = self.count + np.arange(len(item))
        self.kind += [kind] * len(item)
        self.item.append(item)
        self.period.append(np.full(len(item), period, np.int64))
        self.limit.append(limit)
        for place in places:
            there = place >= 0
            size = int(there.sum())
            self.moves.append((number[there], place[there], np.full(size, rate), np.full(size, upper), np.full(size, lower)))
        self.count += len(item)

    def priced(self) -> Priced:
        moves = Moves(*(np.concatenate(parts) for parts in zip(*self.moves, strict=True)))
        return Priced(np.array(self.kind), np.concatenate(self.item), np.concatenate(self.period), np.concatenate(self.limit), moves)
