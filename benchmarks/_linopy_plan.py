"""The planner's programme once more, in linopy, written from docs/methods/planning.md and docs/reference/tables.md alone.

Nothing here comes from `groundplan.planning`: lines are columns of their own (no pools), new capacity is a column by recipe and region, columns are there for all
products and periods, a product that is balanced by region is one in each region that there is, and figures are in the tables' own units.
What it shares with the planner is the documentation, the tables and HiGHS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import linopy
import numpy as np
import pandas as pd
import polars as pl
import xarray as xr

from groundplan.period import Period, parse_period
from groundplan.tables.economy import Economy

__all__ = ["AFTER", "Stated", "home", "shares_of", "state_plan"]

AFTER = "after"
"""The year after the plan, which is there where the economy invests."""

BREAKS = np.array([0.0, 0.03, 0.08, 0.15, 0.25, 0.35, 0.50, 0.70, 1.0])
SLOPES = (1.0 + 2.0 * (BREAKS[:-1] + BREAKS[1:])) / 3.0
"""Slopes of the chords of (s + 2 s^2) / 3; the last one is also what is lost per share of a goal that is missed of a minimum."""

Carrier = tuple[str, str, str, float]
"""What can run a recipe, a line or a place where capacity can be built: label, recipe, region ("" where none is stated), efficiency."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A model, what each level minimises, in the order in which they are solved, and what all of a level weighs.

    Levels are "minima" (shares of minima missed, summed), "floors" (shares of floors missed, summed), each priority (its loss), and "stocks" (shares of opening stocks
    that are lacking at the end of the plan, summed). `last` is the last period of the plan.
    """

    model: linopy.Model
    levels: dict[str | int, linopy.LinearExpression]
    weights: dict[str | int, float]
    last: str


def state_plan(economy: Economy) -> Stated:
    """State the programme of an economy that has passed its checks."""
    # Absent terms are absent, not zero, under these semantics, and wrong alignment is an error.
    linopy.options["semantics"] = "v1"
    model, axes = linopy.Model(), _axes_of(economy)
    activity, building = _activity(economy, axes, model)
    trade, sold = economy.trade, economy.trade.with_columns(export_limit=pl.when(pl.col("export_price") > 0).then("export_limit").otherwise(0.0))
    imports = model.add_variables(lower=0.0, upper=_by_period(trade, "import_limit", axes, "imports"), name="imports")
    exports = model.add_variables(lower=0.0, upper=_by_period(sold, "export_limit", axes, "exports"), name="exports")
    unused = model.add_variables(lower=0.0, coords=[axes.products, axes.periods], name="unused")
    kept = _array(axes.spread(economy.products.select("product", 1.0 - pl.col("loss_share")).rows()), axes.products)
    opening = _array(axes.spread(economy.stocks.select("product", "opening").rows(), "stocks"), axes.products)
    stock = model.add_variables(lower=0.0, upper=_most_stored(economy, axes), name="stock")
    goal = _by_period(economy.goals, "quantity", axes, "final_use")
    minimum = _array(axes.spread(economy.goals.select("product", "period", "minimum").rows(), "final_use"), axes.products, axes.periods)
    missed, below, loss = _loss(economy, axes, model, goal, minimum)

    made = (_net_outputs(economy, axes) * activity).sum("carrier")
    carried = (kept * stock).shift(period=1).fillna(0)
    start = _array([], axes.products, axes.periods)
    start[:, 0] = kept * opening
    balance = made + imports + carried - exports - stock - unused + missed + below
    moved = _moved(economy, axes, model)
    balance = balance if moved is None else balance + (_carried(economy, axes, moved) * moved).sum("road")
    model.add_constraints((balance if building is None else balance - building) == goal - start, name="balance")
    _limit_resources(economy, axes, model, activity, imports, exports, moved)

    # Merely keeping a stock through the year after takes its loss; its floor is what is left then.
    floor = _array(axes.spread(economy.stocks.select("product", "floor").rows(), "stocks"), axes.products) * xr.where(axes.is_after, kept, 1.0)
    shortage = model.add_variables(lower=0.0, upper=floor, name="shortage")
    model.add_constraints(stock + shortage >= floor, name="floor")
    lacking = model.add_variables(lower=0.0, upper=opening, name="lacking")
    model.add_constraints(stock.sel(period=axes.last, drop=True) + lacking >= opening, name="stock at the end")

    levels: dict[str | int, linopy.LinearExpression] = {"minima": (_inverse(minimum) * below).sum(), "floors": (_inverse(floor) * shortage).sum()}
    weights: dict[str | int, float] = {"minima": _count(minimum), "floors": _count(floor)}
    priority, weight = (_by_period(economy.goals, column, axes, shared) for column, shared in (("priority", None), ("weight", "final_use")))
    for number in sorted(set(priority.values[goal.values > 0].astype(int).tolist())):
        own = ((priority == number) & (goal > 0)).astype(float)
        levels[number], weights[number] = (own * loss).sum(), float((own * weight).sum())
    return Stated(model, levels | {"stocks": (_inverse(opening) * lacking).sum()}, weights | {"stocks": _count(opening)}, axes.last)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Axes of all arrays: periods (with the year after), products, and carriers, those of new capacity last."""

    calendar: tuple[Period, ...]
    periods: pd.Index
    products: pd.Index
    shares: dict[str, list[tuple[str, dict[str, float]]]]
    """Of each product that is balanced by region: its label there, and its shares in the country's figures."""
    carriers: tuple[Carrier, ...]
    sites: int
    last: str

    @property
    def carrier(self) -> pd.Index:
        """Labels of all carriers."""
        return pd.Index([label for label, *_ in self.carriers], name="carrier")

    @property
    def site(self) -> pd.Index:
        """Labels of the carriers that are places for new capacity."""
        return self.carrier[len(self.carriers) - self.sites :]

    def spread(self, entries: Sequence[tuple[object, ...]], shared: str | None = None) -> list[tuple[object, ...]]:
        """Give rows of a product, some labels and a value to its regions: each its share, or all the value where nothing is shared; no limit is no limit anywhere."""
        found: list[tuple[object, ...]] = []
        for product, *rest, value in entries:
            if product not in self.shares:
                found.append((product, *rest, value))
                continue
            for label, shares in self.shares[str(product)]:
                found.append((label, *rest, value if shared is None or value == np.inf else float(value) * shares[shared]))
        return found

    @property
    def is_after(self) -> xr.DataArray:
        """Whether a period is the year after."""
        return xr.DataArray(np.array(self.periods == AFTER), coords=[self.periods])


