"""Small random economies in which every feature of the planner is there at once."""

from __future__ import annotations

import numpy as np
import polars as pl

from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings

__all__ = ["feature_economy"]

REGIONS = ("north", "south", "east")

LIVES = ((None, None), ("2022", None), (None, "2022"), (None, "2019"), ("2031", None))
"""First and last period of a line: always there, late, closing, closed, not in the plan."""

Rows = dict[str, list[dict[str, object]]]


def feature_economy(seed: int, *, investing: bool = True, regional: bool = True) -> Economy:
    """Draw an economy of six to nine products over three to five years.

    Every one has: joint products, two recipes for some products, lines of several efficiencies, lines that start late, close, have closed before or never open, a recipe
    that nobody runs yet, capital goods with lags of none to three years, wear and limits of growth; stocks with losses, floors (some above what is there at the start)
    and ceilings, goods that cannot be kept; imports and exports, some without a price; foreign exchange for trade and for recipes; resources by region, for the country,
    for both, and for some years only; minima, three priorities, goals without weight. In one of four minima are so high that some are missed. One to
    three products are balanced by region, with roads that have limits, losses and transport to take, and a region in which people live and nothing is made.

    Args:
        seed: what it is drawn from.
        investing: False leaves the table `investments` empty, so that there is no year after the plan.
        regional: False leaves each product one pool.
    """
    rng = np.random.default_rng(seed)
    products, horizon = int(rng.integers(6, 10)), int(rng.integers(3, 6))
    periods = [str(2021 + number) for number in range(horizon)]
    labels = [f"p{number}" for number in range(products)]
    unit = 10.0 ** rng.uniform(-1.5, 1.5, products)
    rows: Rows = {name: [] for name in FACTS}
    rows["units"] = [{"unit": f"u {region}", "region": region} for region in REGIONS] + [{"unit": "u nowhere", "region": None}]
    rows["products"] = [{"product": label, "measure": "t", "storable": bool(place % 3), "loss_share": float(rng.choice([0.0, 0.05, 0.2]))} for place, label in enumerate(labels)]
    _recipes_and_lines(rng, rows, labels, unit)
    if investing:
        _investments(rng, rows, labels, unit)
    _markets(rng, rows, labels, unit, periods)
    if regional:
        _regions(np.random.default_rng([seed, 1]), rows, labels, unit)
    tables = {name: _table(name, some) for name, some in rows.items() if some}
    return Economy.from_tables(Settings(name=f"features {seed}", base_period="2020", horizon=horizon), tables)


def _recipes_and_lines(rng: np.random.Generator, rows: Rows, labels: list[str], unit: np.ndarray) -> None:
    """One recipe a product, two for every third, the last one without a line; each recipe on one to five lines."""
    mains = [*range(len(labels)), *range(0, len(labels), 3), int(rng.integers(len(labels)))]
    for number, main in enumerate(mains):
        recipe, others = f"r{number}", rng.permutation([place for place in range(len(labels)) if place != main])
        items = [(labels[main], "out", unit[main])]
        if number % 3 == 1:
            items.append((labels[others[0]], "out", float(rng.uniform(0.1, 0.6)) * unit[others[0]]))
        items += [(labels[place], "in", float(rng.uniform(0.03, 0.25)) * unit[place]) for place in others[1 : 1 + int(rng.integers(1, 4))]]
        items.append(("labour", "in", float(rng.uniform(0.5, 2.0))))
        if rng.random() < 0.4:
            items.append(("water", "in", float(rng.uniform(0.2, 1.0))))
        if rng.random() < 0.3:
            items.append(("foreign_exchange", "in", float(rng.uniform(0.02, 0.1))))
        rows["recipes"] += [{"recipe": recipe, "item": item, "role": role, "amount": amount} for item, role, amount in items]
        for line in range(int(rng.integers(1, 6)) if number < len(mains) - 1 else 0):
            since, until = LIVES[int(rng.choice(len(LIVES), p=[0.65, 0.13, 0.13, 0.05, 0.04]))]
            rows["lines"].append(
                {
                    "line": f"l{number}.{line}",
                    "unit": f"u {rng.choice([*REGIONS, 'nowhere'], p=[0.4, 0.3, 0.2, 0.1])}",
                    "recipe": recipe,
                    "capacity": float(rng.uniform(1.0, 6.0)),
                    "efficiency": float(rng.choice([0.8, 1.0, 1.0, 1.1])),
                    "since": since,
                    "until": until,
                }
            )


def _investments(rng: np.random.Generator, rows: Rows, labels: list[str], unit: np.ndarray) -> None:
    """Three of four recipes can grow, the one that nobody runs among them."""
    recipes = list(dict.fromkeys(row["recipe"] for row in rows["recipes"]))
    for number, recipe in enumerate(recipes):
        if number % 4 == 0 and recipe != recipes[-1]:
            continue
        limit = float(rng.uniform(0.3, 2.0)) if rng.random() < 0.6 else None
        wear = float(rng.choice([0.0, 0.04, 0.1]))
        for good in rng.choice(len(labels), int(rng.integers(1, 4)), replace=False):
            amount = float(rng.uniform(0.1, 0.8)) * unit[good]
            lag = int(rng.choice([0, 1, 1, 2, 3]))
            rows["investments"].append({"recipe": recipe, "item": labels[good], "amount": amount, "lag": lag, "depreciation": wear, "limit": limit})


