"""An economy folder's tables from the structure of a use table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.store.importers.assumptions import Assumptions
from groundplan.store.importers.schemes import FinalKind, Scheme
from groundplan.store.importers.structure import Structure
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS, FACTS
from groundplan.tables.settings import Settings

__all__ = ["Named", "build_economy", "capital_goods", "fit_to_schema"]

FloatArray = NDArray[np.float64]

LABOUR, FOREIGN_EXCHANGE = "labour", "foreign_exchange"
ROOT, OUTSIDE = "economy", "outside"
CONSUMPTION: tuple[FinalKind, ...] = ("private_consumption", "government_consumption")
INVESTMENT: tuple[FinalKind, ...] = ("business_investment", "housing_investment", "government_investment")


@dataclass(frozen=True, slots=True)
class Named:
    """Names of products by code, and the measure in which all are counted."""

    names: dict[str, str]
    measure: str

    def of(self, code: str) -> str:
        """Give the name of a code; the code itself where it has none."""
        return self.names.get(code) or code


def build_economy(settings: Settings, structure: Structure, capacity: FloatArray, scheme: Scheme, named: Named, assumptions: Assumptions) -> Economy:
    """Write the tables: a product, recipe, unit and line for each commodity, goals from final uses, limits from the base year.

    Args:
        settings: settings of the economy; its plan periods are years.
        structure: the balance of the base year.
        capacity: of the base year, shape (n,), output per year.
        scheme: tells who invests in what.
        named: names and measure.
        assumptions: growth, headroom and the like.
    """
    periods = [str(period) for period in settings.plan_periods()]
    wanted, supply = _wanted(structure, assumptions)
    supplied = np.flatnonzero(supply > 0)
    tables = {
        "units": _units(settings, structure.products, supplied, named),
        "products": _products(structure.products, named),
        "recipes": _recipes(structure, supplied),
        "lines": _lines(structure, capacity, supply, periods, assumptions),
        "goals": _goals(structure, wanted, periods, assumptions),
        "resources": _resources(structure, periods, named.measure, assumptions),
        "trade": _trade(structure, periods, assumptions),
        "investments": _investments(structure, capital_goods(structure, capacity, scheme, assumptions), assumptions),
    }
    return Economy.from_tables(settings, {name: fit_to_schema(name, frame) for name, frame in tables.items()})


def capital_goods(structure: Structure, capacity: FloatArray, scheme: Scheme, assumptions: Assumptions) -> FloatArray:
    """Work out what a unit of new capacity takes, so that a steady state invests what the table shows.

    Investment in housing gives capacity to housing, that of government to government, the rest to all others, shared out by
    operating surplus. In a steady state with growth g and wear d, new capacity is (g + d) of all capacity, so a product's
    share of investment, divided by (g + d) times its capacity, is what a unit of new capacity takes.

    Returns:
        Shape (n goods, n products), money of each good per money of yearly output; zero where growth and wear are zero.
    """
    labels = structure.products.labels
    housing = np.array([label in scheme.housing for label in labels])
    government = np.array([label in scheme.government for label in labels])
    groups: dict[FinalKind, NDArray[np.bool_]] = {
        "business_investment": ~government & ~(housing if "HS" in labels else np.zeros_like(housing)),
        "housing_investment": housing,
        "government_investment": government,
    }
    goods = np.zeros((len(labels), len(labels)))
    new_capacity = assumptions.net_investment + assumptions.depreciation
    if new_capacity <= 0:
        return goods
    for kind, members in groups.items():
        flows = structure.final.get(kind)
        if flows is None:
            continue
        surplus = np.where(members, structure.surplus, 0.0)
        if surplus.sum() <= 0:
            surplus = structure.surplus
        if surplus.sum() > 0:
            goods += np.outer(flows, surplus / surplus.sum())
    return np.divide(goods, new_capacity * capacity[None, :], out=np.zeros_like(goods), where=capacity[None, :] > 0)


def _units(settings: Settings, products: Axis, supplied: NDArray[np.int64], named: Named) -> pl.DataFrame:
    rows: list[tuple[str, str, str, str | None, str | None]] = [(ROOT, settings.name, "authority", None, None)]
    if supplied.size:
        rows.append((OUTSIDE, "Supply from outside the plan (negative cells of the table)", "enterprise", ROOT, None))
    rows += [(label, named.of(label), "enterprise", ROOT, named.of(label)) for label in products.labels]
    return pl.DataFrame(rows, schema=["unit", "name", "kind", "parent", "sector"], orient="row").with_columns(region=pl.lit(settings.name), major=pl.col("kind") == "enterprise")


def _products(products: Axis, named: Named) -> pl.DataFrame:
    # The table tells nothing of stocks, so nothing can be carried from one year to the next.
    return pl.DataFrame({"product": products.labels, "name": [named.of(label) for label in products.labels]}).with_columns(
        measure=pl.lit(named.measure), storable=pl.lit(value=False), loss_share=pl.lit(0.0)
    )


def _recipes(structure: Structure, supplied: NDArray[np.int64]) -> pl.DataFrame:
    labels = np.array(structure.products.labels)
    made = structure.output > 0
    goods, makers = np.nonzero(structure.coefficients * made[None, :])
    frames = [
        pl.DataFrame({"recipe": labels[makers], "item": labels[goods], "role": "in", "amount": structure.coefficients[goods, makers]}),
        *(
            pl.DataFrame({"recipe": labels[used], "item": item, "role": "in", "amount": amounts[used]})
            for item, amounts in ((LABOUR, structure.labour), (FOREIGN_EXCHANGE, structure.imported))
            for used in [np.flatnonzero((amounts > 0) & made)]
        ),
        pl.DataFrame({"recipe": labels[made], "item": labels[made], "role": "out", "amount": 1.0}),
        pl.DataFrame({"recipe": _outside(labels[supplied]), "item": labels[supplied], "role": "out", "amount": 1.0}),
    ]
    return _stack(frames).sort("recipe", "role", "item")


def _lines(structure: Structure, capacity: FloatArray, supply: FloatArray, periods: list[str], assumptions: Assumptions) -> pl.DataFrame:
    """A line for each product and one for what comes from outside; what is added in later years is a line of its own, from its year on.

    The investment of the base year comes to use in the first year of the plan. Where investment stays among the goals, so does
    that of each year in the next; where the plan decides on it, the plan adds the capacity itself.
    """
    labels = np.array(structure.products.labels)
    made = np.flatnonzero(structure.output > 0)
    first = capacity[made] * (1 + assumptions.net_investment)
    frames = [_line_rows(labels[made], labels[made], labels[made], first, assumptions.net_investment if assumptions.investment == "goal" else 0.0, periods)]
    supplied = np.flatnonzero(supply > 0)
    outside = np.array(_outside(labels[supplied]), dtype=np.str_)
    frames.append(_line_rows(outside, np.full(len(outside), OUTSIDE), outside, supply[supplied] * (1 + assumptions.growth), assumptions.net_investment, periods))
    return _stack(frames).with_columns(efficiency=pl.lit(1.0))


def _line_rows(lines: NDArray[np.str_], units: NDArray[np.str_], recipes: NDArray[np.str_], first: FloatArray, growth: float, periods: list[str]) -> pl.DataFrame:
    """Lines from the first year, and a line for each year's addition where there is growth."""
    frames = [pl.DataFrame({"line": lines, "unit": units, "recipe": recipes, "capacity": first, "since": pl.Series([None] * len(lines), dtype=pl.String)})]
    if growth > 0:
        for years, period in enumerate(periods[1:]):
            added = first * growth * (1 + growth) ** years
            frames.append(pl.DataFrame({"line": [f"{line}_{period}" for line in lines], "unit": units, "recipe": recipes, "capacity": added, "since": [period] * len(lines)}))
    return pl.concat(frames).cast({"line": pl.String, "unit": pl.String, "recipe": pl.String})