def home(economy: Economy, product: str, region: str | None) -> str:
    """The label of a product in a region: its own, where it is one pool."""
    regional = set(economy.transfers["product"]) | set(economy.markets["product"])
    return f"{product} @ {region or ''}" if product in regional else product


def shares_of(economy: Economy) -> dict[str, list[tuple[str, dict[str, float]]]]:
    """Of each product in `transfers` or `markets`, by region: its label there, and its shares: weights over their sum, those of final use for what has none."""
    regions = {
        region or "" for table, column in (("units", "region"), ("transfers", "from"), ("transfers", "to"), ("markets", "region")) for region in getattr(economy, table)[column]
    }
    found: dict[str, list[tuple[str, dict[str, float]]]] = {}
    for product in sorted(set(economy.transfers["product"]) | set(economy.markets["product"])):
        weights = {row["region"]: row for row in economy.markets.filter(pl.col("product") == product).iter_rows(named=True)}
        sums = {name: sum(row[name] or 0.0 for row in weights.values()) for name in ("final_use", "imports", "exports", "stocks")}
        rows = []
        for region in sorted(regions):
            own = {name: (weights[region][name] or 0.0) if region in weights else 0.0 for name in sums}
            shares = {name: own[name] / total if total > 0 else own["final_use"] / sums["final_use"] if sums["final_use"] > 0 else 0.0 for name, total in sums.items()}
            rows.append((f"{product} @ {region}", shares))
        found[product] = rows
    return found


