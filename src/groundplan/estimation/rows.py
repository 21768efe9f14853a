"""The posterior of every unit, product and period, given how far its reports lie from the truth on the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level

__all__ = ["Rows", "posterior_rows", "report_noise"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_NOISE_SD, _NOISE_COUNT = 0.04, 20.0
"""Prior of the standard deviation of a single report around its unit's lasting bias, worth 20 findings."""
_UNREPORTED_SD = 0.35
"""Log standard deviation of the output of a unit that does not report, around what its nameplate says, beyond the group's spread."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Posterior of log output, n rows sorted by series and period.

    Args:
        series, period: shape (n,), positions.
        mean: shape (n,), of log output; NaN where the output is zero.
        own: shape (n,), log variance that no other row shares.
        damping: shape (n,), share of the unit's error that a finding of the row's own leaves.
        zero: shape (n,), output is zero.
        shared: L, sparse (S, p): shared part of log output's error, L (theta - effects).
        unit_variance: shape (S,), variance of the unit's own lasting error.
        series_variance: shape (S,), variance of the series' own lasting error (units that do not report).
        weights: shape (n, 4), share of report, finding, proxies, prior.
        inspected: shape (S,), a finding of output exists.
    """

    series: IntArray
    period: IntArray
    mean: FloatArray
    own: FloatArray
    damping: FloatArray
    zero: BoolArray
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
    gap = np.where(usable, log_report[found.series, np.maximum(found.period, 0)] - np.log(np.where(usable, found.value, 1.0)), np.nan)
    usable = np.isfinite(gap)
    series = found.series[usable]
    number = np.bincount(series, minlength=len(evidence.series_unit))
    mean = np.bincount(series, gap[usable], len(number)) / np.maximum(number, 1)
    square = (gap[usable] - mean[series]) ** 2
    # A slip must not be taken for noise: squares beyond five prior standard deviations count as that.
    square = np.minimum(square, 25 * (_NOISE_SD**2 + found.variance[usable]))
    freedom = float(np.maximum(number - 1, 0).sum())
    share = np.where(number[series] > 1, 1.0 - 1.0 / np.maximum(number[series], 1), 0.0)
    excess = float(square[number[series] > 1].sum() - (share * found.variance[usable]).sum())
    return max((excess + _NOISE_COUNT * _NOISE_SD**2) / (freedom + _NOISE_COUNT), 0.01**2)


def posterior_rows(evidence: Evidence, level: Level, log_report: FloatArray, noise: float) -> Rows:
    """Give the posterior of each row that reports, findings, proxies or lines speak of.

    Args:
        evidence: what is known.
        level: lasting biases by unit.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        noise: variance of a single report around the lasting bias.
    """
    post, unit = level.posterior, evidence.series_unit
    series_count, width = len(unit), post.covariance.shape[0]
    base, base_variance, persistent, reporting = _base(evidence, level, log_report)
    # What carries over from the unit: the bias of its reports, or nothing where it has none.
    sign = np.where(reporting, 1.0, 0.0)
    shared = csr_array(diags_array(-sign) @ post.unit_shared[unit]) if series_count else csr_array((0, width))
    mean = base - (sign * post.unit_mean[unit])[:, None]
    own = base_variance + np.where(np.isfinite(log_report), noise, 0.0)
    stated_zero = evidence.reported == 0
    there = _speaks(evidence, reporting) & (np.isfinite(mean) | stated_zero)
    found = evidence.findings
    at_period = found.period >= 0
    there[found.series[at_period], found.period[at_period]] = True
    damping = np.ones_like(base)
    zero = stated_zero.copy()
    lasting = np.where(reporting, post.unit_own[unit], persistent)
    direct = np.zeros_like(base)
    for_row = (found.series[at_period], found.period[at_period])
    value, variance = found.value[at_period], found.variance[at_period]
    zero[for_row] = value == 0
    positive = value > 0
    s, t = for_row[0][positive], for_row[1][positive]
    z, v = np.log(value[positive]), variance[positive]
    # Where nothing else speaks of the month (no report, or a reported zero that was found false), the finding speaks alone.
    alone = ~np.isfinite(mean[s, t]) | stated_zero[s, t]
    # For a unit that reports, the month's own noise is what the finding settles, its lasting bias being known from all findings;
    # for one that does not, the lasting error too.
    before = own[s, t] + np.where(reporting[s], 0.0, lasting[s])
    weight = np.where(alone, 1.0, before / (before + v))
    mean[s, t] = np.where(alone, z, (1 - weight) * np.where(alone, 0.0, mean[s, t]) + weight * z)
    own[s, t] = weight * v
    damping[s, t] = 1 - weight
    direct[s, t] = weight
    rows, columns = np.nonzero(there & (np.isfinite(mean) | zero))
    zero_rows = zero[rows, columns]
    inspected = np.zeros(series_count, bool)
    inspected[found.series] = True
    return Rows(
        series=rows,
        period=columns,
        mean=np.where(zero_rows, np.nan, mean[rows, columns]),
        own=own[rows, columns],
        damping=damping[rows, columns],
        zero=zero_rows,
        shared=shared,
        unit_variance=np.where(reporting, lasting, 0.0),
        series_variance=np.where(reporting, 0.0, lasting),
        weights=_weights(evidence, level, reporting, direct, noise, np.isfinite(log_report) | stated_zero)[rows, columns],
        inspected=inspected,
    )


