"""How utilisation swings in a whole industry, and what capacity comes out where only output is seen (Federal Reserve, G.17, monthly).

    python benchmarks/capacity_utilisation.py       # about 5 seconds

Dynamics: an AR(1) of log utilisation by restricted likelihood. Capacity: the Federal Reserve's, from surveys, is the truth; methods see output (capacity times utilisation) up to
the month alone. What a method must know beforehand is learned on the first half (to 1990), and it is judged on the second. One series: errors of neighbouring months are all
but one error, so covers are shares of months and no more.

- sustained peak: mean of the best 3 of the last 24 months plus a slack, as in `groundplan.estimation.capacity`: its prior 0.15 ± 0.10 with an own error of 0.10;
- highest so far: the most that was ever made, as a bound; plus, for its interval, the mean and spread that its distance to capacity had in the first half;
- trend and gap: `groundplan.maths.frontier.capacity_paths`, its dynamics from the first half; once with the mean gap of the first half, once with the stated prior of the estimate.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from groundplan.estimation.sources import PRIOR_USE_MEAN, PRIOR_USE_SD
from groundplan.maths.frontier import Gap, best_years, capacity_paths
from groundplan.maths.lognormal import Z90

FloatArray = NDArray[np.float64]
FILE = Path(__file__).parents[1] / "../shared/data/us-capacity-utilisation/g17.csv"
SPLIT = "1991-01-01"


def main() -> None:
    """Print dynamics of utilisation, then errors and covers of capacity."""
    if not FILE.exists():
        print("G.17 is not beside the repository (../shared/data/us-capacity-utilisation): nothing is measured")
        return
    table = pl.read_csv(FILE, infer_schema_length=None).sort("month")
    use = np.log(table["utilisation_pct"].to_numpy() / 100.0)
    capacity = np.log(table["capacity_index"].to_numpy())
    first = (table["month"] < SPLIT).to_numpy()
    print("| months | mean utilisation, % | its standard error | persistence, a month | half-life, months | innovation, % | stationary spread, % |")
    print("|---|---|---|---|---|---|---|")
    for label, part in (("all, 1967-2015", first | True), ("1967-1990", first), ("1991-2015", ~first)):
        mean, error, persistence, innovation = autoregression(use[part])
        spread = innovation / np.sqrt(1 - persistence**2)
        half = np.log(0.5) / np.log(persistence)
        print(f"| {label} | {100 * np.exp(mean):.1f} | {100 * np.exp(mean) * error:.1f} | {persistence:.4f} | {half:.0f} | {100 * innovation:.2f} | {100 * spread:.1f} |")
    _capacity(capacity, use, first)


def autoregression(values: FloatArray) -> tuple[float, float, float, float]:
    """Fit a stationary AR(1) with a mean by restricted likelihood: mean, its standard error, persistence, innovation."""
    rows = len(values)

    def split(persistence: float) -> tuple[float, float, float]:
        root = np.sqrt(1 - persistence**2)
        one, seen = np.r_[root, np.full(rows - 1, 1 - persistence)], np.r_[root * values[0], values[1:] - persistence * values[:-1]]
        mean = float(one @ seen / (one @ one))
        return mean, float(np.sum((seen - mean * one) ** 2)) / (rows - 1), float(one @ one)

    def loss(persistence: float) -> float:
        _, variance, weight = split(persistence)
        return 0.5 * ((rows - 1) * np.log(variance) - np.log(1 - persistence**2) + np.log(weight))

    persistence = float(minimize_scalar(loss, bounds=(0.0, 0.99999), method="bounded", options={"xatol": 1e-8}).x)
    mean, variance, weight = split(persistence)
    return mean, float(np.sqrt(variance / weight)), persistence, float(np.sqrt(variance))


def _capacity(capacity: FloatArray, use: FloatArray, first: NDArray[np.bool_]) -> None:
    output = capacity + use
    mean, error, persistence, innovation = autoregression(use[first])
    growth = float(np.diff(capacity[first], 2).std(ddof=1))
    learned = capacity_paths(output[None, :], Gap(mean, error, persistence, innovation, growth))
    stated = capacity_paths(output[None, :], Gap(PRIOR_USE_MEAN, PRIOR_USE_SD, persistence, innovation, growth))
    highest = np.maximum.accumulate(output)
    distance = (capacity - highest)[first]
    peak = np.full(len(output), np.nan)
    peak[23:] = best_years(np.lib.stride_tricks.sliding_window_view(output, 24), 3)
    methods = {
        "sustained peak": (peak + 0.15, np.full(len(output), np.hypot(0.10, 0.10))),
        "highest so far": (highest + distance.mean(), np.full(len(output), distance.std(ddof=1))),
        "trend and gap, mean gap of the first half": (learned[0][0], learned[1][0]),
        "trend and gap, mean gap as stated": (stated[0][0], stated[1][0]),
    }
    later = ~first
    print("\n| method, judged 1991-2015 | mean error, log | RMSE | RMSE of the path | cover of 90 %, share of months | mean width of 90 % | months below output |")
    print("|---|---|---|---|---|---|---|")
    for name, (judged, sd) in methods.items():
        wrong, wide = (judged - capacity)[later], Z90 * sd[later]
        path = np.sqrt(np.mean((wrong - wrong.mean()) ** 2))
        held, below = np.mean(np.abs(wrong) <= wide), int((judged < output)[later].sum())
        print(f"| {name} | {wrong.mean():+.3f} | {np.sqrt(np.mean(wrong**2)):.3f} | {path:.3f} | {held:.2f} | {2 * wide.mean():.2f} | {below} |")


if __name__ == "__main__":
    main()