def _axes_of(economy: Economy) -> _Axes:
    planned = economy.settings.plan_periods()
    invests = len(economy.investments) > 0
    calendar = (*planned, planned[-1].next()) if invests else tuple(planned)
    periods = pd.Index([str(period) for period in planned] + [AFTER] * invests, name="period")
    region = dict(economy.units.select("unit", pl.col("region").fill_null("")).iter_rows())
    lines = [(row["line"], row["recipe"], region[row["unit"]], row["efficiency"]) for row in economy.lines.iter_rows(named=True)]
    running = {row["line"] for row in economy.lines.iter_rows(named=True) if any(_runs(row, period) for period in calendar)}
    sites: list[Carrier] = []
    for recipe in economy.investments["recipe"].unique(maintain_order=True):
        best: dict[str, float] = {}
        for line, made, place, efficiency in lines:
            if made == recipe and line in running:
                best[place] = max(best.get(place, 0.0), efficiency)
        # A recipe that nobody runs can be built in every region.
        best = best or dict.fromkeys(region.values(), 1.0)
        sites += [(f"{recipe} | {place}", recipe, place, efficiency) for place, efficiency in sorted(best.items())]
    shares = shares_of(economy)
    labels = [label for product in economy.products["product"] for label in ([place for place, _ in shares[product]] if product in shares else [product])]
    return _Axes(calendar, periods, pd.Index(labels, name="product"), shares, (*lines, *sites), len(sites), str(planned[-1]))


def _runs(line: dict[str, object], period: Period) -> bool:
    """Whether a period lies wholly within the life of a line."""
    since, until = (None if line[key] is None else parse_period(str(line[key])) for key in ("since", "until"))
    return (since is None or since.start <= period.start) and (until is None or period.end <= until.end)


def _activity(economy: Economy, axes: _Axes, model: linopy.Model) -> tuple[linopy.Variable, linopy.LinearExpression | None]:
    """Activity of all carriers within their capacity, and what is built into new capacity by product and period."""
    wear = dict(economy.investments.group_by("recipe").agg(pl.col("depreciation").first()).iter_rows())
    capacity = []
    for line in economy.lines.iter_rows(named=True):
        age = 0
        for label, period in zip(axes.periods, axes.calendar, strict=True):
            # It wears from the first period in which it runs.
            runs = _runs(line, period)
            capacity.append((line["line"], label, line["capacity"] * (1.0 - wear.get(line["recipe"], 0.0)) ** age if runs else 0.0))
            age += runs
    unbounded = [(site, period, np.inf) for site in axes.site for period in axes.periods]
    activity = model.add_variables(lower=0.0, upper=_array([*capacity, *unbounded], axes.carrier, axes.periods), name="activity")
    if not axes.sites:
        return activity, None
    places = axes.carriers[-axes.sites :]
    longest = dict(economy.investments.group_by("recipe").agg(pl.col("lag").max()).iter_rows())
    too_early = [(site, period, 0.0) for site, recipe, *_ in places for period in axes.periods[: longest[recipe]]]
    new = model.add_variables(lower=0.0, upper=_array(too_early, axes.site, axes.periods, fill=np.inf), name="new capacity")
    left = xr.DataArray(np.array([1.0 - wear[recipe] for _, recipe, *_ in places]), coords=[axes.site])
    there = new.to_linexpr()
    for years in range(1, len(axes.periods)):
        there = there + (left**years * new).shift(period=years).fillna(0)
    model.add_constraints(activity.sel(carrier=axes.site) - there <= 0, name="new capacity")
    limits = economy.investments.group_by("recipe", maintain_order=True).agg(pl.col("limit").first()).drop_nulls()
    if len(limits):
        grows = pd.Index(limits["recipe"].to_list(), name="recipe")
        own = _array([(recipe, site, 1.0) for site, recipe, *_ in places], grows, axes.site)
        most = _array([(recipe, period, limit) for recipe, limit in limits.iter_rows() for period in axes.periods], grows, axes.periods)
        model.add_constraints((own * new).sum("carrier") <= most, name="growth")
    return activity, _built(economy, axes, activity, new, wear)


