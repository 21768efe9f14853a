"""Frontiers of real farms and utilities against estimates that others published, and a plant's best year as a bound on its capacity.

    python benchmarks/frontier.py                   # about 10 seconds

Published: reference output of the R package sfaR 1.0.1 (tests/sfacross.Rout.save, `cd_u_h`) for 791 plant-years of American utilities, and the documentation of the R package
smfa 1.0.1 (README, groups of `sfacross`) for Philippine rice farms in thirds of their area. The data sets are those of Kumbhakar and others and of Coelli and others (2005); their
books' own tables were not at hand, so they are not quoted.

Best years: each farm's frontier is what it could have made with the inputs of a year. How often is the farm's own best year (output per frontier of the others' making) above
what it makes in the years after?
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.maths.frontier import Law, best_years, fit_frontier, inefficiency

FloatArray = NDArray[np.float64]
DATA = Path(__file__).parents[1] / "../shared/data/frontier-benchmarks"

UTILITIES = (56.41206, (-2.388, 0.993, 0.016, 0.718, -2.572, 1.023, -5.083), (0.194, 0.008, 0.028, 0.042, 0.112, 0.117, 0.218))
RICE = {
    "small": (-50.98578, (-1.58745, 0.24014, 0.43464, 0.30516, -1.45093, -2.93406), (0.51274, 0.11834, 0.12292, 0.05701, 0.29867, 0.35401)),
    "medium": (-15.28164, (-0.08182, 0.47410, 0.17935, 0.20255, -1.51367, -4.54846), (0.50668, 0.13984, 0.10201, 0.08130, 0.23549, 0.76429)),
    "large": (-8.02197, (-1.31194, 0.38278, 0.42105, 0.23143, -1.78673, -4.26963), (0.41859, 0.14297, 0.10992, 0.06065, 0.20176, 0.40584)),
}
"""Published log likelihood, coefficients with log variances (inefficiency, noise) last, and standard errors."""


def main() -> None:
    """Print both comparisons."""
    if not DATA.exists():
        print("the frontier benchmarks are not beside the repository (../shared/data/frontier-benchmarks): nothing is measured")
        return
    print("| data | rows | log likelihood | published | largest difference of a coefficient | of a standard error | mean efficiency |")
    print("|---|---|---|---|---|---|---|")
    tc, wf, y, wl, wk, regulated = _columns("utility.csv", "tc", "wf", "y", "wl", "wk", "regu")
    _compare("utilities, cost", np.log(tc / wf), _design(y, wl / wf, wk / wf), np.column_stack([np.ones(len(y)), regulated]), UTILITIES, cost=True)
    area, labour, fertiliser, rice = _columns("ricephil.csv", "AREA", "LABOR", "NPK", "PROD")
    third = np.searchsorted(np.quantile(area, [1 / 3, 2 / 3]), area, side="left")
    for at, (name, published) in enumerate(RICE.items()):
        part = third == at
        _compare(f"rice farms, {name}", np.log(rice[part]), _design(area[part], labour[part], fertiliser[part]), None, published, cost=False)
    print("\n| data | law | log likelihood | coefficients | standard errors | sigma_u | sigma_v | mean efficiency |")
    print("|---|---|---|---|---|---|---|---|")
    cost, output, wage, capital, fuel = _columns("electricity.csv", "cost", "output", "lprice", "cprice", "fprice")
    utilities = np.column_stack([np.ones(len(cost)), np.log(output), np.log(output) ** 2, np.log(wage / fuel), np.log(capital / fuel)])
    laws: tuple[Law, Law] = ("half-normal", "exponential")
    for law in laws:
        _show("rice farms, all", np.log(rice), _design(area, labour, fertiliser), law, cost=False)
        _show("electricity 1970, cost", np.log(cost / fuel), utilities, law, cost=True)
    _best_years()


def _columns(file: str, *names: str) -> list[FloatArray]:
    table = pl.read_csv(DATA / file, infer_schema_length=None)
    return [table[name].cast(pl.Float64).to_numpy() for name in names]


def _design(*columns: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(columns[0])), *(np.log(column) for column in columns)])


def _compare(name: str, y: FloatArray, x: FloatArray, z: FloatArray | None, published: tuple[float, tuple[float, ...], tuple[float, ...]], *, cost: bool) -> None:
    fitted = fit_frontier(y, x, z=z, cost=cost)
    found = np.array([*fitted.beta, *fitted.gamma, fitted.log_noise])
    likelihood, coefficients, errors = published
    away = np.abs(found - coefficients).max()
    wrong = np.abs(fitted.standard_errors - errors).max()
    efficiency = inefficiency(fitted, y, x, z=z).efficiency.mean()
    print(f"| {name} | {len(y)} | {fitted.log_likelihood:.5f} | {likelihood:.5f} | {away:.5f} | {wrong:.5f} | {efficiency:.3f} |")


def _show(name: str, y: FloatArray, x: FloatArray, law: Law, *, cost: bool) -> None:
    fitted = fit_frontier(y, x, law=law, cost=cost)
    beta, error = (" ".join(f"{value:.3f}" for value in values[: x.shape[1]]) for values in (fitted.beta, fitted.standard_errors))
    own, noise = np.exp(fitted.gamma[0] / 2), np.exp(fitted.log_noise / 2)
    print(f"| {name} | {law} | {fitted.log_likelihood:.3f} | {beta} | {error} | {own:.3f} | {noise:.3f} | {inefficiency(fitted, y, x).efficiency.mean():.3f} |")


def _best_years() -> None:
    """Judge each farm's capacity by its best years up to the last but one, and see whether the last year stays below."""
    print("\n| data | farms | last year above the best year before | above the mean of the best two | best year above mean, log | the frontier's mean inefficiency |")
    print("|---|---|---|---|---|---|")
    for name, file, farm, year, made, used in (
        ("rice farms", "ricephil.csv", "FARMERCODE", "YEARDUM", "PROD", ("AREA", "LABOR", "NPK")),
        ("Spanish dairy farms", "dairyspain.csv", "FARM", "YEAR", "MILK", ("COWS", "LAND", "LABOR", "FEED")),
    ):
        code, when, y, *inputs = _columns(file, farm, year, made, *used)
        x = _design(*inputs)
        fitted = fit_frontier(np.log(y), x)
        # Output for what was put in, so that a year with more land is not taken for a better one.
        rest = np.log(y) - x @ fitted.beta
        _, row = np.unique(code, return_inverse=True)
        _, column = np.unique(when, return_inverse=True)
        wide = np.full((row.max() + 1, column.max() + 1), np.nan)
        wide[row, column] = rest
        whole = wide[np.isfinite(wide).all(axis=1)]
        above = [np.mean(whole[:, -1] > best_years(whole[:, :-1], count)) for count in (1, 2)]
        lift = np.mean(best_years(whole, 1) - whole.mean(axis=1))
        print(f"| {name} | {len(whole)} | {above[0]:.2f} | {above[1]:.2f} | {lift:.3f} | {inefficiency(fitted, np.log(y), x).mean.mean():.3f} |")


if __name__ == "__main__":
    main()
