"""Small random economies for property tests, and a helper that makes tables of rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.settings import Settings


def economy_of(rows: dict[str, list[dict[str, object]]], **settings: object) -> Economy:
    """An economy of rows by table; what a row leaves out takes the schema's default."""
    tables = {}
    for name, some in rows.items():
        if some:
            columns = FACTS[name].columns()
            tables[name] = pl.DataFrame(
                {label: pl.Series(label, [row.get(label, (column.metadata or {}).get("default")) for row in some], dtype=column.dtype) for label, column in columns.items()}
            )
    return Economy.from_tables(Settings(**{"base_period": "2020"} | settings), tables)


def split_by_region(rows: dict[str, list[dict[str, object]]], seed: int) -> None:
    """Let one or two products of random rows have markets in three regions, joined by some roads: with losses, limits, and a product or a resource that moving takes."""
    rng = np.random.default_rng([seed, 1])
    places, labels = ["north", "south", "west"], [row["product"] for row in rows["products"]]
    rows["units"] = [{"unit": f"u{place}", "region": places[place]} for place in range(3)]
    unit = {row["item"]: row["amount"] for row in rows["recipes"] if row["role"] == "out"}
    for product in rng.choice(labels, min(len(labels), int(rng.integers(1, 3))), replace=False):
        weights = rng.uniform(0.2, 1.0, 3)
        for place, region in enumerate(places):
            extra = {"stocks": float(rng.uniform(0.0, 1.0))} if rng.random() < 0.5 else {}
            rows["markets"].append({"product": product, "region": region, "final_use": float(weights[place]), **extra})
        for origin in places:
            for target in places:
                if origin != target and rng.random() < 0.7:
                    taken = rng.random()
                    item = None if taken < 0.3 else "labour" if taken < 0.5 else str(rng.choice([label for label in labels if label != product]))
                    amount = None if item is None else float(rng.uniform(0.01, 0.1)) * (1.0 if item == "labour" else float(unit[item])) / float(unit[product])
                    limit = float(rng.uniform(0.2, 3.0)) * float(unit[product]) if rng.random() < 0.5 else None
                    rows["transfers"].append(
                        {"product": product, "from": origin, "to": target, "item": item, "amount": amount, "limit": limit, "loss_share": float(rng.choice([0.0, 0.0, 0.05]))}
                    )


def random_rows(seed: int, *, investing: bool = True, hungry: bool = False) -> tuple[dict[str, list[dict[str, object]]], int]:
    """Rows of an economy drawn from a seed, and its horizon: joint products, several regions, efficiencies and recipes, sizes over ten orders of magnitude."""
    rng = np.random.default_rng(seed)
    products, horizon = int(rng.integers(2, 7)), int(rng.integers(1, 5))
    periods = [str(2021 + number) for number in range(horizon)]
    labels = [f"p{number}" for number in range(products)]
    unit = 10.0 ** rng.uniform(-5.0, 5.0, products)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in FACTS}
    rows["units"] = [{"unit": f"u{place}", "region": ["north", "south", None][place]} for place in range(3)]
    rows["products"] = [{"product": label, "measure": "t", "storable": bool(rng.random() < 0.7), "loss_share": float(rng.choice([0.0, 0.1]))} for label in labels]
    recipes = products + int(rng.integers(0, 3))
    for number in range(recipes):
        main, recipe = number % products, f"r{number}"
        rows["recipes"].append({"recipe": recipe, "item": labels[main], "role": "out", "amount": unit[main]})
        others = [place for place in range(products) if place != main]
        joint = int(rng.choice(others)) if rng.random() < 0.3 else -1
        for place in others:
            if place == joint:
                rows["recipes"].append({"recipe": recipe, "item": labels[place], "role": "out", "amount": 0.3 * unit[place]})
            elif rng.random() < 0.5:
                rows["recipes"].append({"recipe": recipe, "item": labels[place], "role": "in", "amount": float(rng.uniform(0.02, 0.9 / products)) * unit[place]})
        rows["recipes"].append({"recipe": recipe, "item": "labour", "role": "in", "amount": float(rng.uniform(0.5, 2.0))})
        for line in range(int(rng.integers(1, 4))):
            dates = {"since": "2022"} if rng.random() < 0.1 else {"until": "2021"} if rng.random() < 0.1 else {}
            rows["lines"].append(
                {
                    "line": f"l{number}.{line}",
                    "unit": f"u{rng.integers(3)}",
                    "recipe": recipe,
                    "capacity": float(rng.choice([0.0, 1.0, 1.0, 1.0]) * rng.uniform(1.0, 10.0)),
                    "efficiency": float(rng.choice([0.9, 1.0])),
                    **dates,
                }
            )
        if investing and rng.random() < 0.6:
            limit = float(rng.uniform(0.5, 3.0)) if number % 2 else None
            for good in rng.choice(products, min(2, products), replace=False):
                rows["investments"].append(
                    {
                        "recipe": recipe,
                        "item": labels[good],
                        "amount": float(rng.uniform(0.1, 1.0)) * unit[good],
                        "lag": int(rng.integers(0, 3)),
                        "depreciation": 0.05 * (number % 2),
                        "limit": limit,
                    }
                )
    for place, label in enumerate(labels):
        if rng.random() < 0.6:
            rows["stocks"].append(
                {"product": label, "opening": float(rng.uniform(0.0, 2.0)) * unit[place], "floor": float(rng.choice([0.0, 0.2])) * unit[place], "ceiling": 5.0 * unit[place]}
            )
            if not rows["products"][place]["storable"]:
                rows["stocks"].pop()
        for period in periods:
            if rng.random() < 0.7:
                quantity = float(rng.uniform(1.0, 12.0)) * unit[place]
                minimum = quantity * float(rng.choice([0.0, 0.9 if hungry else 0.02]))
                rows["goals"].append(
                    {"product": label, "period": period, "quantity": quantity, "minimum": minimum, "weight": float(rng.uniform(0.5, 2.0)), "priority": int(rng.integers(1, 3))}
                )
            if rng.random() < 0.5:
                rows["trade"].append(
                    {
                        "product": label,
                        "period": period,
                        "import_limit": float(rng.uniform(0.0, 2.0)) * unit[place],
                        "import_price": float(rng.uniform(0.5, 2.0)) / unit[place],
                        "export_limit": unit[place],
                        "export_price": float(rng.uniform(0.5, 2.0)) / unit[place],
                    }
                )
    for period in periods:
        rows["resources"].append({"resource": "foreign_exchange", "region": "all", "period": period, "limit": float(rng.uniform(0.0, 2.0))})
        for region in ("north", "south"):
            rows["resources"].append({"resource": "labour", "region": region, "period": period, "limit": float(rng.uniform(2.0, 30.0))})
    return rows, horizon