def _markets(rng: np.random.Generator, rows: Rows, labels: list[str], unit: np.ndarray, periods: list[str]) -> None:
    """Goals, trade, stocks and resources."""
    hungry = rng.random() < 0.25
    for place, label in enumerate(labels):
        if place % 3 and rng.random() < 0.7:
            opening = float(rng.uniform(0.0, 3.0))
            floor = float(rng.choice([0.0, 0.3, 1.2])) * opening
            ceiling = None if rng.random() < 0.4 else max(floor, 1.0) * float(rng.uniform(1.0, 2.0))
            rows["stocks"].append({"product": label, "opening": opening * unit[place], "floor": floor * unit[place], "ceiling": None if ceiling is None else ceiling * unit[place]})
        priority, traded = int(rng.integers(1, 4)), rng.random() < 0.6
        for period in periods:
            if rng.random() < 0.75:
                quantity = float(rng.uniform(2.0, 15.0)) * unit[place]
                minimum = quantity * float(rng.choice([0.0, 0.7 if hungry else 0.05]))
                weight = 0.0 if rng.random() < 0.05 else float(rng.uniform(0.5, 2.0))
                at = priority if rng.random() < 0.8 else int(rng.integers(1, 4))
                rows["goals"].append({"product": label, "period": period, "quantity": quantity, "minimum": minimum, "weight": weight, "priority": at})
            if traded and rng.random() < 0.8:
                price = float(rng.uniform(0.5, 2.0)) / unit[place]
                rows["trade"].append(
                    {
                        "product": label,
                        "period": period,
                        "import_limit": float(rng.uniform(0.0, 3.0)) * unit[place],
                        "import_price": price * 1.1,
                        "export_limit": float(rng.uniform(0.0, 2.0)) * unit[place],
                        "export_price": 0.0 if rng.random() < 0.2 else price * 0.8,
                    }
                )
    for period in periods:
        limits = [("labour", "all", rng.uniform(15.0, 60.0)), ("foreign_exchange", "all", rng.uniform(0.0, 3.0)), ("foreign_exchange", "north", rng.uniform(0.1, 0.5))]
        limits += [("labour", region, rng.uniform(5.0, 25.0)) for region in REGIONS[:2]]
        # Water is not limited everywhere, nor every year.
        limits += [("water", region, rng.uniform(1.0, 6.0)) for region in REGIONS[1:] if rng.random() < 0.8]
        rows["resources"] += [{"resource": resource, "region": region, "period": period, "limit": float(limit)} for resource, region, limit in limits]


def _regions(rng: np.random.Generator, rows: Rows, labels: list[str], unit: np.ndarray) -> None:
    """Some products with a market in each region; who makes or uses them lies in one."""
    places, sizes = [*REGIONS, "west"], dict(zip(labels, unit, strict=True))
    chosen = [str(label) for label in rng.choice(labels, int(rng.integers(1, 4)), replace=False)]
    recipes = {row["recipe"] for table in ("recipes", "investments") for row in rows[table] if row["item"] in chosen}
    for row in rows["lines"]:
        if row["recipe"] in recipes and row["unit"] == "u nowhere":
            row["unit"] = "u east"
    for product in chosen:
        own = {name: rng.random() < 0.5 for name in ("imports", "exports", "stocks")}
        for region in places:
            weights = {name: float(rng.choice([0.0, rng.uniform(0.1, 1.0)])) for name, stated in own.items() if stated}
            rows["markets"].append({"product": product, "region": region, "final_use": float(rng.uniform(0.1, 1.0)), **weights})
        for origin, target in ((one, other) for one in places for other in places if one != other):
            if rng.random() < 0.4:
                continue
            item = str(rng.choice([*(label for label in labels if label != product), "labour", "water"])) if rng.random() < 0.6 else None
            amount = None if item is None else float(rng.uniform(0.01, 0.15)) * float(sizes.get(item, 1.0)) / float(sizes[product])
            limit = float(rng.uniform(0.1, 2.0)) * float(sizes[product]) if rng.random() < 0.5 else None
            loss = float(rng.choice([0.0, 0.02, 0.1]))
            rows["transfers"].append({"product": product, "from": origin, "to": target, "limit": limit, "loss_share": loss, "item": item, "amount": amount})


def _table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    columns = FACTS[name].columns()
    return pl.DataFrame(
        {label: pl.Series(label, [row.get(label, (column.metadata or {}).get("default")) for row in rows], dtype=column.dtype) for label, column in columns.items()}
    )
