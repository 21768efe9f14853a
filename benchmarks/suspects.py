"""How many of the units whose reports are flagged are flagged wrongly, and how many of those that are off are flagged.

    python benchmarks/suspects.py [SEEDS] [FIRST]

Simulated countries of 300 enterprises, 24 months and 30 visits; what each unit really made is known. A unit is off where the mean over its products of
log(reported / made) in the base year lies beyond 10 %. Each row takes another rule for where the list ends: `flagged` (with a chance of 90 % no more than a
tenth is wrong), the expected share of wrong ones, or a p-value of each unit under Benjamini and Hochberg's rule. Shares with standard errors over
seeds; the last column is of the units that nobody inspected. 40 seeds take about three minutes on one core.
"""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import Simulated, simulate_northland

SHARE, TOLERANCE = 0.1, 0.1


def main() -> None:
    """Print one row a rule."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    found = pl.concat([one(seed) for seed in range(first, first + seeds)])
    print("| the list ends by | units | of these off by under 10 % | seeds with over a tenth | of all that are off, listed | of the uninspected, off by under 10 % |")
    print("|---|---|---|---|---|---|")
    for (rule,), part in found.group_by("rule", maintain_order=True):
        over = (part["wrong"] > SHARE).mean()
        print(f"| {rule} | {part['units'].mean():.0f} | {told(part['wrong'])} | {over:.2f} | {told(part['caught'])} | {told(part['wrong_unseen'])} |")
    print(f"\nOff by more than 10 %: {told(found.filter(pl.col('rule') == 'flagged')['off'])} of all units.")


def one(seed: int) -> pl.DataFrame:
    """Give what each rule lists for one seed, against the truth."""
    simulated = simulate_northland(seed, enterprises=300, months=24, visits=30)
    listed = estimate(simulated.economy).suspects
    real = real_bias(simulated)
    off = real.filter((pl.col("real") > np.log1p(TOLERANCE)) | (pl.col("real") < np.log1p(-TOLERANCE)))
    both = listed.join(real, on="unit", how="inner", maintain_order="left")
    right = pl.when(pl.col("direction") == "above").then(pl.col("real") > np.log1p(TOLERANCE)).otherwise(pl.col("real") < np.log1p(-TOLERANCE))
    both = both.with_columns(right.alias("right"))
    p_value = 1 - both["probability"].to_numpy()
    padded = np.concatenate([p_value, np.ones(len(real) - len(p_value))])
    rules: dict[str, NDArray[np.bool_]] = {
        "flagged": both["flagged"].to_numpy(),
        "expected share of a tenth": np.arange(len(both)) < int(np.sum(both["false_share"].to_numpy() <= SHARE)),
        "Benjamini and Hochberg": false_discovery_control(padded)[: len(both)] <= SHARE,
    }
    rows = []
    for rule, kept in rules.items():
        part = both.filter(pl.Series(kept))
        unseen = part.filter(~pl.col("inspected"))
        wrong, missed = (1 - frame["right"].mean() if len(frame) else 0.0 for frame in (part, unseen))
        rows.append({"rule": rule, "units": len(part), "wrong": wrong, "caught": part["right"].sum() / len(off), "wrong_unseen": missed, "off": len(off) / len(real)})
    return pl.DataFrame(rows)


def real_bias(simulated: Simulated) -> pl.DataFrame:
    """Give `unit` and `real`, the mean over products of log(reported / made) in the base year."""
    base = simulated.economy.settings.base_period
    reports = simulated.economy.reports.filter((pl.col("indicator") == "output") & (pl.col("period").str.head(4) == base))
    latest = reports.sort("version").unique(["unit", "product", "period"], keep="last")
    both = latest.join(simulated.truth["outputs"].rename({"quantity": "made"}), on=["unit", "product", "period"])
    sums = both.group_by("unit", "product").agg(pl.col("quantity", "made").sum()).filter((pl.col("quantity") > 0) & (pl.col("made") > 0))
    return sums.group_by("unit").agg((pl.col("quantity") / pl.col("made")).log().mean().alias("real")).sort("unit")


def told(values: pl.Series) -> str:
    """Write a mean with its standard error."""
    return f"{values.mean():.3f} ± {(values.std() or 0.0) / np.sqrt(len(values)):.3f}"


if __name__ == "__main__":
    main()
