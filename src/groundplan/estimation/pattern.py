"""What a series would have reported in a month without a usable report: its level, its product's month, and what its proxies did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.partitions import Part
from groundplan.maths.common_paths import smooth_common
from groundplan.maths.dynamics import Dynamics, fit_dynamics
from groundplan.maths.groups import masked_mean, membership
from groundplan.period import parse_period

__all__ = ["Pattern", "report_pattern"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PSEUDO = 2.0
"""Series at zero that are added to each product's month while levels and months are found in turns."""
_ROUNDS = 3
_SEVERAL, _SAMPLE = 3, 300
"""How series move on their own is learned from so many, of products that at least three make."""
_LEAST_EXPLAINED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """How reports move from period to period.

    Args:
        level: shape (S,), mean log report, the product's months taken off; NaN where there is none.
        wave: shape (P, T), how each product's months deviate from the level: a local level and a season that its makers share.
        proxy: whose movement the reports follow; None: they follow no proxy.
        slope: by how much they follow it.
        proxy_wave: shape (sectors, T), how the proxy's months deviate in each sector.
    """

    level: FloatArray
    wave: FloatArray
    proxy: str | None
    slope: float
    proxy_wave: FloatArray

    def movement(self, evidence: Evidence, series: slice | IntArray, there: BoolArray) -> FloatArray:
        """Give the expected deviation of each period from the level, for some of the series, shape (n, T).

        Args:
            evidence: what is known.
            series: which series.
            there: shape (n, T), where they have a usable report.
        """
        movement = np.asarray(self.wave[evidence.series_product[series]])
        if self.proxy is None:
            return movement
        moved = _within(evidence, self.proxy, self.proxy_wave, series, there)
        return np.asarray(movement + self.slope * np.where(np.isfinite(moved), moved, 0.0))


def report_pattern(evidence: Evidence, log_report: FloatArray) -> Pattern:
    """Fit level + product's month + slope x proxy to the usable reports.

    Levels and months are fitted in turns (two-way means), then months are smoothed (`smooth_common`). The proxy is the one whose movement within units, its
    sector's month taken off, goes along with the reports' best, by least squares over all units.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
    """
    level, wave = _two_way_means(evidence, log_report)
    waves = {name: _proxy_wave(evidence, name) for name in evidence.proxies}
    sums = evidence.by_part(lambda _, part: _products(evidence, part.series, log_report[part.series] - level[part.series, None], wave, waves))
    best, chosen = 0.0, Pattern(level, wave, None, 0.0, np.zeros((0, 0)))
    for (name, proxy_wave), (square, cross, total) in zip(waves.items(), np.sum(sums, axis=0), strict=True):
        if square > 0 and total > 0 and cross**2 / square / total > max(best, _LEAST_EXPLAINED):
            best, chosen = cross**2 / square / total, Pattern(level, wave, name, float(cross / square), proxy_wave)
    return chosen


