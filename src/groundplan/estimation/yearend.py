"""Filling up to the target at the end of the year: reports of the last months that rise beyond what the unit's proxies bear out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.locate import series_positions
from groundplan.maths.spike import fit_spike, spike_posterior
from groundplan.period import parse_period
from groundplan.tables.economy import Economy

__all__ = ["Filling", "year_end_filling"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_Span = tuple[int, IntArray, IntArray]

_FIRST_LATE = 9
_LEAST_LATE, _LEAST_EARLY = 3, 5
"""Months with report and proxy that a year must have in its last third, and in its first two."""
_LEAST_YEARS = 40
_HEAP = (1.0, 1.03)
"""Yearly reports that reach so much of their target are those that may have been filled up to it; how often they are is learned."""


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """By how much reports of the last third of a year exceed their unit's lasting bias, and how sure that is; shape (S, T), 0 where nothing is known."""

    shift: FloatArray
    variance: FloatArray


def year_end_filling(economy: Economy, evidence: Evidence, log_report: FloatArray) -> Filling:
    """Judge, for each series and year with monthly reports and a proxy, whether its last four months were filled up.

    The contrast is the mean of r - q / b over September to December less that over January to August, b being the slope of the proxy on reports
    within units and years in the early months. Contrasts around the median one are taken as a mixture: no filling, or a normal filling. How
    frequent filling is, is learned apart for years that end in the heap just above the target and for the others.

    Args:
        economy: the tables, of which the targets are read.
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
    """
    shift, variance = np.zeros(log_report.shape), np.zeros(log_report.shape)
    parsed = [parse_period(label) for label in evidence.periods]
    monthly = np.array([period.length == "month" for period in parsed], bool)
    year, month = np.array([period.start.year for period in parsed], np.int64), np.array([period.start.month for period in parsed], np.int64)
    years = np.unique(year[monthly])
    early, late = monthly & (month < _FIRST_LATE), monthly & (month >= _FIRST_LATE)
    spans: list[_Span] = [(int(number), np.flatnonzero(early & (year == number)), np.flatnonzero(late & (year == number))) for number in years]
    made = _best_contrasts(evidence, log_report, spans)
    if made is None:
        return Filling(shift, variance)
    heaped = _in_heap(economy, evidence, spans)[made.series, np.searchsorted(years, made.year)].astype(np.int64)
    centred = made.value - np.median(made.value)
    mean, spread = spike_posterior(fit_spike(centred, made.noise, heaped, groups=2), centred, made.noise, heaped)
    for number, _, columns in spans:
        rows = made.year == number
        shift[np.ix_(made.series[rows], columns)] = mean[rows][:, None]
        variance[np.ix_(made.series[rows], columns)] = spread[rows][:, None]
    return Filling(shift, variance)


@dataclass(frozen=True, slots=True, eq=False)
class _Contrasts:
    """Series, year, contrast and the variance of its noise, shape (n,) each."""

    series: IntArray
    year: IntArray
    value: FloatArray
    noise: FloatArray


def _best_contrasts(evidence: Evidence, log_report: FloatArray, spans: list[_Span]) -> _Contrasts | None:
    """Give the contrasts by the proxy around which reports vary least; None where there are too few."""
    best = None
    for values in evidence.proxies.values():
        proxy = np.where(np.isfinite(log_report), values[evidence.series_unit], np.nan)
        made = _contrasts(np.where(np.isfinite(proxy), log_report, np.nan), proxy, spans)
        if made is not None and (best is None or made.noise.mean() < best.noise.mean()):
            best = made
    return best


def _contrasts(report: FloatArray, proxy: FloatArray, spans: list[_Span]) -> _Contrasts | None:
    there = np.isfinite(proxy)
    blocks = [(number, np.flatnonzero((there[:, early].sum(axis=1) >= _LEAST_EARLY) & (there[:, late].sum(axis=1) >= _LEAST_LATE)), early, late) for number, early, late in spans]
    if sum(len(rows) for _, rows, _, _ in blocks) < _LEAST_YEARS:
        return None
    within = [(_centred(report[np.ix_(rows, early)]), _centred(proxy[np.ix_(rows, early)])) for _, rows, early, _ in blocks]
    cross, square = sum(float((r * q).sum()) for r, q in within), sum(float((r * r).sum()) for r, _ in within)
    if cross <= 0 or square <= 0:
        return None
    gap = report - proxy * (square / cross)
    series, years, value, share, squares, freedom = [], [], [], [], 0.0, 0.0
    for number, rows, early, late in blocks:
        first, last = gap[np.ix_(rows, early)], gap[np.ix_(rows, late)]
        known = np.isfinite(first).sum(axis=1), np.isfinite(last).sum(axis=1)
        squares += float((_centred(first) ** 2).sum() + (_centred(last) ** 2).sum())
        freedom += float((known[0] + known[1] - 2).sum())
        series.append(rows)
        years.append(np.full(len(rows), number))
        value.append(_mean(last) - _mean(first))
        share.append(1.0 / known[0] + 1.0 / known[1])
    return _Contrasts(np.concatenate(series), np.concatenate(years), np.concatenate(value), np.concatenate(share) * max(squares / freedom, 1e-6))


def _mean(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _centred(values: FloatArray) -> FloatArray:
    """Values less their row's mean; 0 where there is none."""
    return np.where(np.isfinite(values), values - _mean(values)[:, None], 0.0)


def _in_heap(economy: Economy, evidence: Evidence, spans: list[_Span]) -> BoolArray:
    """Say which series' years end in the heap just above their target, shape (S, years)."""
    heaped = np.zeros((len(evidence.series_unit), len(spans)), bool)
    targets = economy.targets.filter((pl.col("indicator") == "output") & (pl.col("quantity") > 0))
    targets = targets.sort("plan", "version").unique(["unit", "product", "period"], keep="last", maintain_order=True)
    for at, (number, early, late) in enumerate(spans):
        part = targets.filter(pl.col("period") == f"{number:04d}").sort("unit", "product")
        place = series_positions(evidence.bearers.series, part)
        known = place >= 0
        made = np.nan_to_num(evidence.reported[:, np.concatenate([early, late])]).sum(axis=1)[place[known]]
        ratio = made / part["quantity"].to_numpy()[known]
        heaped[place[known], at] = (ratio >= _HEAP[0]) & (ratio < _HEAP[1])
    return heaped
