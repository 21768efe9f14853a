"""The estimate against a full-Bayes version of the same model, on the reference cross-section and on draws from its own prior.

    python benchmarks/full_bayes.py FILE [SEEDS] [UNITS] [FIRST]   # error on the uninspected, cover and time, against Hamiltonian Monte Carlo (numpyro)
    python benchmarks/full_bayes.py prior [DRAWS] [FIRST]          # simulation-based calibration, before any conformal rescaling

FILE is `estimation_sim.py`. Simulation-based calibration (Talts and others 2018, arXiv 1804.06788) draws variances, effects and elasticities from the priors that
docs/methods/estimation.md states, then a country from them, and takes the rank of one true figure in its estimate. Ranks of a sound method are uniform; of each figure there is one
rank a country, so that they are independent. A seed of 1,000 units takes 100 s by Monte Carlo, 0.5 s by the estimate; 200 draws from the prior take one minute.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr, ndtri

from _cross_section import cross_section_economy, load_simulate
from _full_bayes import Groups, World, draw_world, full_posterior
from _worlds import estimate_uncalibrated, world_economy
from groundplan.estimation.estimate import estimate
from groundplan.maths.lognormal import Z90

FloatArray = NDArray[np.float64]


def main() -> None:
    """Run one of the comparisons."""
    match sys.argv[1:]:
        case ["prior", *rest]:
            _calibration(*(int(number) for number in (*rest, *(200, 1)[len(rest) :])))
        case [file, *rest]:
            _against(Path(file), *(int(number) for number in (*rest, *(30, 1_000, 1)[len(rest) :])))
        case _:
            sys.exit(__doc__)


def _against(file: Path, seeds: int, units: int, first: int) -> None:
    print("| seed | log RMSE, full Bayes | groundplan | ratio | cover of 90 %, full Bayes | groundplan | seconds, full Bayes | groundplan |\n|---|---|---|---|---|---|---|---|")
    rows = []
    for seed in range(first, first + seeds):
        drawn = load_simulate(file)(units, seed)
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


def ranks(draws: int, first: int) -> dict[str, FloatArray]:
    """Give the share of the posterior below the truth, of one unit that was not inspected, of one that was, of the mean log output and of the total; shape (draws,) each."""
    found: dict[str, list[float]] = {name: [] for name in ("a unit not inspected", "a unit inspected", "mean log output", "total output")}
    for seed in range(first, first + draws):
        rng = np.random.default_rng([seed, 11])
        world, output = draw_world(rng, units=300, proxies=int(rng.integers(1, 3)), plates=bool(rng.integers(2)), visits=40)
        made = estimate_uncalibrated(world_economy(world))
        table = made.estimates.sort("unit")
        mean, sd, own = (table[name].to_numpy() for name in ("log_mean", "log_sd", "own_log_sd"))
        for name, seen in (("a unit not inspected", False), ("a unit inspected", True)):
            at = int(rng.choice(np.flatnonzero(np.isfinite(world.finding) == seen)))
            found[name].append(float(ndtr((output[at] - mean[at]) / sd[at])))
        # Rows share errors through the loadings of their series: of the mean, each factor's are added up.
        shared = made.estimate_factors.group_by("factor").agg(pl.col("loading").sum())["loading"].to_numpy()
        spread = float(np.sqrt((shared**2).sum() + (own**2).sum())) / len(mean)
        found["mean log output"].append(float(ndtr((output.mean() - mean.mean()) / spread)))
        total = made.totals.filter(pl.col("level") == "total").row(0, named=True)
        width = float(np.log(total["upper_90"] / total["lower_90"])) / (2 * Z90)
        found["total output"].append(float(ndtr((np.log(np.exp(output).sum()) - np.log(total["median"])) / width)))
    return {name: np.array(values) for name, values in found.items()}


def _calibration(draws: int, first: int) -> None:
    print("| figure | mean rank | sd of normal scores | in 90 % intervals | in 50 % intervals | Kolmogorov-Smirnov p |\n|---|---|---|---|---|---|")
    for name, values in ranks(draws, first).items():
        scores = ndtri(np.clip(values, 1e-9, 1 - 1e-9))
        held = [float(np.mean(np.abs(values - 0.5) <= level / 2)) for level in (0.9, 0.5)]
        even = stats.kstest(values, "uniform").pvalue
        mean = f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(draws):.3f}"
        print(f"| {name} | {mean} | {scores.std(ddof=1):.3f} | {held[0]:.3f} | {held[1]:.3f} | {even:.2f} |")


if __name__ == "__main__":
    main()
