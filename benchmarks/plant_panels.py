"""Recover the output of real plants of which 5 % are inspected, against simple rivals.

    python benchmarks/plant_panels.py [SEEDS]       # 10 unless said otherwise; about 2 minutes on one core

Real: output and proxies of plants in Chile and Colombia (../shared/data/plant-panels). Drawn: groups, who is inspected, and the bias of reports (see
`_plants.py`). All methods see the same; the seed is the replicate, and standard errors are over seeds. Errors are of log output over years of plants
that nobody inspected; `better than boosting` is the paired difference of log RMSE.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import polars as pl

from _plant_rivals import RIVALS
from _plants import PANELS, SCENARIOS, Drawn, FloatArray, draw, plants_economy, read_panel
from groundplan.estimation.estimate import estimate


def main() -> None:
    """Run all panels, scenarios and methods."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print("| plants | scenario | method | log RMSE | cover of 90 % | cover of 50 % | width of 90 %, log | better than boosting | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    for file in PANELS:
        panel = read_panel(file)
        if panel is None:
            print(f"{file} is not beside the repository (../shared/data/plant-panels): nothing is measured on it")
            continue
        for scenario in SCENARIOS:
            _print(file, scenario, [_one(draw(panel, scenario, seed), file) for seed in range(1, seeds + 1)])


def _one(drawn: Drawn, file: str) -> dict[str, list[float]]:
    """Score each method: log RMSE, covers of 90 and 50 %, mean width of 90 %, seconds."""
    scores = {}
    for name, predict in {**RIVALS, "groundplan": lambda one: _groundplan(one, file)}.items():
        began = time.perf_counter()
        predicted = predict(drawn)
        seconds = time.perf_counter() - began
        if predicted is None:
            continue
        mean, lower, upper = predicted
        out = ~drawn.inspected
        error, truth = (mean - drawn.truth)[out], drawn.truth[out]
        held = [float(np.mean((low[out] <= truth) & (truth <= high[out]))) if np.isfinite(low[out]).any() else float("nan") for low, high in zip(lower, upper, strict=True)]
        scores[name] = [float(np.sqrt(np.mean(error**2))), *held, float(np.mean((upper[0] - lower[0])[out])), seconds]
    return scores


def _groundplan(drawn: Drawn, file: str) -> tuple[FloatArray, list[FloatArray], list[FloatArray]]:
    """Give log mean and bounds (90 %, 50 %) of each plant-year."""
    table = estimate(plants_economy(drawn, file)).estimates
    rows = pl.DataFrame({"unit": [f"P{number:05d}" for number in drawn.plant], "period": drawn.year.astype(str)}).join(
        table, on=["unit", "period"], how="left", maintain_order="left"
    )
    bounds = [[rows[f"{side}_{level}"].log().to_numpy() for level in (90, 50)] for side in ("lower", "upper")]
    return rows["log_mean"].to_numpy(), bounds[0], bounds[1]


def _print(file: str, scenario: str, scores: list[dict[str, list[float]]]) -> None:
    boosting = np.array([one["boosting + conformal"][0] for one in scores])
    for name in scores[0]:
        values = np.array([one[name] for one in scores])
        mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.full(5, np.nan)
        gain = boosting - values[:, 0]
        gained = "" if name.startswith("boosting") else f"{gain.mean():+.3f} ± {gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan:.3f}"
        covers = " | ".join("" if np.isnan(mean[at]) else f"{mean[at]:.3f} ± {error[at]:.3f}" for at in (1, 2))
        width = "" if np.isnan(mean[3]) else f"{mean[3]:.2f}"
        print(f"| {file} | {scenario} | {name} | {mean[0]:.3f} ± {error[0]:.3f} | {covers} | {width} | {gained} | {mean[4]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
