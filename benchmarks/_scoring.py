"""Scores of an estimate against the truth of northland, shared by the benchmarks of estimation."""

from __future__ import annotations

import polars as pl

from groundplan.simulation.northland import Simulated
from groundplan.tables.bundles import Estimate

__all__ = ["score"]


def score(simulated: Simulated, estimated: Estimate) -> dict[str, float]:
    """Compare an estimate with the truth.

    Root mean squares are of log(estimate / truth) over months with positive truth and report. Covers of output are over months with positive
    truth, apart for inspected and uninspected series. `total_90` is 1 or 0: whether the 90 % interval of one total holds, that of the
    last year's output of the product which most units make; `totals_90` is the share of all products' totals of all years that hold.
    """
    truth = simulated.truth["outputs"].rename({"quantity": "truth"})
    rows = estimated.estimates.join(truth, on=["unit", "product", "period"]).filter(pl.col("truth") > 0)
    both = rows.filter(pl.col("reported") > 0)
    scores = {"reported_rmse": _rmse(both, "reported"), "estimated_rmse": _rmse(both, "median")}
    scores["ratio"] = scores["estimated_rmse"] / scores["reported_rmse"]
    for name, part in (("uninspected", rows.filter(~pl.col("inspected"))), ("inspected", rows.filter(pl.col("inspected")))):
        for level in (50, 90):
            scores[f"{name}_{level}"] = _cover(part, level)
    sums = truth.group_by("product", pl.col("period").str.slice(0, 4)).agg(pl.col("truth").sum())
    totals = estimated.totals.filter(pl.col("level") == "total").join(sums, on=["product", "period"])
    for level in (50, 90):
        scores[f"totals_{level}"] = _cover(totals, level)
        main = totals.filter(pl.col("period") == totals["period"].max()).sort("units", "product", descending=[True, False]).head(1)
        scores[f"total_{level}"] = _cover(main, level)
    lines = estimated.capacities.join(simulated.truth["capacities"].select("line", pl.col("capacity").alias("truth")), on="line")
    scores |= {f"capacities_{level}": _cover(lines, level) for level in (50, 90)}
    scores |= {"nameplate_rmse": _rmse(lines, "nameplate"), "capacity_rmse": _rmse(lines, "median")}
    return scores


def _rmse(rows: pl.DataFrame, name: str) -> float:
    return float((rows.select((pl.col(name) / pl.col("truth")).log().pow(2).mean()).item()) ** 0.5)


def _cover(rows: pl.DataFrame, level: int) -> float:
    value = rows.select(pl.col("truth").is_between(f"lower_{level}", f"upper_{level}").mean()).item()
    return float("nan") if value is None else float(value)
