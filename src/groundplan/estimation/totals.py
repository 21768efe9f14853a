"""Totals of output by country, sector and region, with shared errors counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.rows import Rows
from groundplan.estimation.spread import Loadings, Spread
from groundplan.maths.groups import group_sum
from groundplan.maths.lognormal import Z50, Z90, lognormal_mean, sum_log_moments
from groundplan.period import Length, parse_period
from groundplan.tables.results import Totals

__all__ = ["PeriodSums", "plan_periods", "sum_periods", "totals_table"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FULL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class PeriodSums:
    """Sums over the rows of each series in each of Y plan periods, shape (S, Y) each.

    Args:
        mean: of output.
        own: of the squares of the rows' own errors.
        reported, reports: of reports, and how many there are.
        rows: how many rows there are.
    """

    mean: FloatArray
    own: FloatArray
    reported: FloatArray
    reports: FloatArray
    rows: FloatArray


def sum_periods(evidence: Evidence, rows: Rows, spread: Spread, year: IntArray, count: int) -> PeriodSums:
    """Add the rows of a part up by series and plan period.

    Args:
        evidence: of the part.
        rows: posterior of log output.
        spread: calibrated errors of the rows.
        year: shape (T,), the plan period of each column, 0 to count - 1; -1 where it is in none.
        count: Y, number of plan periods.
    """
    inside = year[rows.period] >= 0
    series, period, zero = rows.series[inside], rows.period[inside], rows.zero[inside]
    mean = np.where(zero, 0.0, lognormal_mean(np.exp(np.where(zero, 0.0, rows.mean[inside])), np.where(zero, 0.0, spread.log_sd[inside])))
    own = (mean * np.where(zero, 0.0, spread.own_sd[inside])) ** 2
    reported = evidence.reported[series, period]
    known = np.isfinite(reported)
    shape = (len(evidence.series_unit), count)
    cell = series * count + year[period]

    def add_up(values: FloatArray) -> FloatArray:
        return group_sum(cell, values, shape[0] * count).reshape(shape)

    return PeriodSums(add_up(mean), add_up(own), add_up(np.where(known, reported, 0.0)), add_up(known.astype(float)), add_up(np.ones(len(cell))))


def totals_table(evidence: Evidence, sums: PeriodSums, loadings: Loadings, inspected: NDArray[np.bool_], labels: tuple[str, ...]) -> pl.DataFrame:
    """Add series up by plan period, product and each of country, sector and region.

    The sum's mean is that of lognormals; its variance is sum over factors of (sum_i m_i loading_i)^2 plus sum_i (m_i own_i)^2, the logs' carried
    over at first order; the sum is taken as lognormal (Fenton 1960). `reported` is null where nobody reports.

    Args:
        evidence: what is known.
        sums: of the series by plan period.
        loadings: of the series on shared factors.
        inspected: shape (S,), a finding of output exists.
        labels: of the plan periods.
    """
    parts = []
    for level, grouping in (("total", None), ("sector", evidence.sector), ("region", evidence.region)):
        names = ("all",) if grouping is None else grouping.labels
        place = np.zeros(len(evidence.units), np.int64) if grouping is None else grouping.position
        parts += _level(evidence, sums, loadings, inspected, (level, names, place), labels)
    return pl.concat(parts).sort("level", "key", "product", "period") if parts else Totals.create_empty()


def _level(
    evidence: Evidence, sums: PeriodSums, loadings: Loadings, inspected: NDArray[np.bool_], group: tuple[str, tuple[str, ...], IntArray], labels: tuple[str, ...]
) -> list[pl.DataFrame]:
    level, names, place = group
    products = len(evidence.products)
    code, cell = np.unique(place[evidence.series_unit] * products + evidence.series_product, return_inverse=True)
    count, series = len(code), np.arange(len(cell))
    frames = []
    for at, label in enumerate(labels):
        pulls = csr_array((sums.mean[:, at], (cell, series)), shape=(count, len(cell))) @ loadings.matrix
        variance = np.asarray(csr_array(pulls).power(2).sum(axis=1)).ravel() + group_sum(cell, sums.own[:, at], count)
        mean = group_sum(cell, sums.mean[:, at], count)
        median, log_sd = sum_log_moments(mean, variance)
        there = sums.rows[:, at] > 0
        frame = pl.DataFrame(
            {
                "level": pl.Series([level] * count, dtype=pl.String),
                "key": pl.Series(names, dtype=pl.String).gather(pl.Series(code // products)),
                "product": evidence.products.column("product", code % products),
                "period": pl.Series([label] * count, dtype=pl.String),
                "reported": pl.Series(np.where(group_sum(cell, sums.reports[:, at], count) > 0, group_sum(cell, sums.reported[:, at], count), np.nan)).fill_nan(None),
                "median": median,
                "lower_50": median * np.exp(-Z50 * log_sd),
                "upper_50": median * np.exp(Z50 * log_sd),
                "lower_90": median * np.exp(-Z90 * log_sd),
                "upper_90": median * np.exp(Z90 * log_sd),
                "units": pl.Series(group_sum(cell, there.astype(float), count).astype(np.int64), dtype=pl.Int64),
                "inspected_units": pl.Series(group_sum(cell, (there & inspected).astype(float), count).astype(np.int64), dtype=pl.Int64),
            }
        )
        frames.append(frame.filter(pl.col("units") > 0))
    return frames


def plan_periods(periods: tuple[str, ...], length: Length) -> tuple[tuple[str, ...], IntArray]:
    """Give the plan periods that the columns fill, and each column's, -1 where it is in none.

    Periods that columns cover to less than 95 % are left out, unless none is covered.
    """
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
