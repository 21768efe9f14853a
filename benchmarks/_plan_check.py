"""One check for every method's plan: what is decided is read from its tables, and all else is worked out again from those of the economy.

Nothing of groundplan's planning is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy

__all__ = ["Checked", "check_plan"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Checked:
    """How far a plan is from holding.

    Args:
        imbalance: what is taken of a product beyond what there is of it, largest share of its sources in a year.
        overshoot: use of a capacity, resource, import or store beyond its limit, delivery beyond a goal, or anything below zero, largest share of the limit.
        imbalance_at, overshoot_at: of what and when they are, in words.
    """

    imbalance: float
    overshoot: float
    imbalance_at: str
    overshoot_at: str


def check_plan(economy: Economy, plan: Plan) -> Checked:
    """Work out a plan again from its levels, new capacity, imports, closing stocks and final use.

    Raises:
        ValueError: the economy has what this check does not know: several regions, exports, lines with dates, several lines a recipe, or efficiencies other than 1.
    """
    _known(economy)
    years = [str(period) for period in economy.settings.plan_periods()]
    products, recipes = economy.products["product"].to_list(), economy.lines["recipe"].to_list()
    amounts = {role: _matrix(economy.recipes.filter(pl.col("role").cast(pl.String) == role), "item", "recipe", "amount", products, recipes) for role in ("in", "out")}
    level = _matrix(plan.activities, "recipe", "period", "level", recipes, years)
    usable = [*years, str(economy.settings.plan_periods()[-1].next())]
    built = _matrix(plan.new_capacity, "recipe", "period", "quantity", recipes, usable)
    imports, closing, final = (_matrix(plan.outputs, "product", "period", name, products, years) for name in ("imports", "closing_stock", "final_use"))
    rows = economy.investments
    capital = _matrix(rows, "item", "recipe", "amount", products, recipes)
    wear = _matrix(rows.unique("recipe").with_columns(pl.lit("").alias("all")), "recipe", "all", "depreciation", recipes, [""])[:, 0]
    stocks = {name: _matrix(economy.stocks.with_columns(pl.lit("").alias("all")), "product", "all", name, products, [""])[:, 0] for name in ("opening", "ceiling")}
    opening = np.column_stack([stocks["opening"], closing[:, :-1]]) * (1.0 - economy.products["loss_share"].to_numpy())[:, None]
    sources = amounts["out"] @ level + imports + opening
    # Capital goods are delivered in the year before the capacity is first usable, so what has none in the plan is built of nothing.
    taken = amounts["in"] @ level + capital @ built[:, 1:] + closing + final
    capacity = np.empty_like(level)
    before = economy.lines["capacity"].to_numpy()
    for at in range(len(years)):
        capacity[:, at] = before = (before * (1.0 - wear) if at else before) + built[:, at]
    unpaid = np.where(capital.any(axis=0)[:, None] & (np.arange(len(usable)) > 0), 0.0, built)
    limits = {
        "capacity of": (level, capacity, recipes),
        "imports of": (imports, _matrix(economy.trade, "product", "period", "import_limit", products, years), products),
        "store of": (closing, np.repeat(stocks["ceiling"][:, None], len(years), axis=1), products),
        "goal of": (final, _matrix(economy.goals, "product", "period", "quantity", products, years), products),
        "resource": _resources(economy, years, recipes, level, imports, products),
    }
    balance = _worst("balance of", taken - sources, sources, products, years)
    worst = [_worst(name, use - most, most, labels, years) for name, (use, most, labels) in limits.items()]
    worst += [_worst("below zero:", -values, size, labels, usable) for values, size, labels in (
        (level, capacity, recipes), (built, capacity[:, :1], recipes), (imports, sources, products), (closing, sources, products), (final, sources, products),
    )]  # fmt: skip
    worst.append(_worst("built of nothing:", unpaid, capacity[:, :1], recipes, usable))
    return Checked(max(balance[0], 0.0), max(max(worst)[0], 0.0), balance[1], max(worst)[1])


def _known(economy: Economy) -> None:
    odd = {
        "regions": economy.units["region"].n_unique() > 1,
        "exports": bool((economy.trade["export_limit"] > 0).any()),
        "dates of lines": bool(economy.lines["since"].is_not_null().any() or economy.lines["until"].is_not_null().any()),
        "several lines a recipe": economy.lines["recipe"].is_duplicated().any(),
        "efficiencies": bool((economy.lines["efficiency"] != 1.0).any()),
        "lags other than 1": bool((economy.investments["lag"] != 1).any()),
        "limits of growth or floors": bool(economy.investments["limit"].is_not_null().any() or (economy.stocks["floor"] > 0).any()),
        "stores without a ceiling": set(economy.products.filter("storable")["product"]) != set(economy.stocks.filter(pl.col("ceiling").is_not_null())["product"]),
    }
    if found := [name for name, there in odd.items() if there]:
        raise ValueError(f"this check knows nothing of {', '.join(found)}; check such an economy with groundplan.planning.verify")


def _matrix(table: pl.DataFrame, row: str, column: str, value: str, rows: list[str], columns: list[str]) -> FloatArray:
    """Spread a long table, 0 where it has no row; rows with other labels are left out."""
    places = [{label: at for at, label in enumerate(labels)} for labels in (rows, columns)]
    matrix = np.zeros((len(rows), len(columns)))
    for label, other, amount in table.select(pl.col(row, column).cast(pl.String), pl.col(value).cast(pl.Float64)).iter_rows():
        if label in places[0] and other in places[1]:
            matrix[places[0][label], places[1][other]] += amount
    return matrix


def _resources(economy: Economy, years: list[str], recipes: list[str], level: FloatArray, imports: FloatArray, products: list[str]) -> tuple[FloatArray, FloatArray, list[str]]:
    names = economy.resources["resource"].unique().sort().to_list()
    use = _matrix(economy.recipes.filter(pl.col("role").cast(pl.String) == "in"), "item", "recipe", "amount", names, recipes) @ level
    if "foreign_exchange" in names:
        use[names.index("foreign_exchange")] += (_matrix(economy.trade, "product", "period", "import_price", products, years) * imports).sum(axis=0)
    return use, _matrix(economy.resources, "resource", "period", "limit", names, years), names


def _worst(name: str, excess: FloatArray, size: FloatArray, labels: list[str], years: list[str]) -> tuple[float, str]:
    share = excess / np.where(size > 0, size, 1.0)
    row, column = np.unravel_index(int(np.argmax(share)), share.shape)
    return float(share[row, column]), f"{name} {labels[row]} in {years[column]}"
