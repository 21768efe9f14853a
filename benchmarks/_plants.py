"""Real plants as an economy: output and proxies are real, 5 % of the plants are inspected, reports carry a bias that is drawn and documented here.

Truth is the plant's own output in the panel. A plant's region (8) and kind (3) are drawn, for the panels name none. Reports, where there are any:

    log report = log output + kind (0, 0.10 or 0.25) + region (normal, 0.08) + the plant's own (half of them 0, half exponential with mean 0.15) + noise (normal, 0.03)

or, without added bias, log output + noise. Findings are of all years of the inspected plants, with 3 % noise. What is not real is said by the scenario's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from _cross_section import fit_schema
from groundplan.tables.economy import Economy
from groundplan.tables.settings import Settings

__all__ = ["PANELS", "SCENARIOS", "Drawn", "draw", "plants_economy", "read_panel"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
DATA = Path(__file__).parents[1] / "../shared/data/plant-panels"
KINDS = ("collective", "enterprise", "workshop")
SCENARIOS = ("biased reports", "honest reports", "a third does not report", "no reports")
INSPECTED = 0.05
FINDING_SD = 0.03

PANELS = {
    "chile.csv": ("log_value_added", {"electricity": "log_electricity", "labour": "labour", "capital": "log_capital"}),
    "colombia_food.csv": ("log_gross_output", {"labour": "log_labour", "inputs": "log_inputs", "capital": "log_capital"}),
}
"""File -> column of output, and proxies. In chile.csv water is the same column as investment to the last digit, so it is no proxy of its own and left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One draw, n plant-years; logs are natural.

    Args:
        plant: shape (n,), position of the plant.
        year: shape (n,).
        truth: shape (n,), log output.
        report: shape (n,), log of the report; NaN where there is none.
        finding: shape (n,), log of the finding; NaN where the plant is not inspected.
        proxies: shape (n, proxies), logs; NaN where there is none.
        names: of the proxies.
        region, kind: shape (n,).
        inspected: shape (n,).
    """

    plant: IntArray
    year: IntArray
    truth: FloatArray
    report: FloatArray
    finding: FloatArray
    proxies: FloatArray
    names: tuple[str, ...]
    region: IntArray
    kind: IntArray
    inspected: NDArray[np.bool_]


def read_panel(file: str) -> pl.DataFrame | None:
    """Read plant, year, truth and proxies, sorted; None where the panels are not beside the repository."""
    if not (DATA / file).exists():
        return None
    output, proxies = PANELS[file]
    table = pl.read_csv(DATA / file, infer_schema_length=None)
    if file == "chile.csv":
        heads = pl.sum_horizontal(pl.when(pl.col(name) > 0).then(pl.col(name).exp()).otherwise(0.0) for name in ("log_skilled_labour", "log_unskilled_labour"))
        table = table.with_columns(labour=pl.when(heads > 0).then(heads.log()))
    # An electricity of zero is stored as a log of zero, which is one unit; it says nothing.
    columns = [pl.when(pl.col(column) != 0).then(pl.col(column)).alias(name) for name, column in proxies.items()]
    return table.select("plant", "year", pl.col(output).alias("truth"), *columns).sort("plant", "year")


def draw(panel: pl.DataFrame, scenario: str, seed: int) -> Drawn:
    """Draw groups, inspected plants and reports; the draws of one seed are the same in all scenarios."""
    rng = np.random.default_rng([20261125, seed])
    code, plant = np.unique(panel["plant"].to_numpy(), return_inverse=True)
    plants, rows = len(code), len(panel)
    region, kind = rng.integers(0, 8, plants), rng.integers(0, 3, plants)
    effect = np.array([0.0, 0.10, 0.25])[kind] + rng.normal(0, 0.08, 8)[region] + rng.exponential(0.15, plants) * (rng.random(plants) < 0.5)
    noise, error = rng.normal(0, 0.03, rows), rng.normal(0, FINDING_SD, rows)
    inspected = np.isin(plant, rng.permutation(plants)[: round(INSPECTED * plants)])
    silent = rng.random(plants) < 1 / 3
    truth = panel["truth"].to_numpy()
    report = truth + noise + (0.0 if scenario == "honest reports" else effect[plant])
    quiet = {"no reports": np.ones(plants, bool), "a third does not report": silent}.get(scenario, np.zeros(plants, bool))
    names = tuple(panel.columns[3:])
    proxies = panel.select(pl.col(name).fill_null(float("nan")) for name in names).to_numpy()
    return Drawn(
        plant=plant,
        year=panel["year"].to_numpy(),
        truth=truth,
        report=np.where(quiet[plant], np.nan, report),
        finding=np.where(inspected, truth + error, np.nan),
        proxies=proxies,
        names=names,
        region=region[plant],
        kind=kind[plant],
        inspected=inspected,
    )


def plants_economy(drawn: Drawn, file: str) -> Economy:
    """Write a draw as an economy of one product; every plant has a line whose capacity nobody states (zero), so that those who do not report are there."""
    unit = np.array([f"P{number:05d}" for number in range(int(drawn.plant.max()) + 1)])
    first = np.unique(drawn.plant, return_index=True)[1]
    rows = pl.DataFrame({"unit": unit[drawn.plant], "period": drawn.year.astype(str)})
    reports = rows.with_columns(quantity=np.exp(drawn.report), product=pl.lit("goods"), indicator=pl.lit("output"), version=pl.lit(1)).filter(pl.col("quantity").is_finite())
    readings = [rows.with_columns(value=np.exp(drawn.proxies[:, at]), indicator=pl.lit(name)).filter(pl.col("value").is_finite()) for at, name in enumerate(drawn.names)]
    seen = np.unique(drawn.plant[drawn.inspected])
    share = len(seen) / len(unit)
    visits = pl.DataFrame({"visit": [f"V{unit[at]}" for at in seen], "unit": unit[seen]}).with_columns(chosen_by=pl.lit("random"), inclusion_probability=pl.lit(share))
    findings = (
        rows.with_columns(value=np.exp(drawn.finding), product=pl.lit("goods"), visit="V" + pl.col("unit"))
        .filter(pl.col("value").is_finite())
        .with_columns(measure=pl.lit("output"), method=pl.lit("weighing"), relative_error=pl.lit(FINDING_SD))
    )
    tables = {
        "units": pl.DataFrame(
            {"unit": unit, "region": [f"R{at}" for at in drawn.region[first]], "kind": [KINDS[at] for at in drawn.kind[first]], "sector": ["plants"] * len(unit)}
        ),
        "products": pl.DataFrame({"product": ["goods"], "measure": ["1,000 pesos"]}),
        "recipes": pl.DataFrame({"recipe": ["make"], "item": ["goods"], "role": ["out"], "amount": [1.0]}),
        "lines": pl.DataFrame({"line": unit, "unit": unit, "recipe": ["make"] * len(unit), "capacity": np.zeros(len(unit))}),
        "reports": reports,
        "proxies": pl.concat(readings),
        "visits": visits,
        "findings": findings,
    }
    base = str(int(drawn.year.max()))
    settings = Settings(name=file, base_period=base, note="real plants; groups and bias of reports are drawn")
    return Economy.from_tables(settings, {name: fit_schema(name, table) for name, table in tables.items()})
