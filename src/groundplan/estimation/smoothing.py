"""Output over time: what reports, findings and proxies of all months say of each month, smoothed within each series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.heard import Heard
from groundplan.estimation.pattern import Pattern
from groundplan.maths.dynamics import Dynamics, fit_dynamics
from groundplan.maths.paths import Paths, filter_paths
from groundplan.period import parse_period

__all__ = ["Base", "Noise", "Smoothed", "Swings", "learn_swings", "smooth_series"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SAMPLE = 1_000
"""So many series show how reports move; more would show the same."""
_STANDS_OUT = 3.0
"""A month so many standard deviations off what its neighbours say moved on its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What each series is smoothed around.

    Args:
        level: shape (S,), log output at a yearly rate before smoothing; NaN where nothing speaks of the series.
        bias: shape (S,), log bias that is taken off its reports.
        variance: shape (S,), prior variance of the level of a series that does not report; infinite for those that do, whose reports show it.
        movement: shape (S, T), expected deviation of each period from the level.
    """

    level: FloatArray
    bias: FloatArray
    variance: FloatArray
    movement: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Error variance of a single report around its unit's lasting bias.

    Args:
        total: of every report.
        new: part of it that is new each period; the rest comes and goes slowly.
        filling: shape (S, T), of the correction for filling up at the end of the year.
    """

    total: float
    new: float
    filling: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """Log output at a yearly rate, given level and bias.

    Args:
        mean: shape (S, T); NaN where nothing speaks of the series.
        variance: shape (S, T), of what level and bias do not explain.
        damping: shape (S, T), share of an error of level or bias that findings leave in the row.
        linked: shape (S,), mean covariance of the rows of a year, of what level and bias do not explain; at least 0.
    """

    mean: FloatArray
    variance: FloatArray
    damping: FloatArray
    linked: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Swings:
    """How series move around what is expected of them.

    Args:
        dynamics: autoregression and white movement by sector.
        breaks: what months that stand out add to the variance of all.
        steps: shape (T - 1,), from period to period, in periods of the commonest length.
        year: shape (T,), in which each period begins.
    """

    dynamics: Dynamics
    breaks: float
    steps: FloatArray
    year: IntArray