def _built(economy: Economy, axes: _Axes, activity: linopy.Variable, new: linopy.Variable, wear: dict[str, float]) -> linopy.LinearExpression:
    """Capital goods by the period of delivery, each its lag before the capacity is usable; in the year after also what replaces the wear in use of all that runs."""
    goods: dict[str, list[tuple[str, float, int]]] = {}
    for recipe, item, amount, lag in economy.investments.select("recipe", "item", "amount", "lag").iter_rows():
        goods.setdefault(recipe, []).append((item, amount, lag))
    worn = [(home(economy, item, place), label, wear[recipe] * amount) for label, recipe, place, _ in axes.carriers for item, amount, _ in goods.get(recipe, [])]
    total = axes.is_after.astype(float) * (_array(worn, axes.products, axes.carrier) * activity).sum("carrier")
    for lag in sorted(set(economy.investments["lag"].to_list())):
        entries = [(home(economy, item, place), site, amount) for site, recipe, place, _ in axes.carriers[-axes.sites :] for item, amount, own in goods[recipe] if own == lag]
        total = total + (_array(entries, axes.products, axes.site) * new).sum("carrier").shift(period=-lag).fillna(0)
    return total


def _net_outputs(economy: Economy, axes: _Axes) -> xr.DataArray:
    """Outputs, efficiency counted, less inputs, by product and carrier."""
    amounts: dict[str, list[tuple[str, float, float]]] = {}
    for recipe, item, role, amount in economy.recipes.select("recipe", "item", pl.col("role").cast(pl.String), "amount").iter_rows():
        amounts.setdefault(recipe, []).append((item, amount if role == "out" else 0.0, amount if role == "in" else 0.0))
    net: dict[tuple[str, str], float] = {}
    for label, recipe, place, efficiency in axes.carriers:
        for good, out, taken in amounts.get(recipe, []):
            item = home(economy, good, place)
            net[item, label] = net.get((item, label), 0.0) + efficiency * out - taken
    return _array([(*key, value) for key, value in net.items()], axes.products, axes.carrier)


def _most_stored(economy: Economy, axes: _Axes) -> xr.DataArray:
    """The ceiling of each product's stock, by product and period; 0 for what cannot be stored."""
    storable = _array(axes.spread(economy.products.select("product", pl.when("storable").then(np.inf).otherwise(0.0)).rows()), axes.products)
    ceiling = _array(axes.spread(economy.stocks.select("product", "ceiling").drop_nulls().rows(), "stocks"), axes.products, fill=np.inf)
    return np.minimum(ceiling, storable) * xr.DataArray(np.ones(len(axes.periods)), coords=[axes.periods])


def _loss(
    economy: Economy, axes: _Axes, model: linopy.Model, goal: xr.DataArray, minimum: xr.DataArray
) -> tuple[linopy.LinearExpression, linopy.Variable, linopy.LinearExpression]:
    """What is missed of goals above their minimum, what is missed of minima, and what both lose, by product and period."""
    segment = pd.Index(range(len(SLOPES)), name="segment")
    low, high, slope = (xr.DataArray(values, coords=[segment]) for values in (BREAKS[:-1], BREAKS[1:], SLOPES))
    width = (np.minimum(high * goal, goal - minimum) - low * goal).clip(min=0.0)
    missed = model.add_variables(lower=0.0, upper=width, name="missed")
    below = model.add_variables(lower=0.0, upper=minimum, name="below minimum")
    each = _by_period(economy.goals, "weight", axes, "final_use") * _inverse(goal)
    return missed.sum("segment"), below, (each * slope * missed).sum("segment") + float(SLOPES[-1]) * each * below


def _moved(economy: Economy, axes: _Axes, model: linopy.Model) -> linopy.Variable | None:
    """What leaves by each road, within its limit."""
    if economy.transfers.is_empty():
        return None
    limits = {f"{product}: {origin} > {target}": limit for product, origin, target, limit in economy.transfers.select("product", "from", "to", "limit").iter_rows()}
    roads = pd.Index(list(limits), name="road")
    entries = [(road, period, limit) for road, limit in limits.items() if limit is not None for period in axes.periods]
    return model.add_variables(lower=0.0, upper=_array(entries, roads, axes.periods, fill=np.inf), name="moved")


