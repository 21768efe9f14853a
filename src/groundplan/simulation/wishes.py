"""What northland wants for the next five years, and what it has for it: goals, resources, trade, stocks, investment."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.simulation.country import REGIONS
from groundplan.simulation.enterprises import Enterprises
from groundplan.simulation.histories import History
from groundplan.simulation.products import PRODUCTS
from groundplan.simulation.recipes import RECIPES, RESOURCES
from groundplan.simulation.reporting import round_figures
from groundplan.simulation.technology import BaseYear, Technology

__all__ = ["goals_table", "investments_table", "resources_table", "stocks_table", "trade_table"]

FloatArray = NDArray[np.float64]

_LABOUR_GROWTH, _LABOUR_RESERVE = 0.008, 1.13
_LAND_RESERVE = 1.30
_SCRAP_GROWTH, _SCRAP_RESERVE = 0.02, 1.10
_CREDIT = 1.2e8
"""Foreign exchange (USD) to spend in a year beyond what exports earn: reserves and what is sent home from abroad."""
_CAPITAL = {"construction": 0.60, "machine_tools": 0.25, "rolled_steel": 0.08, "cement": 0.04, "electric_motors": 0.015, "cable": 0.015}
"""Share of the worth of new capacity that each capital good makes up."""
_CAPITAL_INSTEAD = {
    "coal_deep": ("machine_tools", "mining_machines"),
    "coal_open": ("machine_tools", "mining_machines"),
    "ore_mining": ("machine_tools", "mining_machines"),
    "copper_mining": ("machine_tools", "mining_machines"),
    "railway": ("machine_tools", "wagons"),
    "haulage": ("machine_tools", "trucks"),
}
_GROWTH_LIMIT = 0.12


def goals_table(base: BaseYear, periods: tuple[str, ...]) -> pl.DataFrame:
    """Goals grow from the base year's final use, faster than capacity can."""
    rows = [
        {
            "product": good.product,
            "period": period,
            "quantity": _figure(used * (1 + good.growth) ** (number + 1)),
            "minimum": _figure(used * good.minimum),
            "weight": good.weight,
            "priority": good.priority,
        }
        for good, used in zip(PRODUCTS, base.final_use, strict=True)
        if good.growth > 0
        for number, period in enumerate(periods)
    ]
    return pl.DataFrame(rows)


def resources_table(enterprises: Enterprises, technology: Technology, history: History, periods: tuple[str, ...]) -> pl.DataFrame:
    """Labour and land by region a little above what the base year took, scrap and foreign exchange for the whole country."""
    year = history.activity[:, -12:].sum(axis=1)
    region = enterprises.region[enterprises.line_unit]
    used = {name: np.bincount(region, year * technology.resource_inputs[technology.resources.position(name)][enterprises.line_recipe], len(REGIONS)) for name in RESOURCES}
    rows = []
    for number, period in enumerate(periods, start=1):
        for place, entry in enumerate(REGIONS):
            rows.append(("labour", entry.name, period, used["labour"][place] * _LABOUR_RESERVE * (1 + _LABOUR_GROWTH) ** number, RESOURCES["labour"]))
            rows.append(("land", entry.name, period, used["land"][place] * _LAND_RESERVE, RESOURCES["land"]))
        rows.append(("scrap", "all", period, used["scrap"].sum() * _SCRAP_RESERVE * (1 + _SCRAP_GROWTH) ** number, RESOURCES["scrap"]))
        rows.append(("foreign_exchange", "all", period, _CREDIT, "USD"))
    table = pl.DataFrame(rows, schema=["resource", "region", "period", "limit", "measure"], orient="row")
    return table.with_columns(limit=pl.Series(round_figures(table["limit"].to_numpy(), 5)))


def trade_table(base: BaseYear, periods: tuple[str, ...]) -> pl.DataFrame:
    """Imports up to a quarter above the base year's, exports up to a tenth; what has a price abroad can be bought a little."""
    rows = []
    for place, good in enumerate(PRODUCTS):
        if good.price_abroad <= 0:
            continue
        bought = max(1.25 * base.imports[place], 0.02 * base.output[place])
        for number, period in enumerate(periods):
            rows.append(
                {
                    "product": good.product,
                    "period": period,
                    "import_limit": _figure(bought * 1.02**number),
                    "import_price": 1.06 * good.price_abroad,
                    "export_limit": _figure(1.1 * base.exports[place] * 1.02**number),
                    "export_price": float(good.price_abroad) if base.exports[place] > 0 else 0.0,
                }
            )
    return pl.DataFrame(rows)


def stocks_table(base: BaseYear, rng: np.random.Generator) -> pl.DataFrame:
    """Two to five weeks' output in store at the start; half of it is to be kept."""
    places = [place for place, good in enumerate(PRODUCTS) if good.storable and base.output[place] > 0]
    weeks = rng.uniform(2.0, 5.0, len(places))
    opening = base.output[places] * weeks / 52
    names = [PRODUCTS[place].product for place in places]
    return pl.DataFrame({"product": names, "opening": round_figures(opening, 4), "floor": round_figures(0.5 * opening, 4), "ceiling": round_figures(0.3 * base.output[places], 4)})


def investments_table(technology: Technology, base: BaseYear) -> pl.DataFrame:
    """What a unit of new capacity takes: buildings, machines, steel, in proportion to the worth of what it makes."""
    worth = base.value @ technology.outputs
    rows = []
    for place, recipe in enumerate(RECIPES):
        replaced, instead = _CAPITAL_INSTEAD.get(recipe.recipe, ("", ""))
        limit = _figure(_GROWTH_LIMIT * base.activity[place] / 0.75)
        for item, share in sorted(_CAPITAL.items()):
            good = instead if item == replaced else item
            amount = worth[place] * recipe.capital_years * share / base.value[technology.products.position(good)]
            # Buildings come first, machines a year later where a plant takes two years.
            lag = recipe.lag if item in ("construction", "cement", "rolled_steel") else 1
            rows.append({"recipe": recipe.recipe, "item": good, "amount": _figure(amount), "lag": lag, "depreciation": recipe.depreciation, "limit": limit})
    return pl.DataFrame(rows)


def _figure(value: float, digits: int = 4) -> float:
    return float(f"{value:.{digits}g}")