def _two_way_means(evidence: Evidence, log_report: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the level of each series, NaN where it does not report, and the wave of each product: what its makers do together."""
    products = len(evidence.products)

    def begin(inside: Evidence, part: Part) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        there = np.isfinite(log_report[part.series])
        filled = np.where(there, log_report[part.series], 0.0)
        member = membership(inside.series_product, products)
        return there.sum(axis=1).astype(float), filled.sum(axis=1), member @ there.astype(float), member @ filled

    begun = evidence.by_part(begin)
    count, total = (np.concatenate([each[at] for each in begun]) for at in (0, 1))
    number, filled = (np.sum([each[at] for each in begun], axis=0) for at in (2, 3))

    def turn(wave: FloatArray) -> tuple[FloatArray, FloatArray]:
        def taken(inside: Evidence, part: Part) -> tuple[FloatArray, FloatArray]:
            there = np.isfinite(log_report[part.series]).astype(float)
            level = (total[part.series] - np.einsum("st,st->s", there, wave[inside.series_product])) / np.maximum(count[part.series], 1.0)
            return level, membership(inside.series_product, products, level) @ there

        found = evidence.by_part(taken)
        return np.concatenate([each[0] for each in found]), filled - np.sum([each[1] for each in found], axis=0)

    level, rest = turn(np.zeros(filled.shape))
    for _ in range(_ROUNDS - 2):
        level, rest = turn(rest / (number + _PSEUDO))
    mean = rest / np.maximum(number, 1.0)
    parsed = [parse_period(label) for label in evidence.periods]
    years = np.array([period.start.toordinal() for period in parsed], float) / 365.25
    # Months of one name share a season, years and quarters their own.
    season = np.unique([f"{period.length} {period.start.month:02d} {period.start.day:02d}" for period in parsed], return_inverse=True)[1].astype(np.int64)
    own = _own_dynamics(evidence, log_report, level, mean, number)
    wave = smooth_common(mean, number, years, season, own, evidence.steps())
    level, _ = turn(wave)
    return np.where(count > 0, level, np.nan), wave


def _own_dynamics(evidence: Evidence, log_report: FloatArray, level: FloatArray, mean: FloatArray, number: FloatArray) -> Dynamics:
    """Learn how series move apart from their product, from an even selection of those whose product several others make."""
    several = number.max(axis=1, initial=0.0) >= _SEVERAL
    shown = np.flatnonzero(several[evidence.series_product] & (np.isfinite(log_report).sum(axis=1) > 1))
    sample = shown[np.unique(np.linspace(0, max(len(shown) - 1, 0), _SAMPLE).astype(np.int64))] if len(shown) else shown
    made = number[evidence.series_product[sample]]
    # A mean that the series is part of follows it.
    alone = np.sqrt(np.where(made > 1, made / np.maximum(made - 1.0, 1.0), np.nan))
    rest = (log_report[sample] - level[sample, None] - mean[evidence.series_product[sample]]) * alone
    return fit_dynamics(rest, evidence.steps(), np.zeros(len(sample), np.int64), 1)


def _proxy_wave(evidence: Evidence, name: str) -> FloatArray:
    """Mean deviation of a proxy from its units' means by sector and period, shape (sectors, T)."""

    def add_up(inside: Evidence) -> FloatArray:
        values = inside.proxies[name]
        known = np.isfinite(values)
        deviation = np.where(known, values - masked_mean(values, known)[:, None], 0.0)
        member = membership(inside.sector.position, len(inside.sector.labels))
        return np.stack([member @ deviation, member @ known.astype(float)])

    total, number = np.sum(evidence.by_part(lambda inside, _: add_up(inside)), axis=0)
    return np.asarray(total / np.maximum(number, 1.0))


def _products(evidence: Evidence, series: slice, rest: FloatArray, wave: FloatArray, waves: dict[str, FloatArray]) -> FloatArray:
    """Sums of x x, x r and r r over what is both known, for the movement x of each proxy and the rest r of the reports, shape (proxies, 3)."""
    there = np.isfinite(rest)
    rest = rest - wave[evidence.series_product[series]]
    sums = []
    for name, proxy_wave in waves.items():
        moved = _within(evidence, name, proxy_wave, series, there)
        both = np.isfinite(moved) & there
        x, r = np.where(both, moved, 0.0), np.where(both, rest, 0.0)
        sums.append([float((x * x).sum()), float((x * r).sum()), float((r * r).sum())])
    return np.array(sums).reshape(len(waves), 3)


def _within(evidence: Evidence, name: str, wave: FloatArray, series: slice | IntArray, there: BoolArray) -> FloatArray:
    """Movement of a proxy around its mean in the months that the series reports, its sector's month taken off, shape (n, T)."""
    unit = evidence.series_unit[series]
    values = evidence.proxies[name][unit]
    moved = values - masked_mean(values, np.isfinite(values))[:, None] - wave[evidence.sector.position[unit]]
    offset = masked_mean(moved, np.isfinite(moved) & there)
    return np.asarray(moved - np.where(np.isfinite(offset), offset, 0.0)[:, None])
