"""The estimate against a full-Bayes version of the same model, on the reference cross-section and on draws from its own prior.

    python benchmarks/full_bayes.py FILE [SEEDS] [UNITS] [FIRST]   # error on the uninspected, cover and time, against Hamiltonian Monte Carlo (numpyro)
    python benchmarks/full_bayes.py prior [DRAWS] [FIRST]          # simulation-based calibration, before any conformal rescaling

FILE is `estimation_sim.py`. Simulation-based calibration (Talts and others 2018, arXiv 1804.06788) draws variances, effects and elasticities from the priors that docs/methods/estimation.md states, then a
country from them, and takes the rank of one true figure in its estimate. Ranks of a sound method are uniform; one rank a country, so that they are independent. A seed of 1,000 units takes
100 s by Monte Carlo, 0.4 s by the estimate.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

from _cross_section import cross_section_economy
from _full_bayes import Groups, World, full_posterior
from cover import simulate
from groundplan.estimation.estimate import estimate


def main() -> None:
    """Run one of the comparisons."""
    match sys.argv[1:]:
        case [file, *rest]:
            _against(Path(file), *(int(number) for number in (*rest, *(30, 1_000, 1)[len(rest) :])))
        case _:
            sys.exit(__doc__)


def _against(file: Path, seeds: int, units: int, first: int) -> None:
    print("| seed | log RMSE, full Bayes | groundplan | ratio | cover of 90 %, full Bayes | groundplan | seconds, full Bayes | groundplan |\n|---|---|---|---|---|---|---|---|")
    rows = []
    for seed in range(first, first + seeds):
        drawn = simulate(file)(units, seed)
        out, y = ~drawn["aud"], drawn["y"]
        world = World(Groups(drawn["typ"], drawn["sec"], drawn["reg"], 3, drawn["S"], drawn["R"]), drawn["r"], (drawn["e"],), np.full(units, np.nan), drawn["a"], 0.03)
        began = time.perf_counter()
        full = full_posterior(world, draws=500, warmup=500, seed=seed).output
        middle = time.perf_counter()
        table = estimate(cross_section_economy(drawn)).estimates.sort("unit")
        ended = time.perf_counter()
        errors = [float(np.sqrt(np.mean((values - y)[out] ** 2))) for values in (np.median(full, axis=0), table["log_mean"].to_numpy())]
        bounds = [tuple(np.quantile(full, [0.05, 0.95], axis=0)), tuple(np.log(table[f"{side}_90"].to_numpy()) for side in ("lower", "upper"))]
        covers = [float(np.mean(((low <= y) & (y <= high))[out])) for low, high in bounds]
        rows.append([*errors, errors[1] / errors[0], *covers, middle - began, ended - middle])
        print(f"| {seed} | " + " | ".join(f"{value:.{digits}f}" for value, digits in zip(rows[-1], (4, 4, 3, 3, 3, 1, 1), strict=True)) + " |", flush=True)
    values = np.array(rows)
    mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(seeds)
    print("| mean | " + " | ".join(f"{value:.{digits}f}" for value, digits in zip(mean, (4, 4, 3, 3, 3, 1, 1), strict=True)) + " |")
    print(f"\nUpper 95 % bound of the mean ratio: {mean[2] + stats.t.ppf(0.95, seeds - 1) * error[2]:.3f}.")


if __name__ == "__main__":
    main()
