"""Writes small economies as a textbook would: a technique is a dictionary of what comes out (above zero) and what goes in (below zero)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import polars as pl
from economies import economy_of

from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy

BREAKS = (0.0, 0.03, 0.08, 0.15, 0.25, 0.35, 0.50, 0.70, 1.0)
"""Shares missed at which the chords of (s + 2 s^2) / 3 meet: docs/methods/planning.md."""

SLOPES = tuple((1.0 + 2.0 * (low + high)) / 3.0 for low, high in pairwise(BREAKS))
"""The chords' slopes: (f(high) - f(low)) / (high - low) = (1 + 2 (low + high)) / 3."""


def slope(share: float) -> float:
    """Loss of one more share missed, where `share` is missed and is no break."""
    return next(slope for slope, high in zip(SLOPES, BREAKS[1:], strict=True) if share < high)


def case(
    techniques: Mapping[str, Mapping[str, float]],
    goals: Mapping[tuple[str, int], float | Mapping[str, float]],
    *,
    capacity: float | Mapping[str, float] = 1e5,
    resources: Mapping[tuple[str, int], float] | None = None,
    stocks: Mapping[str, Mapping[str, float]] | None = None,
    trade: Mapping[tuple[str, int], Mapping[str, float]] | None = None,
    capital: Mapping[str, Mapping[str, float]] | None = None,
    loss_share: float | None = None,
    lag: Mapping[str, int] | None = None,
    depreciation: float = 0.0,
    region: Mapping[str, str] | None = None,
) -> Economy:
    """Build an economy that plans the years 1, 2 ... up to the last with a goal (2021, 2022 ...).

    Args:
        techniques: by recipe, what one unit of activity yields and takes.
        goals: by product and year, the quantity, or the goal's columns.
        capacity: of each recipe's one line; one figure for all, or by recipe.
        resources: limits by resource and year, where "hours in X" is limited in region X alone.
        stocks, trade: columns of these tables, by product, and by product and year.
        capital: by recipe, capital goods per unit of new capacity.
        loss_share: share that stocks lose in a year; None: nothing can be stored.
        lag: years from a capital good's delivery to the use of the capacity, by good; 1 where it says nothing.
        depreciation: share of capacity that wears out in a year.
        region: where each recipe's line stands; "here" if it says nothing.
    """
    limits = {(*_place(resource), str(2020 + year)): limit for (resource, year), limit in (resources or {}).items()}
    named = {resource for resource, _, _ in limits}
    items = [item for technique in techniques.values() for item in technique] + [product for product, _ in goals] + [product for product, _ in trade or {}]
    products = [item for item in dict.fromkeys(items) if item not in named]
    places = {name: (region or {}).get(name, "here") for name in techniques}
    capacities = capacity if isinstance(capacity, Mapping) else dict.fromkeys(techniques, capacity)
    rows: dict[str, list[dict[str, object]]] = {
        "units": [{"unit": place, "region": place} for place in dict.fromkeys(places.values())],
        "products": [{"product": product, "measure": "t", "storable": loss_share is not None, "loss_share": loss_share or 0.0} for product in products],
        "recipes": [
            {"recipe": name, "item": item, "role": "out" if amount > 0 else "in", "amount": abs(amount)}
            for name, technique in techniques.items()
            for item, amount in technique.items()
        ],
        "lines": [{"line": name, "unit": places[name], "recipe": name, "capacity": capacities[name]} for name in techniques],
        "goals": [{"product": product, "period": str(2020 + year), **(goal if isinstance(goal, Mapping) else {"quantity": goal})} for (product, year), goal in goals.items()],
        "resources": [{"resource": resource, "region": place, "period": period, "limit": limit} for (resource, place, period), limit in limits.items()],
        "trade": [{"product": product, "period": str(2020 + year), **columns} for (product, year), columns in (trade or {}).items()],
        "stocks": [{"product": product, **columns} for product, columns in (stocks or {}).items()],
        "investments": [
            {"recipe": recipe, "item": item, "amount": amount, "lag": (lag or {}).get(item, 1), "depreciation": depreciation}
            for recipe, goods in (capital or {}).items()
            for item, amount in goods.items()
        ],
    }
    return economy_of(rows, horizon=max(year for _, year in goals))


def made(result: Plan, product: str) -> list[float]:
    """Output of a product, by year."""
    return result.outputs.filter(pl.col("product") == product).sort("period")["production"].to_list()


def delivered(result: Plan) -> dict[str, float]:
    """What goals get, by product, over all years."""
    return dict(result.gaps.group_by("product").agg(pl.col("delivered").sum()).iter_rows())


def level(result: Plan, recipe: str) -> list[float]:
    """Activity of a recipe, by year."""
    return result.activities.filter(pl.col("recipe") == recipe).group_by("period").agg(pl.col("level").sum()).sort("period")["level"].to_list()


def price(result: Plan, kind: str, item: str, *, year: int = 1, region: str | None = None) -> float:
    """Shadow price of a limit; zero where none is stated."""
    found = result.shadow_prices.filter((pl.col("kind") == kind) & (pl.col("item") == item) & (pl.col("period") == str(2020 + year)))
    found = found if region is None else found.filter(pl.col("region") == region)
    return float(found["price"].sum())


def _place(resource: str) -> tuple[str, str]:
    name, _, place = resource.partition(" in ")
    return name, place or "all"
