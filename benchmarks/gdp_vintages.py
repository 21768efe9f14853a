"""What a first report of growth says of the growth that the office comes to in the end: the United States and the euro area, vintage by vintage.

    python benchmarks/gdp_vintages.py               # about 10 seconds

A report is the quarter's growth (log, in %) as first published; the truth is the quarter's growth in the last vintage, or in the vintage eight quarters later. Each
quarter is judged at its own first vintage, and only with what was published by then: quarters that are at least 8 (or 20) quarters old count as settled at the
value that this very vintage gives them (or, where the truth is that of eight quarters later, gave them eight quarters after their first).

groundplan's model is that of its estimate, with its own pieces (`maths.mixed`, `maths.conformal`): report = truth + bias of all + bias of the country + error of the
quarter, bias with stated priors, variances by EM, intervals stretched by studentised conformal residuals of the settled quarters, held out. Rivals: no revision,
and the mean of the country's past revisions; their intervals are normal, with the spread of the country's past revisions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.maths.conformal import conformal_factor
from groundplan.maths.lognormal import Z50, Z90
from groundplan.maths.measurements import Measurements, Variances
from groundplan.maths.mixed import held_out, solve
from groundplan.maths.reml import fit_variances

FloatArray = NDArray[np.float64]
FILE = Path(__file__).parents[1] / "../shared/data/gdp-vintages/vintages.csv"
CASES = (("last vintage", 8), ("last vintage", 20), ("eight quarters later", 8))
"""What counts as the truth, and after how many quarters growth counts as settled."""
LEAST = 16
"""Settled quarters that a judgement needs of each country."""
_BIAS_SD, _COUNTRY_SD, _NOISE_SD = 0.2, 0.1, 0.3
"""Priors in percentage points of quarterly growth: mean revision of all, of a country around it, and of a quarter."""
_EXACT = 0.02**2
"""Variance of a settled value itself: it is published to a hundredth or two of a point."""


def main() -> None:
    """Judge each quarter at its first vintage and print errors and covers."""
    if not FILE.exists():
        print("the vintages are not beside the repository (../shared/data/gdp-vintages): nothing is measured")
        return
    vintages = _read()
    growth = np.stack([vintages[name] for name in sorted(vintages)])
    print("| truth | settled after | quarters | method | RMSE, points | cover of 90 % | cover of 50 % | mean width of 90 % |")
    print("|---|---|---|---|---|---|---|---|")
    for truth, settled in CASES:
        scores = _judge(growth, settled, fixed=truth != "last vintage")
        for label, years in (("all", []), ("without 2020", _quarters_of(2020))):
            for method, rows in scores.items():
                quarter, error, half, ninety = np.array(rows)[~np.isin([row[0] for row in rows], years)].T
                covers = " | ".join(_cover(np.abs(error) <= width, quarter) for width in (ninety, half))
                number = len(np.unique(quarter))
                print(f"| {truth} | {settled} | {label}, {number} | {method} | {np.sqrt(np.mean(error**2)):.3f} | {covers} | {2 * ninety.mean():.2f} |")


def _judge(growth: FloatArray, settled: int, *, fixed: bool) -> dict[str, list[tuple[int, float, float, float]]]:
    """Quarter, error and half-widths of 50 and 90 % of each method, a row a quarter and country."""
    scores: dict[str, list[tuple[int, float, float, float]]] = {"no revision": [], "mean revision": [], "groundplan": []}
    last = growth.shape[1] - 1
    for vintage in range(growth.shape[1]):
        newest = _newest(growth[0, vintage])
        if _newest(growth[0, last]) - newest < settled:
            continue
        revisions = _revisions(growth, vintage, settled, fixed=fixed)
        if np.isfinite(revisions).sum(axis=1).min() < LEAST:
            continue
        error = growth[:, vintage, newest] - growth[:, _at_age(growth, newest, settled) if fixed else last, newest]
        for method, (shift, half, ninety) in _methods(revisions).items():
            scores[method] += [(newest, float(e), float(h), float(n)) for e, h, n in zip(error - shift, half, ninety, strict=True)]
    return scores


def _read() -> dict[str, FloatArray]:
    """Give by country growth in %, shape (vintages, quarters); NaN where a vintage does not have the quarter."""
    table = pl.read_csv(FILE, try_parse_dates=True).sort("country", "pub_date", "quarter_start")
    grown = table.with_columns(growth=100 * pl.col("real_gdp").log().diff().over("country", "pub_date"))
    found = {}
    for (country,), part in grown.partition_by("country", as_dict=True).items():
        wide = part.pivot("quarter_start", index="pub_date", values="growth").sort("pub_date")
        found[str(country)] = wide.select(sorted(wide.columns[1:])).to_numpy()
    return found


def _quarters_of(year: int) -> list[int]:
    return [(year - 1980) * 4 + at for at in range(4)]


def _newest(row: FloatArray) -> int:
    return int(np.flatnonzero(np.isfinite(row))[-1])


def _at_age(growth: FloatArray, quarter: int, age: int) -> int:
    """First vintage whose newest quarter is so many quarters later."""
    return next(at for at in range(growth.shape[1]) if _newest(growth[0, at]) >= quarter + age)


def _revisions(growth: FloatArray, vintage: int, settled: int, *, fixed: bool) -> FloatArray:
    """First report less settled value as far as this vintage tells, shape (countries, earlier vintages); NaN where not settled."""
    newest = _newest(growth[0, vintage])
    found = np.full((growth.shape[0], max(vintage, 1)), np.nan)
    for earlier in range(vintage):
        at = _newest(growth[0, earlier])
        # The first vintage of all may be the first to have several quarters; only its newest is a first report.
        if newest - at >= settled:
            found[:, earlier] = growth[:, earlier, at] - growth[:, _at_age(growth, at, settled) if fixed else vintage, at]
    return found


def _methods(revisions: FloatArray) -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    """Shift and half-widths of 50 and 90 % by country."""
    spread, mean = np.sqrt(np.nanmean(revisions**2, axis=1)), np.nanmean(revisions, axis=1)
    own = np.nanstd(revisions, axis=1, ddof=1) * np.sqrt(1 + 1 / np.isfinite(revisions).sum(axis=1))
    nothing = np.zeros(len(mean))
    return {"no revision": (nothing, Z50 * spread, Z90 * spread), "mean revision": (mean, Z50 * own, Z90 * own), "groundplan": _groundplan(revisions)}


def _groundplan(revisions: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shift and half-widths by country from the mixed model; the new quarters are units without a measurement."""
    countries = len(revisions)
    country, at = np.nonzero(np.isfinite(revisions))
    settled = len(country)
    of = np.concatenate([country, np.arange(countries)])
    W = csr_array((np.ones(2 * len(of)), (np.repeat(np.arange(len(of)), 2), np.column_stack([np.zeros(len(of), int), 1 + of]).ravel())), shape=(len(of), 1 + countries))
    data = Measurements(
        unit=np.arange(settled),
        value=revisions[country, at],
        loading=np.ones(settled),
        design=csr_array(W[:settled]),
        component=np.full(settled, -1),
        known=np.full(settled, _EXACT),
        unit_design=W,
        unit_scale=np.ones(len(of)),
        block=np.array([-1] + [0] * countries),
        mean=np.zeros(1 + countries),
        wide=np.full(1 + countries, _BIAS_SD**2),
    )
    start = Variances(_NOISE_SD**2, np.zeros(0), np.array([_COUNTRY_SD**2]))
    variances, _ = fit_variances(data, start, counts=Variances(4.0, np.zeros(0), np.array([4.0])))
    post = solve(data, variances)
    residual, variance = held_out(data, variances, post, np.arange(settled))
    half, ninety = (conformal_factor(residual, variance - _EXACT, np.full(settled, _EXACT), level=level) for level in (0.5, 0.9))
    deviation = np.sqrt(post.unit_variance()[settled:])
    return post.unit_mean[settled:], Z50 * half * deviation, Z90 * ninety * deviation


def _cover(held: NDArray[np.bool_], quarter: FloatArray) -> str:
    """Share and its standard error; the countries' errors of one quarter count as one cluster."""
    means = np.array([held[quarter == at].mean() for at in np.unique(quarter)])
    return f"{held.mean():.3f} ± {means.std(ddof=1) / np.sqrt(len(means)):.3f}"


if __name__ == "__main__":
    main()
