"""The posterior of every unit, product and period, given how far its reports lie from the truth on the whole."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.heard import Heard
from groundplan.estimation.level import Level
from groundplan.estimation.pattern import Pattern
from groundplan.estimation.sizes import SIZE
from groundplan.estimation.smoothing import Base, Noise, Swings, smooth_series
from groundplan.estimation.sources import is_claim
from groundplan.estimation.unreported import Unreported
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_count, group_mean, group_sum
from groundplan.maths.measurements import error_variance, unit_variance
from groundplan.maths.mixed import quadratic

__all__ = ["Ground", "Rows", "find_ground", "posterior_rows", "report_noise"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_NOISE_SD, _NOISE_COUNT = 0.04, 20.0
"""Prior of the standard deviation of a single report around its unit's lasting bias, worth 20 findings."""
_NEW_SD = 0.02
"""Prior of the part of it that is new each period, worth as many."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What holds of each series in all its periods.

    Args:
        reporting: shape (S,), the series has a usable report; otherwise it is judged without the bias of reports.
        level: shape (S,), log output at a yearly rate before smoothing; NaN where nothing speaks of the series.
        bias: shape (S,), log bias that is taken off its reports.
        prior: shape (S,), prior variance of the level of a series that does not report; infinite for those that do.
        shared: L, sparse (S, p): shared part of log output's error, L (theta - effects).
        unit_variance: shape (S,), variance of the unit's own lasting error.
        series_variance: shape (S,), variance of the series' own lasting error (those that do not report).
        weights: shape (S, 2, 5), share of report, finding, claims, proxies, prior in periods without and with a report; each sums to 1.
        inspected: shape (S,), a finding of output exists.
    """

    reporting: BoolArray
    level: FloatArray
    bias: FloatArray
    prior: FloatArray
    shared: csr_array
    unit_variance: FloatArray
    series_variance: FloatArray
    weights: FloatArray
    inspected: BoolArray

    def of(self, series: slice) -> Ground:
        """Give what holds of some of the series."""
        return Ground(*(getattr(self, part.name)[series] for part in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Posterior of log output of some series, n rows sorted by series and period.

    Args:
        series, period: shape (n,), positions.
        mean: shape (n,), of log output; NaN where the output is zero.
        own: shape (n,), log variance that no other row shares.
        damping: shape (n,), share of the lasting error that a finding of the row itself leaves.
        zero: shape (n,), output is zero.
        linked: shape (S,), part of `own` that rows of a year share, because what moves output goes on for some time.
        weights: shape (n, 5), share of report, finding, claims, proxies, prior; sums to 1.
    """

    series: IntArray
    period: IntArray
    mean: FloatArray
    own: FloatArray
    damping: FloatArray
    zero: BoolArray
    linked: FloatArray
    weights: FloatArray


def report_noise(evidence: Evidence, log_report: FloatArray) -> tuple[float, float]:
    """Estimate the variance of a single report around its unit's lasting bias, and the part of it that is new each period.

    Findings of one series are set against each other: the spread of log(report / found) is the report's noise plus the finding's own part. The part that is new
    each period is what findings of successive periods show. Priors worth 20 findings keep a handful from deciding alone.
    """
    found = evidence.findings
    usable = (found.period >= 0) & (found.value > 0)
    gap = np.where(usable, log_report[found.series, np.maximum(found.period, 0)], np.nan) - found.log_rate
    usable &= np.isfinite(gap)
    series, gap, error, count = found.series[usable], gap[usable], found.variance[usable], len(evidence.series_unit)
    number = group_count(series, count)
    # A slip must not be taken for noise: beyond five prior standard deviations a square counts as that.
    most = 25 * (_NOISE_SD**2 + error)
    square = np.minimum((gap - group_mean(series, gap, count)[series]) ** 2, most)
    share = 1.0 - 1.0 / number[series]
    excess = float((square - share * error).sum())
    lasting = max((excess + _NOISE_COUNT * _NOISE_SD**2) / (float(share.sum()) + _NOISE_COUNT), 0.01**2)
    order = np.lexsort((found.period[usable], series))
    first, second = order[:-1], order[1:]
    next_to = (series[first] == series[second]) & (found.period[usable][second] == found.period[usable][first] + 1)
    first, second = first[next_to], second[next_to]
    step = np.minimum((gap[second] - gap[first]) ** 2 / 2.0, most[first]) - (error[first] + error[second]) / 2.0
    new = (float(step.sum()) + _NOISE_COUNT * _NEW_SD**2) / (len(step) + _NOISE_COUNT)
    return lasting, float(np.clip(new, 0.005**2, lasting))


def find_ground(evidence: Evidence, level: Level, pattern: Pattern, unreported: Unreported, log_report: FloatArray, noise: float) -> Ground:
    """Find what holds of each series in all its periods: its level, what is taken off its reports, and how sure that is.

    Args:
        evidence: what is known.
        level: lasting biases by unit.
        pattern: how reports move.
        unreported: series without a usable report.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        noise: variance of a single report around the lasting bias.
    """
    post, unit = level.posterior, evidence.series_unit
    reporting = np.isfinite(pattern.level)
    judged = pattern.level - post.unit_mean[unit]
    lasting = np.where(reporting, post.unit_own[unit], unreported.variance)
    prior = np.where(reporting | ~np.isfinite(unreported.level), np.inf, lasting + quadratic(unreported.shared, post.covariance))
    found = evidence.findings
    inspected = np.zeros(len(unit), bool)
    inspected[found.series[(found.period >= 0) | np.isfinite(reports_beside_findings(evidence, log_report)[0])]] = True
    return Ground(
        reporting=reporting,
        level=np.where(reporting, judged, unreported.level),
        bias=post.unit_mean[unit],
        prior=prior,
        shared=csr_array(unreported.shared - diags_array(reporting.astype(float)) @ post.unit_shared[unit]),
        unit_variance=np.where(reporting, lasting, 0.0),
        series_variance=np.where(reporting, 0.0, lasting),
        weights=_weights(evidence, level, unreported, reporting, noise),
        inspected=inspected,
    )


def posterior_rows(evidence: Evidence, ground: Ground, movement: FloatArray, log_report: FloatArray, noise: Noise, heard: Heard, swings: Swings) -> Rows:
    """Give the posterior of each row that reports, findings, proxies or lines speak of.

    Log output is the report (or what would have been reported) less the unit's lasting bias, smoothed over time; findings settle their own months, and
    in part those around them.

    Args:
        evidence: of a part of the series.
        ground: what holds of each of them.
        movement: shape (S, T), expected deviation of each period from the level.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        noise: of single reports around the lasting bias.
        heard: what is said of series that do not report.
        swings: how series move.
    """
    usable = np.isfinite(log_report)
    found, stopped = evidence.findings, evidence.reported == 0
    positive = (found.period >= 0) & (found.value > 0)
    # Where nothing else speaks of the series, or of the month (a zero was reported), a finding speaks alone.
    alone, beside = np.zeros(len(positive), bool), np.zeros(len(positive), bool)
    alone[positive] = ~np.isfinite(ground.level[found.series[positive]]) | stopped[found.series[positive], found.period[positive]]
    beside[positive] = usable[found.series[positive], found.period[positive]]
    smoothed = smooth_series(evidence, Base(ground.level, ground.bias, ground.prior, movement), log_report, noise, positive & ~alone & ~beside, heard, swings)
    mean, own, damping = smoothed.mean, smoothed.variance, smoothed.damping
    # Beside a report a finding settles what is the report's own, new or not; it has told of the unit's lasting bias already.
    s, t = found.series[beside], found.period[beside]
    weight = own[s, t] / (own[s, t] + found.variance[beside])
    mean[s, t] += weight * (found.log_rate[beside] - mean[s, t])
    own[s, t], damping[s, t] = weight * found.variance[beside], (1.0 - weight) * damping[s, t]
    there = _speaks(evidence, ground.reporting) & (np.isfinite(mean) | stopped)
    zero = stopped.copy()
    inside = found.period >= 0
    there[found.series[inside], found.period[inside]] = True
    zero[found.series[inside], found.period[inside]] = found.value[inside] == 0
    # Where nothing else speaks of the series at all, a claim speaks alone.
    lonely = ~np.isfinite(ground.level[heard.series])
    s, t = heard.series[lonely], heard.period[lonely]
    there[s, t] = True
    mean[s, t], own[s, t], damping[s, t] = heard.log_rate[lonely], heard.variance[lonely], 0.0
    s, t = found.series[alone], found.period[alone]
    mean[s, t], own[s, t], damping[s, t] = found.log_rate[alone], found.variance[alone], 0.0
    rows, columns = np.nonzero(there)
    damping = damping[rows, columns]
    return Rows(
        series=rows,
        period=columns,
        mean=(np.where(zero, np.nan, mean) - np.log(evidence.per_year))[rows, columns],
        own=own[rows, columns],
        damping=damping,
        zero=zero[rows, columns],
        linked=smoothed.linked,
        weights=_settled(ground.weights[rows, (usable | stopped)[rows, columns].astype(np.int64)], 1.0 - damping, np.isin(rows, heard.series) & ~ground.inspected[rows]),
    )


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


def _weights(evidence: Evidence, level: Level, unreported: Unreported, reporting: BoolArray, noise: float) -> FloatArray:
    """Shares of the sources in a row's posterior mean, by their information on it, in periods without and with a report, shape (S, 2, 5): report, finding, claims, proxies, prior.

    A report informs with the variance of unit biases and its own noise, other sources with their error variances; nameplates count as the
    prior: they say what the group makes of such plants.
    """
    data, units = level.data, len(evidence.units)
    error = error_variance(data, level.variances)
    information = {"finding": np.zeros(units), "claim": np.zeros(units), "proxy": np.zeros(units), "prior": np.zeros(units)}
    for name, at in level.rows.items():
        kind = "claim" if is_claim(name) else {"finding": "finding", "nameplate": "prior", SIZE: "prior"}.get(name, "proxy")
        information[kind] += group_sum(data.unit[at], data.loading[at] ** 2 / error[at], units)
    # What a unit's proxies have in common does not average out over them.
    information["proxy"] /= 1.0 + information["proxy"] * level.variances.common
    unit, by_proxy = evidence.series_unit, unreported.by_proxy
    nothing = np.zeros(len(unit))
    silent = np.stack([nothing, nothing, nothing, by_proxy, 1.0 - by_proxy], axis=1)
    by_series = []
    for spread in (4.0 * noise, noise):
        report = 1.0 / (unit_variance(data, level.variances)[unit] + spread)
        parts = np.stack([report, *(information[kind][unit] for kind in ("finding", "claim", "proxy", "prior"))], axis=1)
        by_series.append(np.where(reporting[:, None], parts / parts.sum(axis=1, keepdims=True), silent))
    return np.stack(by_series, axis=1)


def _settled(weights: FloatArray, direct: FloatArray, by_claims: BoolArray) -> FloatArray:
    """Count what findings (or claims, where the series has no finding) of the series itself have settled, in place; `direct` is their share, shape (n,)."""
    settled = np.flatnonzero(direct)
    weights[settled] *= (1.0 - direct[settled])[:, None]
    weights[settled, 1 + by_claims[settled].astype(np.int64)] += direct[settled]
    return weights
