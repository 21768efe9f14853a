"""What balances of sources and uses add to estimates: northland with the true flows of its base year, told with an error.

    python benchmarks/balances.py [SEEDS] [ENTERPRISES]

Imports, exports and final uses of the base year are taken from northland's truth, each with an error of 3 %, and intermediate use is what the recipes
of the estimated output say. Nothing here was drawn from the estimate's own model: its calibration, group errors and recipes are what they are.
Errors of totals are of log(median / truth) over the products of the base year; those of rows over its months with positive truth.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import polars as pl

from groundplan.estimation.balances import Reconciled, reconcile
from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import Simulated, simulate_northland
from groundplan.tables.bundles import Estimate
from groundplan.tables.economy import Economy
from groundplan.tables.facts import Flows

ERROR = 0.03
BASE = "2020"


def with_flows(simulated: Simulated, rng: np.random.Generator) -> Economy:
    """Give northland's economy with the flows of its base year; a use that is none is told as 0."""
    truth = simulated.truth["balances"].filter(pl.col("period") == BASE).select("product", "period", "imports", "exports", final=pl.col("final_use") + pl.col("built"))
    long = truth.unpivot(["imports", "exports", "final"], index=["product", "period"], variable_name="kind", value_name="quantity")
    kind = pl.col("kind").replace_strict({"imports": "import", "exports": "export", "final": "final_use"}).cast(Flows.create_empty().schema["kind"])
    told = np.maximum(long["quantity"].to_numpy() * (1 + ERROR * rng.normal(size=len(long))), 0.0)
    flows = long.with_columns(kind, quantity=told, relative_error=pl.lit(ERROR))
    return replace(simulated.economy, flows=flows.select(Flows.column_names()))


def score(simulated: Simulated, tables: Estimate | Reconciled) -> dict[str, float]:
    """Errors and covers of rows and totals of the base year."""
    truth = simulated.truth["outputs"].filter(pl.col("period").str.starts_with(BASE)).rename({"quantity": "truth"})
    rows = tables.estimates.join(truth, on=["unit", "product", "period"]).filter(pl.col("truth") > 0)
    sums = truth.group_by("product").agg(pl.col("truth").sum())
    totals = tables.totals.filter((pl.col("level") == "total") & (pl.col("period") == BASE)).join(sums, on="product")
    found = {}
    for name, part in (("rows", rows), ("totals", totals)):
        found[f"{name}_mse"] = float(part.select((pl.col("median") / pl.col("truth")).log().pow(2).mean()).item())
        found[f"{name}_90"] = float(part.select(pl.col("truth").is_between("lower_90", "upper_90").mean()).item())
    return found


def main() -> None:
    """Print errors and covers before and after, means over seeds."""
    seeds, enterprises = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 40), (2, 120)))
    before, after, used, alerts, wrong = [], [], [], [], []
    for seed in range(seeds):
        simulated = simulate_northland(seed + 5000, enterprises=enterprises, months=24, visits=enterprises // 4)
        estimated = estimate(simulated.economy)
        made = reconcile(with_flows(simulated, np.random.default_rng(seed)), estimated.estimates, estimated.estimate_factors, estimated.totals)
        before.append(score(simulated, estimated))
        after.append(score(simulated, made))
        used.append(int(made.balances["used"].sum()))
        alerts.append(int((made.balances["p_value"].fill_null(1.0) < 0.05).sum()))
        wrong.append(float((made.balances["residual_in_sd"] ** 2).mean()))
    print(f"{seeds} seeds, {enterprises} enterprises; balances used {np.mean(used):.1f}, set aside {np.mean(alerts):.2f} a seed; mean squared residual {np.mean(wrong):.2f}")
    print("| | log RMSE of rows | cover of 90 % | log RMSE of totals | cover of 90 % |\n|---|---|---|---|---|")
    for name, scores in (("estimates", before), ("reconciled with balances", after)):
        mean = {key: float(np.mean([entry[key] for entry in scores])) for key in scores[0]}
        print(f"| {name} | {mean['rows_mse'] ** 0.5:.4f} | {mean['rows_90']:.3f} | {mean['totals_mse'] ** 0.5:.4f} | {mean['totals_90']:.3f} |")


if __name__ == "__main__":
    main()