def _base(evidence: Evidence, level: Level, log_report: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """What would be reported: the report, or for a month without one the series' mean and its product's month.

    Returns:
        Log, shape (S, T); variance of the month's own, shape (S, T); variance of the lasting error of series that do not report, shape
        (S,); and which series report.
    """
    reporting = np.isfinite(level.mean_report)
    wave, spread = _product_wave(evidence, log_report, level.mean_report)
    filled = level.mean_report[:, None] + wave[evidence.series_product]
    base = np.where(np.isfinite(log_report), log_report, filled)
    variance = np.where(np.isfinite(log_report), 0.0, spread)
    from_plate, plate_variance = _from_nameplate(evidence, level)
    base = np.where(reporting[:, None], base, from_plate[:, None] + wave[evidence.series_product])
    return base, variance, plate_variance, reporting


def _product_wave(evidence: Evidence, log_report: FloatArray, mean_report: FloatArray) -> tuple[FloatArray, float]:
    """Mean deviation of each product's reports from their series' means by period, shape (P, T), and the variance around it."""
    deviation = log_report - mean_report[:, None]
    there = np.isfinite(deviation)
    filled = np.where(there, deviation, 0.0)
    indicator = csr_array((np.ones(len(mean_report)), (evidence.series_product, np.arange(len(mean_report)))), shape=(len(evidence.products), len(mean_report)))
    number = indicator @ there.astype(float)
    # Two further series at zero: a lone series' own ups and downs are not its product's.
    wave = (indicator @ filled) / (number + 2.0)
    rest = np.where(there, filled - wave[evidence.series_product], 0.0)
    spread = float((rest**2).sum() / max(int(there.sum()), 1)) if there.any() else 0.15**2
    return wave, max(spread, 0.03**2)


def _from_nameplate(evidence: Evidence, level: Level) -> tuple[FloatArray, FloatArray]:
    """Log output per period of series that do not report, from their nameplate and how such plants are used."""
    known = np.isfinite(evidence.nameplate)
    rate = float(np.log(np.median(evidence.per_year))) if len(evidence.per_year) else 0.0
    names = {name: position for position, name in enumerate(level.names)}
    effects, covariance = level.posterior.effects, level.posterior.covariance
    # The nameplate's effects: log(report / nameplate) less the bias of the report, that is log(output / nameplate).
    use, variance = np.full(len(known), -0.3), np.full(len(known), 0.2**2)
    if "nameplate" in names:
        columns = [names["nameplate"]]
        use, variance = np.full(len(known), effects[columns[0]]), np.full(len(known), covariance[columns[0], columns[0]])
        sector = [names.get(f"nameplate|sector={label}", -1) for label in evidence.sector.labels]
        product = [names.get(f"nameplate|product={label}", -1) for label in evidence.products.labels]
        for at in (np.array(sector)[evidence.sector.position[evidence.series_unit]], np.array(product)[evidence.series_product]):
            use = use + np.where(at >= 0, effects[np.maximum(at, 0)], 0.0)
    return np.where(known, evidence.nameplate + use - rate, np.nan), variance + _UNREPORTED_SD**2


def _speaks(evidence: Evidence, reporting: BoolArray) -> BoolArray:
    """Which months there is anything to say of: from a series' first report to its last, and wherever a proxy of the unit reads.

    Series that never report are spoken of in all periods.
    """
    reported = np.isfinite(evidence.reported)
    after = np.maximum.accumulate(reported, axis=1)
    before = np.maximum.accumulate(reported[:, ::-1], axis=1)[:, ::-1]
    there = after & before
    for values in evidence.proxies.values():
        there |= np.isfinite(values)[evidence.series_unit]
    there[~reporting] = True
    # A unit whose every report is zero stands still: only what it reported is shown.
    silent = ~reporting & reported.any(axis=1)
    there[silent] = reported[silent]
    return there


def _weights(evidence: Evidence, level: Level, reporting: BoolArray, direct: FloatArray, noise: float, has_report: BoolArray) -> FloatArray:
    """Shares of the sources in the posterior mean by their information on it, shape (S, T, 4): report, finding, proxies, prior."""
    data, variances = level.data, level.variances
    units = len(evidence.units)
    information = {name: np.zeros(units) for name in ("finding", "proxy", "prior")}
    error = np.append(variances.error, 0.0)[data.component] + data.known
    for name, rows in level.rows.items():
        kind = "finding" if name == "finding" else "prior" if name == "nameplate" else "proxy"
        information[kind] += np.bincount(data.unit[rows], data.loading[rows] ** 2 / error[rows], units)
    unit = evidence.series_unit
    report = np.where(has_report, 1.0 / (variances.unit + noise), 1.0 / (variances.unit + 0.1**2)) * reporting[:, None]
    parts = np.stack([report, *(np.broadcast_to(information[name][unit][:, None], report.shape) for name in ("finding", "proxy", "prior"))], axis=2)
    parts = np.where(reporting[:, None, None], parts, np.array([0.0, 0.0, 0.0, 1.0]))
    parts = parts / np.maximum(parts.sum(axis=2, keepdims=True), 1e-300)
    parts = parts * (1 - direct)[:, :, None]
    parts[:, :, 1] += direct
    return parts
