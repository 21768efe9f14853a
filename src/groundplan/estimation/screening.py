"""Reports that cannot be meant: decimal slips and doubled months, told from what really happened by neighbours and proxies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.partitions import Part

__all__ = ["Screened", "screen_reports"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_FAR, _LEAST = 5.0, 0.45
"""A report is looked at where it lies 5 robust standard deviations, and 57 % or more, off its neighbours."""
_FOLLOWS = 0.3
"""A proxy bears a jump out where it makes at least this share of it."""
_DOUBLED = 0.59
_SLIPS = np.log([0.1, 0.01, 0.001, 10.0, 100.0, 1000.0])
_SEVERAL = 3.0
"""Periods of which there are so many a year follow each other closely."""
_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """Usable reports.

    Args:
        log_report: shape (S, T), log of the usable reports at a yearly rate; NaN where there is none, a zero, or one set aside.
        set_aside: shape (n, 2), series and period of single reports that were set aside.
        factor: shape (S,), by how much a series is too large in all its reports, which were set aside for that; 1 where it is not.
    """

    log_report: FloatArray
    set_aside: NDArray[np.int64]
    factor: FloatArray


def screen_reports(evidence: Evidence) -> Screened:
    """Set aside reports that stand out from their series and that nothing else bears out.

    A report far from the median of its six neighbours is set aside where the unit's proxies did not follow.
    Without a proxy for the month, only jumps up by four fifths or more, and falls to a tenth, hundredth or thousandth are, and not where the same
    month of another year looks alike (harvests) or a finding of the month agrees. Yearly reports are set aside only where they are off by a power of ten.
    """
    log_report = np.empty(evidence.reported.shape)

    def screen(inside: Evidence, part: Part) -> NDArray[np.int64]:
        log_report[part.series], aside = _screen_part(inside)
        return np.asarray(aside + np.array([part.series.start, 0]))

    return Screened(log_report, np.concatenate(evidence.by_part(screen)), np.ones(len(log_report)))


def _screen_part(evidence: Evidence) -> tuple[FloatArray, NDArray[np.int64]]:
    """Give the usable reports of a part, and series and period of those set aside."""
    log_report = np.log(np.where(evidence.reported > 0, evidence.reported * evidence.per_year, np.nan))
    step = np.diff(log_report, axis=1, prepend=np.nan)
    # A slip makes two steps; only periods beside a large one are looked at further.
    large = np.abs(np.where(np.isfinite(step), step, 0.0)) > _LEAST
    large[:, :-1] |= large[:, 1:]
    scale = _noise(step)
    series, period = np.nonzero(large & np.isfinite(log_report))
    if not len(series):
        return log_report, np.zeros((0, 2), np.int64)
    value = log_report[series, period]
    local, around = _neighbours(log_report, series, period)
    jump = value - local
    far = (around >= 3) & (np.abs(jump) > np.maximum(_FAR * scale[series], _LEAST))
    follows, known = _proxies_follow(evidence, series, period, jump)
    slip = np.min(np.abs(jump[:, None] - _SLIPS), axis=1) < 0.3
    alone = ((jump > _DOUBLED) | slip) & ~_alike_in_other_years(evidence, log_report, series, period)
    # A plant may make half or twice as much from one year to the next: a yearly report must also be off by a power of ten.
    yearly = evidence.per_year[period] < _SEVERAL
    aside = far & np.where(known, ~follows, alone) & (slip | ~yearly) & ~_found_alike(evidence, log_report, series, period)
    log_report[series[aside], period[aside]] = np.nan
    return log_report, np.stack([series[aside], period[aside]], axis=1)


def _noise(step: FloatArray) -> FloatArray:
    """Robust standard deviation of each row's values around their neighbours, from its steps: 1.4826 x median |step| / sqrt(2), 0.05 at least.

    Infinite where there are under three steps.
    """
    number = np.isfinite(step).sum(axis=1)
    scale = 1.4826 / np.sqrt(2.0) * _row_median(np.abs(step), number)
    return np.where(number >= 3, np.maximum(scale, 0.05), np.inf)


def _row_median(values: FloatArray, number: NDArray[np.int64]) -> FloatArray:
    # Missing values are sorted to the end; the middle of the others is picked.
    ordered = np.sort(values, axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(number - 1, 0) // 2, number // 2
    return np.asarray((ordered[rows, np.minimum(low, values.shape[1] - 1)] + ordered[rows, np.minimum(high, values.shape[1] - 1)]) / 2)


def _neighbours(values: FloatArray, series: NDArray[np.int64], period: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Median of the values up to three periods away, and how many there are."""
    periods = values.shape[1]
    columns = [np.where((period + step >= 0) & (period + step < periods), values[series, np.clip(period + step, 0, periods - 1)], np.nan) for step in _NEIGHBOURS]
    near = np.stack(columns, axis=1)
    number = np.isfinite(near).sum(axis=1)
    median = np.where(number > 0, _row_median(near, np.maximum(number, 1)), np.nan)
    return np.where(number > 0, median, np.inf), number


def _proxies_follow(evidence: Evidence, series: NDArray[np.int64], period: NDArray[np.int64], jump: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Say whether some proxy of the unit jumped along, and whether there is one for the month."""
    unit = evidence.series_unit[series]
    follows, known = np.zeros(len(series), bool), np.zeros(len(series), bool)
    for values in evidence.proxies.values():
        local, around = _neighbours(values, unit, period)
        moved = values[unit, period] - local
        there = np.isfinite(moved) & (around >= 2)
        known |= there
        follows |= there & (np.where(there, moved, 0.0) * np.sign(jump) >= _FOLLOWS * np.abs(np.where(np.isfinite(jump), jump, np.inf)))
    return follows, known


def _alike_in_other_years(evidence: Evidence, values: FloatArray, series: NDArray[np.int64], period: NDArray[np.int64]) -> BoolArray:
    year = max(1, round(float(np.median(evidence.per_year))))
    alike = np.zeros(len(series), bool)
    for step in (-2 * year, -year, year, 2 * year):
        at = period + step
        inside = (at >= 0) & (at < values.shape[1])
        other = np.where(inside, values[series, np.clip(at, 0, values.shape[1] - 1)], np.nan)
        alike |= np.abs(other - values[series, period]) < 0.4
    return alike


def _found_alike(evidence: Evidence, values: FloatArray, series: NDArray[np.int64], period: NDArray[np.int64]) -> BoolArray:
    found = evidence.findings
    agrees = np.zeros(values.shape, bool)
    usable = (found.period >= 0) & (found.value > 0)
    s, t = found.series[usable], found.period[usable]
    agrees[s, t] = np.abs(values[s, t] - found.log_rate[usable]) < 0.4
    return agrees[series, period]
