"""The posterior of every unit, product and period, given how far its reports lie from the truth on the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.pattern import Pattern
from groundplan.estimation.unreported import Unreported
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_count, group_mean, group_sum
from groundplan.maths.mixed import error_variance

__all__ = ["Rows", "posterior_rows", "report_noise"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LEAST_FREEDOM = 10.0
_NOISE_SD, _NOISE_COUNT = 0.04, 20.0
"""Prior of the standard deviation of a single report around its unit's lasting bias, worth 20 findings."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Posterior of log output, n rows sorted by series and period.

    Args:
        series, period: shape (n,), positions.
        mean: shape (n,), of log output; NaN where the output is zero.
        own: shape (n,), log variance that no other row shares.
        damping: shape (n,), share of the lasting error that a finding of the row itself leaves.
        zero: shape (n,), output is zero.
        reporting: shape (S,), the series has a usable report; otherwise it is judged without the bias of reports.
        shared: L, sparse (S, p): shared part of log output's error, L (theta - effects).
        unit_variance: shape (S,), variance of the unit's own lasting error.
        series_variance: shape (S,), variance of the series' own lasting error (those that do not report).
        weights: shape (n, 4), share of report, finding, proxies, prior; sums to 1.
        inspected: shape (S,), a finding of output exists.
    """

    series: IntArray
    period: IntArray
    mean: FloatArray
    own: FloatArray
    damping: FloatArray
    zero: BoolArray
    reporting: BoolArray
    shared: csr_array
    unit_variance: FloatArray
    series_variance: FloatArray
    weights: FloatArray
    inspected: BoolArray


def report_noise(evidence: Evidence, log_report: FloatArray) -> float:
    """Estimate the variance of a single report around its unit's lasting bias, from findings of one series against each other.

    The spread of log(report / found) within a series is the report's noise plus the finding's own part; a prior of 0.04 worth 20
    findings keeps a handful of findings from deciding alone.
    """
    found = evidence.findings
    usable = (found.period >= 0) & (found.value > 0)
    gap = np.where(usable, log_report[found.series, np.maximum(found.period, 0)], np.nan) - found.log_rate
    usable &= np.isfinite(gap)
    series, count = found.series[usable], len(evidence.series_unit)
    number = group_count(series, count)
    # A slip must not be taken for noise: beyond five prior standard deviations a square counts as that.
    most = 25 * (_NOISE_SD**2 + found.variance[usable])
    square = np.minimum((gap[usable] - group_mean(series, gap[usable], count)[series]) ** 2, most)
    share = 1.0 - 1.0 / number[series]
    excess = float((square - share * found.variance[usable]).sum())
    freedom = float(share.sum())
    return max((excess + _NOISE_COUNT * _NOISE_SD**2) / (freedom + _NOISE_COUNT), 0.01**2)


def posterior_rows(evidence: Evidence, level: Level, pattern: Pattern, unreported: Unreported, log_report: FloatArray, noise: FloatArray) -> Rows:
    """Give the posterior of each row that reports, findings, proxies or lines speak of.

    Without a finding of its own, log output is the report (or what would have been reported) less the unit's lasting bias. A finding of the month
    settles the month's own noise with weight w = v / (v + e), v the noise's variance and e the finding's.

    Args:
        evidence: what is known.
        level: lasting biases by unit.
        pattern: how reports move.
        unreported: series without a usable report.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        noise: shape (S, T), variance of each report around the lasting bias.
    """
    post, unit = level.posterior, evidence.series_unit
    reporting, usable = np.isfinite(pattern.level), np.isfinite(log_report)
    # A level from n reports carries their noise into every month that is filled in.
    filled_variance = pattern.variance * (1.0 + 1.0 / np.maximum(pattern.count, 1))
    judged = pattern.level - post.unit_mean[unit]
    drawn = _draw_to_product(evidence, judged, post.unit_own[unit])
    base = np.where(reporting, judged - drawn, unreported.level)
    mean = np.where(usable, log_report - (post.unit_mean[unit] + drawn)[:, None], base[:, None] + pattern.movement)
    own = np.where(usable, noise, filled_variance[:, None])
    lasting = np.where(reporting, post.unit_own[unit], unreported.variance)
    stopped = evidence.reported == 0
    there = _speaks(evidence, reporting) & (np.isfinite(mean) | stopped)
    zero, damping, direct = stopped.copy(), np.ones(mean.shape), np.zeros(mean.shape)
    found = evidence.findings
    inside = found.period >= 0
    s, t, value, rate, error = found.series[inside], found.period[inside], found.value[inside], found.log_rate[inside], found.variance[inside]
    there[s, t] = True
    zero[s, t] = value == 0
    positive = value > 0
    s, t, rate, error = s[positive], t[positive], rate[positive], error[positive]
    # Where nothing else speaks of the month (no report, or a zero that was found false), the finding speaks alone; for a
    # unit that does not report it settles the lasting error too, in this month.
    alone = ~np.isfinite(mean[s, t]) | stopped[s, t]
    before = own[s, t] + np.where(reporting[s], 0.0, lasting[s])
    weight = np.where(alone, 1.0, before / (before + error))
    mean[s, t] = (1 - weight) * np.where(alone, 0.0, mean[s, t]) + weight * rate
    own[s, t] = weight * error
    damping[s, t] = 1 - weight
    direct[s, t] = weight
    rows, columns = np.nonzero(there)
    inspected = np.zeros(len(unit), bool)
    inspected[found.series[inside | np.isfinite(reports_beside_findings(evidence, log_report)[0])]] = True
    return Rows(
        series=rows,
        period=columns,
        mean=(np.where(zero, np.nan, mean) - np.log(evidence.per_year))[rows, columns],
        own=own[rows, columns],
        damping=damping[rows, columns],
        zero=zero[rows, columns],
        reporting=reporting,
        shared=csr_array(unreported.shared - diags_array(reporting.astype(float)) @ post.unit_shared[unit]),
        unit_variance=np.where(reporting, lasting, 0.0),
        series_variance=np.where(reporting, 0.0, lasting),
        weights=_weights(evidence, level, unreported, reporting, float(noise.min(initial=1.0)), usable[rows, columns] | stopped[rows, columns], direct[rows, columns], rows),
        inspected=inspected,
    )


def _draw_to_product(evidence: Evidence, level: FloatArray, variance: FloatArray) -> FloatArray:
    """How far to draw each series' log level to the mean of its product's, shape (S,): variance / (variance + spread of sizes).

    Of those who seem large, more have been judged too large than too small. On one unit this is about a per cent of its distance; in a total, which the
    large make up, it does not average out.
    """
    there, products = np.isfinite(level), len(evidence.products)
    product = evidence.series_product[there]
    number = group_count(product, products)
    distance = level[there] - group_mean(product, level[there], products)[product]
    freedom = float(np.maximum(number - 1, 0).sum())
    drawn = np.zeros(len(level))
    if freedom >= _LEAST_FREEDOM:
        spread = float((distance**2).sum()) / freedom
        drawn[there] = variance[there] / (variance[there] + spread) * (1.0 - 1.0 / number[product]) * distance
    return drawn


def _speaks(evidence: Evidence, reporting: BoolArray) -> BoolArray:
    """Which months there is anything to say of: from a series' first report to its last, and wherever a proxy of the unit reads.

    Series that never report are spoken of in all periods, those that report zeros alone only where they do.
    """
    reported = np.isfinite(evidence.reported)
    there = np.maximum.accumulate(reported, axis=1) & np.maximum.accumulate(reported[:, ::-1], axis=1)[:, ::-1]
    for values in evidence.proxies.values():
        there |= np.isfinite(values)[evidence.series_unit]
    silent = ~reporting & reported.any(axis=1)
    there[~reporting & ~silent] = True
    there[silent] = reported[silent]
    return there & _own_length(evidence, reported)


def _own_length(evidence: Evidence, reported: BoolArray) -> BoolArray:
    """Keep series to periods of the lengths that they report, those that never report to the commonest: a year is not added to its months."""
    kept = np.zeros(reported.shape, bool)
    lengths = np.unique(evidence.per_year)
    commonest = max(lengths.tolist(), key=lambda length: (int(reported[:, evidence.per_year == length].sum()), length), default=0.0)
    silent = ~reported.any(axis=1)
    for length in lengths:
        columns = evidence.per_year == length
        kept[:, columns] = (reported[:, columns].any(axis=1) | (silent & (length == commonest)))[:, None]
    return kept


def _weights(
    evidence: Evidence, level: Level, unreported: Unreported, reporting: BoolArray, noise: float, has_report: BoolArray, direct: FloatArray, series: IntArray
) -> FloatArray:
    """Shares of the sources in each row's posterior mean, by their information on it, shape (n, 4): report, finding, proxies, prior.

    A report informs with the variance of unit biases and its own noise, other sources with their error variances; nameplates count as the
    prior: they say what the group makes of such plants.
    """
    data, units = level.data, len(evidence.units)
    error = error_variance(data, level.variances)
    information = {"finding": np.zeros(units), "proxy": np.zeros(units), "prior": np.zeros(units)}
    for name, at in level.rows.items():
        kind = {"finding": "finding", "nameplate": "prior"}.get(name, "proxy")
        information[kind] += group_sum(data.unit[at], data.loading[at] ** 2 / error[at], units)
    unit, by_proxy = evidence.series_unit, unreported.by_proxy
    nothing = np.zeros(len(unit))
    silent = np.stack([nothing, nothing, by_proxy, 1.0 - by_proxy], axis=1)
    by_series = []
    # By series without and with a report of the month, then handed to rows.
    for spread in (4.0 * noise, noise):
        report = 1.0 / (level.variances.unit * data.unit_scale[unit] + spread)
        parts = np.stack([report, *(information[kind][unit] for kind in ("finding", "proxy", "prior"))], axis=1)
        by_series.append(np.where(reporting[:, None], parts / parts.sum(axis=1, keepdims=True), silent))
    weights = np.concatenate(by_series)[series + len(unit) * has_report]
    settled = np.flatnonzero(direct)
    weights[settled] *= (1.0 - direct[settled])[:, None]
    weights[settled, 1] += direct[settled]
    return np.asarray(weights)