def _wanted(structure: Structure, assumptions: Assumptions) -> tuple[FloatArray, FloatArray]:
    """What the plan is to deliver of each product in the base year, and what comes from outside beyond that.

    Supply from outside (a stock that was run down) covers final uses first, so it is taken off the goal of its product.
    """
    kinds = [kind for kind in structure.final if not (assumptions.investment == "planned" and kind in INVESTMENT)]
    uses: FloatArray = np.sum([structure.final[kind] for kind in kinds], axis=0) + structure.outside_use
    return np.maximum(uses - structure.outside_supply, 0.0), np.maximum(structure.outside_supply - uses, 0.0)


def _goals(structure: Structure, base: FloatArray, periods: list[str], assumptions: Assumptions) -> pl.DataFrame:
    """Final uses, grown; a dollar of any product weighs the same, so a whole goal weighs what it is worth, over the mean goal."""
    consumed = np.sum([structure.final[kind] for kind in CONSUMPTION if kind in structure.final], axis=0) * np.ones(len(base))
    wanted = np.flatnonzero(base > 0)
    mean = base[wanted].sum() / max(len(wanted), 1)
    frames = []
    for years, period in enumerate(periods, start=1):
        quantity = (1 + assumptions.growth) ** years * base[wanted]
        minimum = np.minimum(assumptions.minimum_share * consumed[wanted], quantity)
        frame = pl.DataFrame({"product": np.array(structure.products.labels)[wanted], "quantity": quantity, "minimum": minimum, "weight": base[wanted] / mean})
        frames.append(frame.with_columns(period=pl.lit(period), priority=pl.lit(1)))
    return _stack(frames)


