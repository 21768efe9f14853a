"""The visits that were drawn by lot: who was drawn with which probability, what was found there, and what would have been predicted without the visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.partitions import Part
from groundplan.estimation.predictive import Checks
from groundplan.estimation.rows import Rows
from groundplan.estimation.spread import Spread
from groundplan.estimation.unreported import Unreported
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_count, group_sum
from groundplan.tables.economy import Economy

__all__ = ["Lot", "Picked", "Sample", "draw_sample", "pick_rows", "read_lot"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Units that were visited or drawn, with k series and r rows of the estimate.

    Args:
        probability: shape (U,), chance that a unit was drawn by lot; NaN where it was not drawn.
        missed: visits by lot that are not done.
        unmeasured: units drawn at which no output was measured, those missed included.
        noise: shape (U,), variance of the mean finding's log error; NaN where there is none.
        series, unit: shape (k,), positions.
        ratio: shape (k,), found / reported, or found at a yearly rate where nothing is reported; NaN where the series was not measured.
        row_series: shape (r,), positions in `series`.
        row_period: shape (r,), columns.
        row_found, row_predicted, row_modelled: shape (r,), output in the product's measure: as found, as predicted without the unit's visits, and the
            model's mean.
        checked: shape (c,), units predicted without their visits.
        check_variance: shape (c,), raw variance of prediction and finding.
        check_scale: shape (c,), squares of calibration factors, weighed by what is predicted.
        check_norm: shape (c,), squared lengths of the rows of G.
        check_shared: G, shape (c, p): the finding's row of the inverse marginal covariance on the effects, on independent factors of their posterior.
    """

    probability: FloatArray
    missed: int
    unmeasured: int
    noise: FloatArray
    series: IntArray
    unit: IntArray
    ratio: FloatArray
    row_series: IntArray
    row_period: IntArray
    row_found: FloatArray
    row_predicted: FloatArray
    row_modelled: FloatArray
    checked: IntArray
    check_variance: FloatArray
    check_scale: FloatArray
    check_norm: FloatArray
    check_shared: FloatArray

    def model_variance(self, unit: IntArray, weight: FloatArray) -> float:
        """Give the variance, if the model is right, of a weighted sum of the log residuals of units held out.

        Residuals are e = D^-1 Q z with D the diagonal of Q, the inverse of the findings' marginal covariance with effects swept out, so their covariance is D^-1 Q D^-1: that
        predictions share errors, and that the model has learned from the same visits, are both counted. Calibration factors widen it.

        Args:
            unit: shape (k,), positions; those that were not predicted without visits have no residual.
            weight: shape (k,).
        """
        if not len(self.checked):
            return 0.0
        place = np.full(max(int(self.checked.max()), int(unit.max(initial=0))) + 1, -1)
        place[self.checked] = np.arange(len(self.checked))
        at = place[unit]
        lever = group_sum(at[at >= 0], weight[at >= 0], len(self.checked)) * self.check_variance
        own = float((lever**2 / self.check_variance).sum())
        pulls = lever @ self.check_shared
        shared = float((lever**2 * self.check_norm).sum() - (pulls**2).sum())
        wider = float((lever**2 * self.check_scale).sum() / max((lever**2).sum(), 1e-300))
        return max(own + shared, 0.0) * wider


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Rows of the series that were visited or drawn, shape (r,) each: positions, posterior and spread of log output."""

    series: IntArray
    period: IntArray
    mean: FloatArray
    own: FloatArray
    log_sd: FloatArray
    zero: BoolArray


def pick_rows(part: Part, rows: Rows, spread: Spread, visited: BoolArray) -> Picked:
    """Keep the rows of those series of a part that were visited or drawn, `visited` of shape (S of the part,)."""
    at = np.flatnonzero(visited[rows.series])
    return Picked(rows.series[at] + part.series.start, rows.period[at], rows.mean[at], rows.own[at], spread.log_sd[at], rows.zero[at])


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """Who was drawn by lot.

    Args:
        probability: shape (U,), chance that a unit was drawn by lot; NaN where it was not drawn.
        missed: visits by lot that are not done.
        unplaced: how many of their units were not visited otherwise.
        visited: shape (S,), series of units that were drawn, or whose findings stand beside reports.
        bias: shape (U,), log bias of each unit's reports.
        held_out: shape (U,), the bias that the unit would have been given without its visits; `bias` where it was not predicted without them.
        silent: shape (S,), log of mean output, at a yearly rate, of a series without a usable report; NaN where nothing speaks of it.
        shared: G, shape (c, p), as in `Sample`.
    """

    probability: FloatArray
    missed: int
    unplaced: int
    visited: BoolArray
    bias: FloatArray
    held_out: FloatArray
    silent: FloatArray
    shared: FloatArray


def read_lot(economy: Economy, evidence: Evidence, level: Level, unreported: Unreported, checks: Checks) -> Lot:
    """Read who was drawn by lot, and what the model says without their visits; a unit drawn several times was drawn with 1 - product of (1 - probability).

    Args:
        economy: the tables.
        evidence: what is known.
        level: lasting biases by unit.
        unreported: series without a usable report.
        checks: units predicted without their own visits.
    """
    probability, missed, unplaced = _drawn(economy, evidence)
    visited = np.isfinite(probability)
    visited[checks.unit] = True
    post, finding, count = level.posterior, level.rows.get("finding", np.zeros(0, np.int64)), len(checks.unit)
    held_out = post.unit_mean.copy()
    held_out[checks.unit] = level.data.value[finding][:count] + checks.error
    root = np.linalg.cholesky(post.covariance + 1e-14 * np.eye(len(post.covariance)))
    shared = (post.unit_shared[checks.unit] @ root) / level.data.known[finding][:count, None] if count else np.zeros((0, len(root)))
    return Lot(probability, missed, unplaced, visited[evidence.series_unit], post.unit_mean, held_out, unreported.level + unreported.variance / 2, np.asarray(shared))


def draw_sample(evidence: Evidence, log_report: FloatArray, reporting: BoolArray, lot: Lot, rows: Picked, checks: Checks) -> Sample:
    """Gather the visits by lot.

    What was found in some months is carried over to the others by the unit's own reports, filled and smoothed as the model does: found / reported stays.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        reporting: shape (S,), the series has a usable report.
        lot: who was drawn.
        rows: posterior of the rows of those who were visited.
        checks: units predicted without their own visits.
    """
    units, probability = len(evidence.units), lot.probability
    noise = np.full(units, np.nan)
    noise[checks.unit] = checks.noise
    series = np.flatnonzero(lot.visited)
    unit = evidence.series_unit[series]
    ratio = _ratio(evidence, log_report, reporting)[series]
    place = np.full(len(evidence.series_unit), -1)
    place[series] = np.arange(len(series))
    found, predicted, modelled = _row_values(evidence, lot, log_report, rows, checks, reporting[rows.series], ratio[place[rows.series]])
    measured = np.zeros(units, bool)
    measured[unit[np.isfinite(ratio)]] = True
    total = checks.variance + checks.noise
    return Sample(
        probability=probability,
        missed=lot.missed,
        unmeasured=int((np.isfinite(probability) & ~measured).sum()) + lot.unplaced,
        noise=noise,
        series=series,
        unit=unit,
        ratio=ratio,
        row_series=place[rows.series],
        row_period=rows.period,
        row_found=found,
        row_predicted=predicted,
        row_modelled=modelled,
        checked=checks.unit,
        check_variance=total,
        check_scale=(checks.ninety**2 * checks.variance + checks.noise) / total,
        check_norm=np.asarray((lot.shared**2).sum(axis=1)),
        check_shared=lot.shared,
    )


def _drawn(economy: Economy, evidence: Evidence) -> tuple[FloatArray, int, int]:
    """Give each unit's chance of being drawn, NaN where it was not, how many visits by lot are not done, and how many of their units were not visited otherwise."""
    by_lot = (pl.col("chosen_by").str.strip_chars().str.to_lowercase() == "random") & pl.col("inclusion_probability").is_not_null()
    visits = economy.visits.unique("visit", keep="first", maintain_order=True).filter(by_lot)
    # A finding may belong to a unit above the one visited: the one that reports was drawn with it.
    found = evidence.bearers.findings.filter(pl.col("series").is_not_null() & pl.col("covers")).select("visit", "series").unique("visit", keep="first", maintain_order=True)
    placed = visits.join(found, on="visit", how="left", maintain_order="left")
    own = evidence.units.positions(placed["unit"])
    series = placed["series"].fill_null(-1).to_numpy()
    at = np.where(series >= 0, evidence.series_unit[np.maximum(series, 0)] if len(evidence.series_unit) else -1, own)
    done = ((placed["status"].cast(pl.String) == "done") | (placed["series"].is_not_null())).to_numpy() & (at >= 0)
    chance = placed["inclusion_probability"].to_numpy()
    probability = np.full(len(evidence.units), np.nan)
    # In logs, so that several draws of one unit multiply; a certain one stays certain.
    missing = group_sum(at[done], np.log(np.maximum(1.0 - chance[done], 1e-300)), len(evidence.units))
    drawn = group_count(at[done], len(evidence.units)) > 0
    probability[drawn] = np.where(missing[drawn] < np.log(1e-12), 1.0, -np.expm1(missing[drawn]))
    # One draw keeps its probability to the last digit.
    probability[at[done]] = np.where(group_count(at[done], len(evidence.units))[at[done]] == 1, chance[done], probability[at[done]])
    status = placed["status"].cast(pl.String)
    undone = (status == "missed").to_numpy() & ~done
    return probability, int(undone.sum()), int(undone.sum())


