"""Small economies whose truth is drawn from the estimates' own distribution: ore feeds steel, steel feeds machines."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from groundplan.tables.economy import Economy
from groundplan.tables.results import EstimateFactors, Estimates, Totals
from groundplan.tables.settings import Settings
from small_economy import table_of

Z50, Z90 = 0.6744897501960817, 1.6448536269514722
PRODUCTS = ("ore", "steel", "machine")
INTAKE = {("steel", "ore"): 1.5, ("machine", "steel"): 0.6}
PERIODS = ("2019", "2020")


@dataclass(frozen=True)
class Case:
    economy: Economy
    estimates: pl.DataFrame
    factors: pl.DataFrame
    totals: pl.DataFrame
    truth: np.ndarray  # Of the rows of `estimates`.

    def with_flows(self, flows: pl.DataFrame) -> "Case":
        return replace(self, economy=replace(self.economy, flows=flows))


def make_case(
    seed: int, *, units: int = 10, shared_sd: float = 0.15, unit_sd: float = 0.2, own_sd: float = 0.05, flow_error: float = 0.02, recipe_error: float = 0.02, flows: bool = True
) -> Case:
    """`units` makers a product; errors of logs: one factor a product, one a unit, the row's own; what is used misses the recipes by an error of its own."""
    rng = np.random.default_rng(seed)
    names = [f"{product}-{at:03d}" for product in PRODUCTS for at in range(units)]
    product = [name.split("-")[0] for name in names]
    size = rng.lognormal(0, 0.7, len(names)) * np.array([{"ore": 400.0, "steel": 100.0, "machine": 50.0}[name] for name in product])
    group = np.array([PRODUCTS.index(name) for name in product])
    lasting = shared_sd * rng.normal(size=3)[group] + unit_sd * rng.normal(size=len(names))
    log_sd = np.sqrt(shared_sd**2 + unit_sd**2 + own_sd**2)
    rows, truth = [], []
    for at, name in enumerate(names):
        for period in PERIODS:
            rows.append((name, product[at], period, float(np.log(size[at]))))
            truth.append(size[at] * np.exp(lasting[at] + own_sd * rng.normal()))
    truth = np.array(truth)
    estimates = write_estimates(rows, log_sd, own_sd)
    factors = [(name, product[at], factor, sd) for at, name in enumerate(names) for factor, sd in ((f"group|{product[at]}", shared_sd), (f"unit|{name}", unit_sd))]
    factor_table = pl.DataFrame(factors, schema=dict(EstimateFactors.create_empty().schema), orient="row")
    tables = {
        "units": table_of("units", [{"unit": name, "sector": product[at], "region": "north"} for at, name in enumerate(names)]),
        "products": table_of("products", [{"product": name, "measure": "t"} for name in PRODUCTS]),
        "recipes": table_of(
            "recipes",
            [{"recipe": name, "item": name, "role": "out", "amount": 1.0} for name in PRODUCTS]
            + [{"recipe": user, "item": item, "role": "in", "amount": amount} for (user, item), amount in INTAKE.items()],
        ),
        "lines": table_of("lines", [{"line": f"L-{name}", "unit": name, "recipe": product[at], "capacity": float(size[at])} for at, name in enumerate(names)]),
    }
    if flows:
        tables["flows"] = true_flows(estimates, truth, flow_error, recipe_error, rng)
    economy = Economy.from_tables(Settings(base_period="2020"), tables)
    return Case(economy, estimates, factor_table, write_totals(estimates), truth)


def write_estimates(rows: list[tuple[str, str, str, float]], log_sd: float, own_sd: float) -> pl.DataFrame:
    table = pl.DataFrame(rows, schema=["unit", "product", "period", "log_mean"], orient="row")
    median = pl.col("log_mean").exp()
    quantiles = {f"{side}_{level}": median * np.exp(sign * z * log_sd) for level, z in ((50, Z50), (90, Z90)) for side, sign in (("lower", -1), ("upper", 1))}
    table = table.with_columns(median.alias("median"), median.alias("reported"), log_sd=pl.lit(log_sd), own_log_sd=pl.lit(own_sd), inspected=pl.lit(value=False), **quantiles)
    schema = Estimates.create_empty().schema
    return table.with_columns([pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in table.columns]).select(schema.names())


def write_totals(estimates: pl.DataFrame) -> pl.DataFrame:
    schema = Totals.create_empty().schema
    sums = estimates.group_by("product", "period").agg(pl.col("median").sum(), units=pl.col("unit").n_unique().cast(pl.Int64)).sort("product", "period")
    sums = sums.with_columns(level=pl.lit("total"), key=pl.lit("all"))
    return sums.with_columns([pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in sums.columns]).select(schema.names())


def true_flows(estimates: pl.DataFrame, truth: np.ndarray, error: float, recipe_error: float, rng: np.random.Generator) -> pl.DataFrame:
    """Final uses and imports that close every balance of the truth, told with a relative error."""
    made = estimates.select("product", "period").with_columns(made=truth).group_by("product", "period").agg(pl.col("made").sum())
    output = {(row["product"], row["period"]): row["made"] for row in made.to_dicts()}
    rows = []
    for (name, period), total in sorted(output.items()):
        used = sum(amount * output[user, period] * (1 + recipe_error * rng.normal()) for (user, item), amount in INTAKE.items() if item == name)
        flows = {"import": max(0.0, 1.3 * used - total), "final_use": total + max(0.0, 1.3 * used - total) - used}
        rows += [
            {"product": name, "period": period, "kind": kind, "quantity": max(quantity * (1 + error * rng.normal()), 0.0), "relative_error": error}
            for kind, quantity in flows.items()
        ]
    return table_of("flows", rows)