def _resources(structure: Structure, periods: list[str], measure: str, assumptions: Assumptions) -> pl.DataFrame:
    limits = (
        (LABOUR, structure.labour @ structure.output, assumptions.labour_factor),
        (FOREIGN_EXCHANGE, structure.imports.sum() + structure.imported @ structure.output, 1 + assumptions.growth),
    )
    rows = [(item, ALL_REGIONS, period, float(limit) * factor**years, measure) for item, limit, factor in limits if limit > 0 for years, period in enumerate(periods, start=1)]
    return pl.DataFrame(rows, schema=["resource", "region", "period", "limit", "measure"], orient="row")


def _trade(structure: Structure, periods: list[str], assumptions: Assumptions) -> pl.DataFrame:
    imported = np.flatnonzero(structure.imports > 0)
    labels = np.array(structure.products.labels)[imported]
    frames = []
    for years, period in enumerate(periods, start=1):
        limit = structure.imports[imported] * (1 + assumptions.import_headroom) * (1 + assumptions.growth) ** years
        frames.append(
            pl.DataFrame({"product": labels, "period": period, "import_limit": limit}).with_columns(import_price=pl.lit(1.0), export_limit=pl.lit(0.0), export_price=pl.lit(0.0))
        )
    return _stack(frames)


def _investments(structure: Structure, goods: FloatArray, assumptions: Assumptions) -> pl.DataFrame:
    labels = np.array(structure.products.labels)
    items, recipes = np.nonzero(goods)
    # Where investment stays among the goals, those goals replace what wears out; else the plan must.
    wear = assumptions.depreciation if assumptions.investment == "planned" else 0.0
    frame = pl.DataFrame({"recipe": labels[recipes], "item": labels[items], "amount": goods[items, recipes]})
    return frame.with_columns(lag=pl.lit(1), depreciation=pl.lit(wear), limit=pl.lit(None, dtype=pl.Float64)).sort("recipe", "item")


def _outside(labels: NDArray[np.str_]) -> list[str]:
    return [f"{OUTSIDE}_{label}" for label in labels]


def _stack(frames: list[pl.DataFrame]) -> pl.DataFrame:
    kept = [frame for frame in frames if frame.height]
    return pl.concat(kept) if kept else frames[0]


def fit_to_schema(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame all columns of its schema, in its types; columns that it does not know stand last."""
    empty = FACTS[name].create_empty()
    columns = [(pl.col(column) if column in frame.columns else pl.lit(None)).cast(dtype).alias(column) for column, dtype in empty.schema.items()]
    return frame.select(*columns, *(column for column in frame.columns if column not in empty.columns))
