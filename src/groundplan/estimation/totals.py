"""Totals of output by country, sector and region, with shared errors counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.rows import Rows
from groundplan.estimation.spread import Spread
from groundplan.maths.groups import group_count, group_sum
from groundplan.maths.lognormal import Z50, Z90, lognormal_mean, sum_log_moments
from groundplan.period import Length, parse_period
from groundplan.tables.economy import Economy
from groundplan.tables.results import Totals

__all__ = ["totals_table"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FULL = 0.95


def totals_table(economy: Economy, evidence: Evidence, rows: Rows, spread: Spread) -> pl.DataFrame:
    """Add rows up by plan period, product and each of country, sector and region.

    The sum's mean is that of lognormals; its variance is sum over factors of (sum_i m_i loading_i)^2 plus sum_i (m_i own_i)^2, the logs' carried
    over at first order; the sum is taken as lognormal (Fenton 1960). `reported` is null where nobody reports. Periods that reports
    cover to less than 95 % are left out, unless none is covered.
    """
    labels, year = _plan_periods(evidence.periods, economy.settings.period_length)
    if not labels or not len(rows.series):
        return Totals.create_empty()
    sd = np.where(rows.zero, 0.0, spread.log_sd)
    mean = np.where(rows.zero, 0.0, lognormal_mean(np.exp(np.where(rows.zero, 0.0, rows.mean)), sd))
    own = (mean * np.where(rows.zero, 0.0, spread.own_sd)) ** 2
    reported = evidence.reported[rows.series, rows.period]
    inside = year[rows.period] >= 0
    series, when = rows.series[inside], year[rows.period][inside]
    shape = (len(evidence.series_unit), len(labels))
    cell = series * shape[1] + when
    sums = {name: group_sum(cell, values[inside], shape[0] * shape[1]).reshape(shape) for name, values in (("mean", mean), ("own", own), ("reported", np.nan_to_num(reported)))}
    # A sum of no reports is not a report of nothing.
    sums["reports"] = group_sum(cell, np.isfinite(reported[inside]).astype(float), shape[0] * shape[1]).reshape(shape)
    counted = group_count(cell, shape[0] * shape[1]).reshape(shape) > 0
    parts = []
    for level, grouping in (("total", None), ("sector", evidence.sector), ("region", evidence.region)):
        names = ("all",) if grouping is None else grouping.labels
        place = np.zeros(len(evidence.units), np.int64) if grouping is None else grouping.position
        parts.append(_level(evidence, rows, spread, sums, counted, (level, names, place), labels))
    return pl.concat(parts).sort("level", "key", "product", "period")


def _level(
    evidence: Evidence, rows: Rows, spread: Spread, sums: dict[str, FloatArray], counted: NDArray[np.bool_], group: tuple[str, tuple[str, ...], IntArray], labels: tuple[str, ...]
) -> pl.DataFrame:
    level, names, place = group
    products = len(evidence.products)
    code, cell = np.unique(place[evidence.series_unit] * products + evidence.series_product, return_inverse=True)
    count, series = len(code), np.arange(len(cell))
    frames = []
    for at, label in enumerate(labels):
        pulls = csr_array((sums["mean"][:, at], (cell, series)), shape=(count, len(cell))) @ spread.loadings
        variance = np.asarray(csr_array(pulls).power(2).sum(axis=1)).ravel() + group_sum(cell, sums["own"][:, at], count)
        mean = group_sum(cell, sums["mean"][:, at], count)
        median, log_sd = sum_log_moments(mean, variance)
        there = counted[:, at]
        frame = pl.DataFrame(
            {
                "level": pl.Series([level] * count, dtype=pl.String),
                "key": pl.Series(names, dtype=pl.String).gather(pl.Series(code // products)),
                "product": evidence.products.column("product", code % products),
                "period": pl.Series([label] * count, dtype=pl.String),
                "reported": pl.Series(np.where(group_sum(cell, sums["reports"][:, at], count) > 0, group_sum(cell, sums["reported"][:, at], count), np.nan)).fill_nan(None),
                "median": median,
                "lower_50": median * np.exp(-Z50 * log_sd),
                "upper_50": median * np.exp(Z50 * log_sd),
                "lower_90": median * np.exp(-Z90 * log_sd),
                "upper_90": median * np.exp(Z90 * log_sd),
                "units": pl.Series(group_sum(cell, there.astype(float), count).astype(np.int64), dtype=pl.Int64),
                "inspected_units": pl.Series(group_sum(cell, (there & rows.inspected).astype(float), count).astype(np.int64), dtype=pl.Int64),
            }
        )
        frames.append(frame.filter(pl.col("units") > 0))
    return pl.concat(frames)


def _plan_periods(periods: tuple[str, ...], length: Length) -> tuple[tuple[str, ...], IntArray]:
    """Give the plan periods that the columns fill, and each column's, -1 where it is in none."""
    parsed = [parse_period(label) for label in periods]
    # A period is written by its start, so the name with another length is that of the longer period in which it begins.
    around = [str(replace(period, length=length)) for period in parsed]
    inside = [label if parse_period(label).contains(period) else "" for label, period in zip(around, parsed, strict=True)]
    days: dict[str, int] = {}
    for label, period in zip(inside, parsed, strict=True):
        days[label] = days.get(label, 0) + period.days
    full = sorted(label for label, number in days.items() if label and number >= _FULL * parse_period(label).days)
    labels = full or sorted(label for label in days if label)
    return tuple(labels), np.array([labels.index(label) if label in labels else -1 for label in inside], np.int64)