def _ratio(evidence: Evidence, log_report: FloatArray, reporting: BoolArray) -> FloatArray:
    """Found / reported over the findings of each series, shape (S,); of series that do not report, what was found at a yearly rate; NaN without findings."""
    found, count = evidence.findings, len(evidence.series_unit)
    report, _ = reports_beside_findings(evidence, log_report)
    still = (found.value == 0) & (found.period >= 0)
    report = np.where(still, log_report[found.series, np.maximum(found.period, 0)], report) if len(found.series) else report
    silent = ~reporting[found.series]
    basis = np.where(silent, 0.0, report)
    used = np.isfinite(basis)
    rate = np.exp(np.where(found.value > 0, found.log_rate, -np.inf))
    top = group_sum(found.series[used], rate[used], count)
    bottom = group_sum(found.series[used], np.exp(basis[used]), count)
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)


def _row_values(
    evidence: Evidence, lot: Lot, log_report: FloatArray, rows: Picked, checks: Checks, reporting: BoolArray, ratio: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give what was found, predicted without the unit's visits, and modelled, for each row; `reporting` and `ratio` are those of its series."""
    s, t = rows.series, rows.period
    unit, zero = evidence.series_unit[s], rows.zero
    log_year = np.log(evidence.per_year)[t]
    modelled = np.where(zero, 0.0, np.exp(np.where(zero, 0.0, rows.mean + rows.log_sd**2 / 2)))
    # What would have been reported, as the model sees it: its mean and the bias that it took off. A month with a finding is told by the
    # finding, so there the report itself is taken, with the series' usual distance between the two.
    implied = np.where(zero, np.nan, rows.mean) + lot.bias[unit]
    beside = np.zeros(log_report.shape, bool)
    inside = evidence.findings.period >= 0
    beside[evidence.findings.series[inside], evidence.findings.period[inside]] = True
    told = beside[s, t]
    report = log_report[s, t] - log_year
    apart = np.where(told, np.nan, implied - report)
    there = np.isfinite(apart)
    count = len(evidence.series_unit)
    usual = group_sum(s[there], apart[there], count) / np.maximum(group_count(s[there], count), 1.0)
    implied = np.where(told & np.isfinite(report), report + usual[s], implied)
    # The bias that the unit would have been given without its visits, and how unsure that is.
    variance = np.full(len(evidence.units), np.nan)
    variance[checks.unit] = checks.ninety**2 * checks.variance
    checked = np.isfinite(variance)[unit] & reporting
    predicted = np.where(checked, np.exp(implied - lot.held_out[unit] + (np.where(checked, variance[unit], 0.0) + rows.own) / 2), modelled)
    found = np.where(reporting, np.exp(implied), np.exp(-log_year)) * ratio
    silent = ~reporting & told
    if (~reporting & np.isfinite(ratio)).any():
        alone = ~reporting & np.isfinite(ratio)
        guess = np.exp(lot.silent[s] - log_year)
        predicted = np.where(alone, np.where(np.isfinite(guess), guess, 0.0), predicted)
    # A zero that was reported is predicted as one; a finding says otherwise.
    stopped = (evidence.reported[s, t] == 0) | (zero & ~silent)
    predicted = np.where(stopped, 0.0, predicted)
    found = np.where(stopped & zero & np.isfinite(ratio), 0.0, np.where(stopped & ~zero & np.isfinite(ratio), np.exp(np.where(zero, 0.0, rows.mean)), found))
    return found, np.where(np.isfinite(predicted), predicted, modelled), modelled