def learn_swings(evidence: Evidence, pattern: Pattern, log_report: FloatArray) -> Swings:
    """Learn how reports move around what is expected, by sector, from an even selection of the series.

    Args:
        evidence: what is known.
        pattern: how reports move from period to period.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
    """
    parsed = [parse_period(label) for label in evidence.periods]
    steps = evidence.steps()
    shown = np.flatnonzero(np.isfinite(log_report).sum(axis=1) > 1)
    sample = shown[np.unique(np.linspace(0, max(len(shown) - 1, 0), _SAMPLE).astype(np.int64))] if len(shown) else shown
    there = np.isfinite(log_report[sample])
    values = log_report[sample] - pattern.movement(evidence, sample, there)
    group = evidence.sector.position[evidence.series_unit[sample]]
    dynamics = fit_dynamics(values, steps, group, len(evidence.sector.labels))
    moves = _Moves(dynamics.persistence[group], dynamics.stationary[group], steps, np.full(len(sample), np.inf))
    own = np.broadcast_to(dynamics.white[group][:, None], values.shape)
    level = np.where(there, values, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    marked = _with_breaks(moves, np.where(there, values - level[:, None], 0.0), np.where(there, 0.0, np.inf), own)
    breaks = float((marked - own)[there].mean()) if there.any() else 0.0
    return Swings(dynamics, breaks, steps, np.array([period.start.year for period in parsed], np.int64))


def smooth_series(evidence: Evidence, base: Base, log_report: FloatArray, noise: Noise, usable: BoolArray, heard: Heard, swings: Swings) -> Smoothed:
    """Smooth log output around its base: autoregression and white movement by sector, reports and findings seen with their errors.

    Reports show y + bias with noise; how much of their restlessness is noise and how much the unit's own, findings tell. A finding settles its own
    month, and as far as output persists those around it; of a series that does not report it also settles the level.

    Args:
        evidence: of a part of the series.
        base: level, bias and expected movement.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
        noise: of single reports.
        usable: shape (n,), which findings count: of periods without a report.
        heard: what is said of series that do not report; a finding of the same period counts in its place.
        swings: how series move.
    """
    seen = _Seen(log_report - base.bias[:, None], np.isfinite(log_report), np.full(log_report.shape, np.nan))
    place = evidence.findings.series[usable], evidence.findings.period[usable]
    seen.value[heard.series, heard.period], seen.finding_variance[heard.series, heard.period] = heard.log_rate, heard.variance
    seen.value[place], seen.finding_variance[place] = evidence.findings.log_rate[usable], evidence.findings.variance[usable]
    sector, dynamics = evidence.sector.position[evidence.series_unit], swings.dynamics
    moves = _Moves(dynamics.persistence[sector], dynamics.stationary[sector], swings.steps, base.variance)
    return _smooth(base, seen, noise, dynamics.white[sector], moves, swings.year, swings.breaks)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What is seen of log output, shape (S, T) each: a report less its bias, or else a finding.

    Args:
        value: NaN where nothing is seen.
        by_report: it is a report.
        finding_variance: error variance of the finding; NaN where there is none.
    """

    value: FloatArray
    by_report: BoolArray
    finding_variance: FloatArray


def _smooth(base: Base, seen: _Seen, noise: Noise, white: FloatArray, moves: _Moves, year: IntArray, breaks: float) -> Smoothed:
    there = np.isfinite(seen.value)
    # Reports cannot be noisier than they are restless.
    restless = np.maximum(np.minimum(noise.new, white), 1e-8)[:, None]
    error = np.where(seen.by_report, restless, np.where(there, seen.finding_variance, np.inf))
    known = np.isfinite(base.level)[:, None]
    expected = np.where(known, base.level[:, None], 0.0) + base.movement
    values = np.where(there & known, seen.value - expected, 0.0)
    own = _with_breaks(moves, values, error, np.broadcast_to(np.maximum(white[:, None] - restless, 0.0), error.shape))
    paths = moves.paths(error + own)
    # Of a month's white movement its own observation alone tells.
    left = np.where(there, error, 1.0) / np.where(there, own + error, 1.0)
    around, _ = paths.smooth(values)
    by_finding = (there & ~seen.by_report).astype(float)
    damping = 1.0 - left * paths.smooth(by_finding)[0] - (1.0 - left) * by_finding
    level_known = np.isfinite(paths.level_variance)[:, None]
    variance = left**2 * np.where(level_known, paths.variance(), 0.0) + left * own
    # What of a report's error comes and goes slowly stays an error of its row.
    variance += np.where(seen.by_report, noise.total - restless + noise.filling, 0.0)
    # A month that nobody saw may have been one of those that stand out.
    variance += np.where(there, 0.0, breaks)
    prior = np.where(np.isfinite(base.variance), base.variance, 0.0)[:, None]
    mean = np.where(known, expected + left * around + (1.0 - left) * values, np.nan)
    linked = _linked(paths.pair_covariance(left, year), damping * np.sqrt(prior), year)
    return Smoothed(mean, np.maximum(variance - damping**2 * prior, 0.0), damping, linked)


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    """How the paths of a chunk move: see `filter_paths`."""

    persistence: FloatArray
    stationary: FloatArray
    steps: FloatArray
    level_variance: FloatArray

    def paths(self, noise: FloatArray) -> Paths:
        return filter_paths(noise, persistence=self.persistence, stationary=self.stationary, steps=self.steps, level_variance=self.level_variance)


def _with_breaks(moves: _Moves, seen: FloatArray, error: FloatArray, own: FloatArray) -> FloatArray:
    """Give the white movement's variance, shape (S, T): its size squared where a month stands out from all others of its series.

    Such a report has passed screening, so it is meant: a line stood still for half a month, say. Smoothing must not spread that over its
    neighbours, nor draw the month to them.
    """
    there = np.isfinite(error)
    noise = np.where(there, error + own, 1.0)
    paths = moves.paths(np.where(there, noise, np.inf))
    around, _ = paths.smooth(seen)
    # Residual and variance as if the month itself had not been seen.
    free = noise - np.where(there, paths.variance(), 0.0)
    free = np.maximum(free, 1e-3 * noise)
    residual = np.where(there, seen - around, 0.0)
    return np.where(np.abs(residual) > _STANDS_OUT * np.sqrt(free), np.maximum(own, (residual * noise / free) ** 2), own)


def _linked(paired: FloatArray, lasting: FloatArray, block: IntArray) -> FloatArray:
    """Give the mean covariance of two periods of one year, less what they share through the level, shape (S,)."""
    number = np.zeros((len(block), len(block)))
    number[np.arange(len(block)), np.unique(block, return_inverse=True)[1]] = 1.0
    pairs = float((number.sum(axis=0) ** 2).sum() - len(block))
    shared = ((lasting @ number) ** 2).sum(axis=1) - (lasting**2).sum(axis=1)
    return np.asarray(np.maximum((paired - shared) / max(pairs, 1.0), 0.0))
