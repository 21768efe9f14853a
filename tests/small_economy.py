"""A small economy that many tests share: two enterprises under a ministry make steel of ore and coal."""

from datetime import date

import polars as pl

from groundplan.tables.facts import FACTS

SMALL_ROWS = {
    "units": [
        {"unit": "M1", "name": "Ministry of Metals", "name_ko": "금속공업성", "kind": "authority"},
        {"unit": "E1", "name": "Works No. 1", "parent": "M1", "sector": "steel", "region": "north", "employees": 120.0, "major": True},
        {"unit": "E2", "name": "Works No. 2", "parent": "M1", "sector": "mining", "region": "south"},
        {"unit": "W1", "name": "Rolling shop", "kind": "workshop", "parent": "E1", "sector": "steel", "region": "north"},
    ],
    "products": [{"product": "steel", "measure": "t"}, {"product": "ore", "measure": "t"}, {"product": "power", "measure": "MWh", "storable": False}],
    "recipes": [
        {"recipe": "smelt", "item": "steel", "role": "out", "amount": 1.0},
        {"recipe": "smelt", "item": "ore", "role": "in", "amount": 1.6},
        {"recipe": "smelt", "item": "power", "role": "in", "amount": 0.5},
        {"recipe": "dig", "item": "ore", "role": "out", "amount": 1.0},
        {"recipe": "dig", "item": "labour", "role": "in", "amount": 2.0},
    ],
    "lines": [{"line": "L1", "unit": "W1", "recipe": "smelt", "capacity": 100.0}, {"line": "L2", "unit": "E2", "recipe": "dig", "capacity": 200.0, "since": "2019"}],
    "reports": [
        {"unit": "E1", "product": "steel", "period": "2020-01", "quantity": 8.0, "reported_on": date(2020, 2, 3)},
        {"unit": "E1", "product": "steel", "period": "2020-02", "quantity": 7.5, "reported_on": date(2020, 3, 3)},
        {"unit": "E2", "product": "ore", "period": "2020-01", "quantity": 15.0},
    ],
    "plans": [{"plan": "P2016", "status": "adopted", "adopted_on": date(2015, 12, 1)}],
    "targets": [{"plan": "P2016", "unit": "E1", "product": "steel", "period": "2020", "quantity": 110.0}],
    "visits": [{"visit": "V1", "unit": "E1", "start": date(2020, 3, 1), "end": date(2020, 3, 9), "chosen_by": "random", "inclusion_probability": 0.25}],
    "findings": [{"visit": "V1", "unit": "W1", "product": "steel", "period": "2020-01", "value": 6.9, "method": "weighing"}],
    "proxies": [{"unit": "E1", "indicator": "electricity", "period": "2020-01", "value": 41.0}],
    "claims": [{"claim": "C1", "scope": "E1", "period": "2020-01", "theme": "output", "product": "steel", "count": 6, "mean": 7.0, "variance": 0.3, "grade": "B2"}],
    "flows": [{"product": "steel", "period": "2020-01", "kind": "final_use", "quantity": 7.0}, {"product": "steel", "period": "2020-01", "kind": "stock_change", "quantity": -0.5}],
    "goals": [{"product": "steel", "period": "2021", "quantity": 80.0, "minimum": 20.0}, {"product": "steel", "period": "2022", "quantity": 90.0}],
    "resources": [
        {"resource": "labour", "period": "2021", "limit": 500.0, "measure": "hour"},
        {"resource": "foreign_exchange", "period": "2021", "limit": 10.0, "measure": "million USD"},
    ],
    "trade": [{"product": "power", "period": "2021", "import_limit": 60.0, "import_price": 0.1}],
    "stocks": [{"product": "ore", "opening": 10.0, "floor": 5.0, "ceiling": 50.0}],
    "transfers": [{"product": "ore", "from": "south", "to": "north", "limit": 150.0, "loss_share": 0.01, "item": "labour", "amount": 0.1}],
    "markets": [{"product": "ore", "region": "south", "final_use": 1.0, "stocks": 4.0}, {"product": "ore", "region": "north", "stocks": 1.0}],
    "fixed": [{"flow": "production", "item": "ore", "period": "2021", "at_least": 20.0}],
    "investments": [{"recipe": "smelt", "item": "steel", "amount": 0.4, "lag": 2, "depreciation": 0.05}],
}


def table_of(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """A table of the schema `name` from rows that leave out what has a default; columns that no schema knows come last."""
    columns = FACTS[name].columns()
    extra = [label for label in dict.fromkeys(label for row in rows for label in row) if label not in columns]
    data = {label: pl.Series(label, [row.get(label, (column.metadata or {}).get("default")) for row in rows], dtype=column.dtype) for label, column in columns.items()}
    return pl.DataFrame(data | {label: pl.Series(label, [row.get(label) for row in rows]) for label in extra})
