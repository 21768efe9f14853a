"""Series that are reported ten, a hundred or a thousand times too large or small throughout: a wrong measure, or a slip where there is one report only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.screening import Screened
from groundplan.estimation.windows import reports_beside_findings
from groundplan.maths.groups import group_count, masked_mean

__all__ = ["screen_measures"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SLIPS = np.log(10.0) * np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
_FAR, _NEAR = 5.0, 3.0
"""A level counts as off where it lies 5 robust standard deviations off its like, and within 3 of a power of ten."""
_LEAST_UNITS = 8
_AGREES = 0.7
"""A finding within a factor of two bears a report out."""
_ROUNDS = 3


def screen_measures(evidence: Evidence, screened: Screened) -> Screened:
    """Set aside series whose level is off by a power of ten for all that is known of the unit's size.

    A unit's level of reports is set against each of its proxies and its nameplate, by regression among units of one sector that make the same one product. The
    series is set aside where each of them says that it is off, all by the same power of ten, and no finding bears it out.

    Args:
        evidence: what is known.
        screened: usable reports.
    """
    log_report = screened.log_report
    single = _single(evidence)
    level, *sizes = (np.concatenate(parts) for parts in zip(*evidence.by_part(lambda inside, part: _levels(inside, log_report[part.series])), strict=True))
    alike = np.unique(evidence.series_product * len(evidence.sector.labels) + evidence.sector.position[evidence.series_unit], return_inverse=True)[1]
    power = np.zeros(len(level))
    agree, measured = np.isfinite(level) & single, np.zeros(len(level), bool)
    for size in (*sizes, np.where(evidence.by_product, np.nan, evidence.nameplate)):
        deviation, spread = _deviations(np.where(single, level, np.nan), size, alike)
        there = np.isfinite(deviation)
        nearest = _SLIPS[np.argmin(np.abs(np.where(there, deviation, 0.0)[:, None] - _SLIPS), axis=1)]
        off = there & (np.abs(deviation) > _FAR * spread) & (np.abs(deviation - nearest) < _NEAR * spread)
        agree &= ~there | (off & (~measured | (nearest == power)))
        power = np.where(there, nearest, power)
        measured |= there
    agree &= measured & ~_borne_out(evidence, log_report)
    aside = agree[:, None] & np.isfinite(log_report)
    if not aside.any():
        return screened
    return replace(screened, log_report=np.where(aside, np.nan, log_report), factor=np.where(agree, np.exp(power), 1.0))


def _single(evidence: Evidence) -> BoolArray:
    return np.asarray(group_count(evidence.series_unit, len(evidence.units))[evidence.series_unit] == 1)


def _levels(evidence: Evidence, log_report: FloatArray) -> list[FloatArray]:
    """Mean log report, and those of each proxy of the unit over the periods that the series reports, shape (S,) each."""
    there = np.isfinite(log_report)
    proxies = []
    for values in evidence.proxies.values():
        beside = values[evidence.series_unit]
        proxies.append(masked_mean(beside, there & np.isfinite(beside)))
    return [masked_mean(log_report, there), *proxies]


def _deviations(level: FloatArray, size: FloatArray, group: IntArray) -> tuple[FloatArray, float]:
    """Give each level's distance from what its size says, by regression within groups, and the robust standard deviation; NaN where nothing is said."""
    there = np.isfinite(level) & np.isfinite(size)
    groups = int(group.max(initial=0)) + 1
    there &= group_count(group[there], groups)[group] >= _LEAST_UNITS
    deviation = np.full(len(level), np.nan)
    if not there.any():
        return deviation, np.inf
    y, x = (_centred(values[there], group[there], groups) for values in (level, size))
    inside = np.ones(len(y), bool)
    slope, spread = 1.0, np.inf
    for _ in range(_ROUNDS):
        square = float((x[inside] ** 2).sum())
        slope = float((x[inside] * y[inside]).sum()) / square if square > 0 else 0.0
        rest = _centred(y - slope * x, group[there], groups)
        spread = 1.4826 * float(np.median(np.abs(rest)))
        inside = np.abs(rest) <= _FAR * spread
    deviation[there] = rest
    return deviation, spread if spread > 0 else np.inf


def _centred(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Values less their group's median."""
    order = np.lexsort((values, group))
    number = np.bincount(group, minlength=groups)
    first = np.cumsum(number) - number
    low, high = first + np.maximum(number - 1, 0) // 2, first + np.minimum(number // 2, np.maximum(number - 1, 0))
    ordered = values[order]
    last = len(values) - 1
    median = (ordered[np.minimum(low, last)] + ordered[np.minimum(high, last)]) / 2.0
    return np.asarray(values - median[group])


def _borne_out(evidence: Evidence, log_report: FloatArray) -> BoolArray:
    """Say for which series a finding lies near the report."""
    gap = reports_beside_findings(evidence, log_report)[0] - evidence.findings.log_rate
    near = np.isfinite(gap) & (np.abs(np.where(np.isfinite(gap), gap, 0.0)) < _AGREES)
    return group_count(evidence.findings.series[near], len(evidence.series_unit)) > 0