def _carried(economy: Economy, axes: _Axes, moved: linopy.Variable) -> xr.DataArray:
    """What a unit that leaves by a road takes from where it begins, and brings to where it ends."""
    net: dict[tuple[str, str], float] = {}
    for row in economy.transfers.iter_rows(named=True):
        road = f"{row['product']}: {row['from']} > {row['to']}"
        flows = [(home(economy, row["product"], row["from"]), -1.0), (home(economy, row["product"], row["to"]), 1.0 - row["loss_share"])]
        flows += [(home(economy, row["item"], row["from"]), -row["amount"])] if row["item"] is not None else []
        for label, amount in flows:
            net[label, road] = net.get((label, road), 0.0) + amount
    return _array([(*key, value) for key, value in net.items()], axes.products, moved.indexes["road"])


def _limit_resources(
    economy: Economy, axes: _Axes, model: linopy.Model, activity: linopy.Variable, imports: linopy.Variable, exports: linopy.Variable, moved: linopy.Variable | None
) -> None:
    """Rows of the table `resources`, and their copies in the year after; trade counts in foreign exchange of the whole country."""
    if economy.resources.is_empty():
        return
    pairs = economy.resources.select("resource", "region").unique(maintain_order=True).rows()
    label = {pair: f"{pair[0]} in {pair[1]}" for pair in pairs}
    names = pd.Index(list(label.values()), name="resource")
    limits = [(label[resource, place], period, limit) for resource, place, period, limit in economy.resources.select("resource", "region", "period", "limit").iter_rows()]
    limit = _array([*limits, *((name, AFTER, most) for name, period, most in limits if period == axes.last)], names, axes.periods, fill=np.inf)
    taken = {
        (recipe, item): amount for recipe, item, role, amount in economy.recipes.select("recipe", "item", pl.col("role").cast(pl.String), "amount").iter_rows() if role == "in"
    }
    use = [(name, carrier, taken.get((recipe, pair[0]), 0.0)) for pair, name in label.items() for carrier, recipe, place, _ in axes.carriers if pair[1] in ("all", place)]
    exchange = _array([("foreign_exchange in all", 1.0)], names)
    paid = (_by_period(economy.trade, "import_price", axes) * imports).sum("product") - (_by_period(economy.trade, "export_price", axes) * exports).sum("product")
    total = (_array(use, names, axes.carrier) * activity).sum("carrier") + exchange * paid
    if moved is not None:
        roads = economy.transfers.filter(pl.col("item").is_not_null())
        needs = [(f"{row['product']}: {row['from']} > {row['to']}", row["item"], row["from"], row["amount"]) for row in roads.iter_rows(named=True)]
        hauled = [(name, road, amount) for pair, name in label.items() for road, item, origin, amount in needs if item == pair[0] and pair[1] in ("all", origin)]
        total = total + (_array(hauled, names, moved.indexes["road"]) * moved).sum("road")
    model.add_constraints(total <= limit, name="resources", mask=np.isfinite(limit))


def _by_period(table: pl.DataFrame, column: str, axes: _Axes, shared: str | None = None) -> xr.DataArray:
    """A column of a table by product and period, shared out by region; the year after has that of the last period."""
    entries = axes.spread(table.select("product", "period", column).rows(), shared)
    return _array([*entries, *((product, AFTER, value) for product, period, value in entries if period == axes.last)], axes.products, axes.periods)


def _array(entries: Sequence[tuple[object, ...]], *axes: pd.Index, fill: float = 0.0) -> xr.DataArray:
    """An array over some axes from rows of labels and a value; labels that no axis has are left out."""
    found = xr.DataArray(np.full([len(axis) for axis in axes], fill), coords=list(axes))
    places = [{label: at for at, label in enumerate(axis)} for axis in axes]
    for *labels, value in entries:
        where = tuple(place.get(label, -1) for place, label in zip(places, labels, strict=True))
        if -1 not in where:
            found.values[where] = value
    return found


def _count(array: xr.DataArray) -> float:
    """How many entries are above zero: what all shares of a level weigh."""
    return float((array > 0).sum())


def _inverse(array: xr.DataArray) -> xr.DataArray:
    """One over each entry; zero where there is nothing."""
    return xr.where(array > 0, 1.0 / array.where(array > 0, 1.0), 0.0)
