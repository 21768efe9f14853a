"""Filling up to the target at the end of the year: reports of the last months that rise beyond what the unit's proxies bear out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.partitions import Part
from groundplan.estimation.targets import HEAP
from groundplan.maths.spike import fit_spike, spike_posterior
from groundplan.period import parse_period

__all__ = ["Filling", "year_end_filling"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_Span = tuple[IntArray, IntArray]

_FIRST_LATE = 9
_LEAST_LATE, _LEAST_EARLY = 3, 5
"""Months with report and proxy that a year must have in its last third, and in its first two."""
_LEAST_YEARS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """By how much reports of the last third of a year exceed their unit's lasting bias, and how sure that is.

    Args:
        shift, variance: shape (S, Y), by year; 0 where nothing is known.
        year: shape (T,), position of the year in whose last third a period lies; -1 where it lies in none.
    """

    shift: FloatArray
    variance: FloatArray
    year: IntArray

    def by_period(self, part: slice) -> tuple[FloatArray, FloatArray]:
        """Give shift and variance of some series by period, shape (S, T) each."""
        late = np.flatnonzero(self.year >= 0)
        shift, variance = (np.zeros((part.stop - part.start, len(self.year))) for _ in range(2))
        shift[:, late], variance[:, late] = self.shift[part][:, self.year[late]], self.variance[part][:, self.year[late]]
        return shift, variance


def year_end_filling(evidence: Evidence, targets: dict[str, FloatArray], log_report: FloatArray) -> Filling:
    """Judge, for each series and year with monthly reports and a proxy, whether its last four months were filled up.

    The contrast is the mean of r - q / b over September to December less that over January to August, b being the slope of the proxy on reports
    within units and years in the early months. Contrasts around the median one are taken as a mixture: no filling, or a normal filling. How
    frequent filling is, is learned apart for years that end in the heap just above the target and for the others.

    Args:
        evidence: what is known.
        targets: of output, by period, as `read_targets` gives them.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
    """
    parsed = [parse_period(label) for label in evidence.periods]
    monthly = np.array([period.length == "month" for period in parsed], bool)
    year, month = np.array([period.start.year for period in parsed], np.int64), np.array([period.start.month for period in parsed], np.int64)
    years = np.unique(year[monthly])
    early, late = monthly & (month < _FIRST_LATE), monthly & (month >= _FIRST_LATE)
    spans: list[_Span] = [(np.flatnonzero(early & (year == number)), np.flatnonzero(late & (year == number))) for number in years]
    shift, variance = np.zeros((len(log_report), len(years))), np.zeros((len(log_report), len(years)))
    made = _best_contrasts(evidence, log_report, spans)
    if made is not None:
        heaped = _in_heap(evidence, targets, years, spans)[made.series, made.year].astype(np.int64)
        centred = made.value - np.median(made.value)
        mean, spread = spike_posterior(fit_spike(centred, made.noise, heaped, groups=2), centred, made.noise, heaped)
        shift[made.series, made.year], variance[made.series, made.year] = mean, spread
    return Filling(shift, variance, np.where(late, np.searchsorted(years, year), -1))


@dataclass(frozen=True, slots=True, eq=False)
class _Contrasts:
    """Series, year (position), contrast and the variance of its noise, shape (n,) each."""

    series: IntArray
    year: IntArray
    value: FloatArray
    noise: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Late less early means of n series in a year, and sums over them, from which contrasts follow for any slope.

    Args:
        series: shape (n,), positions.
        report, proxy: shape (n,), mean of September to December less that of January to August.
        share: shape (n,), variance of such a difference for noise of variance 1.
        early: sums over the early months of r r and r q, around their means.
        within: sums over both spans of r r, r q and q q, around the means of each.
        freedom: months less means.
    """

    series: IntArray
    report: FloatArray
    proxy: FloatArray
    share: FloatArray
    early: FloatArray
    within: FloatArray
    freedom: float


def _best_contrasts(evidence: Evidence, log_report: FloatArray, spans: list[_Span]) -> _Contrasts | None:
    """Give the contrasts by the proxy around which reports vary least; None where there are too few."""
    gone_through = evidence.by_part(lambda inside, part: _moments(inside, part, log_report[part.series], spans))
    best = None
    for name in evidence.proxies:
        made = _contrasts([[moments[name][year] for moments in gone_through] for year in range(len(spans))])
        if made is not None and (best is None or made.noise.mean() < best.noise.mean()):
            best = made
    return best


def _moments(evidence: Evidence, part: Part, log_report: FloatArray, spans: list[_Span]) -> dict[str, list[_Moments]]:
    """Give the moments of a part by proxy and year."""
    reported = np.isfinite(log_report)
    found: dict[str, list[_Moments]] = {}
    for name, values in evidence.proxies.items():
        proxy = values[evidence.series_unit]
        there = reported & np.isfinite(proxy)
        found[name] = []
        for span in spans:
            number = [there[:, columns].sum(axis=1) for columns in span]
            rows = np.flatnonzero((number[0] >= _LEAST_EARLY) & (number[1] >= _LEAST_LATE))
            means, products = [], []
            for columns in span:
                mask = there[np.ix_(rows, columns)]
                (r, mean_r), (q, mean_q) = (_centred(part_of[np.ix_(rows, columns)], mask) for part_of in (log_report, proxy))
                means.append((mean_r, mean_q))
                products.append(np.array([float((left * right).sum()) for left, right in ((r, r), (r, q), (q, q))]))
            known = [count[rows] for count in number]
            found[name].append(
                _Moments(
                    rows + part.series.start,
                    means[1][0] - means[0][0],
                    means[1][1] - means[0][1],
                    1.0 / known[0] + 1.0 / known[1],
                    products[0][:2],
                    products[0] + products[1],
                    float((known[0] + known[1] - 2).sum()),
                )
            )
    return found


def _contrasts(years: list[list[_Moments]]) -> _Contrasts | None:
    """Put the moments of all years, by part each, together."""
    blocks = [block for year in years for block in year]
    if sum(len(block.series) for block in blocks) < _LEAST_YEARS:
        return None
    square, cross = np.sum([block.early for block in blocks], axis=0)
    if cross <= 0 or square <= 0:
        return None
    slope = square / cross
    squares = float(np.sum([block.within for block in blocks], axis=0) @ np.array([1.0, -2.0 * slope, slope**2]))
    scale = max(squares / sum(block.freedom for block in blocks), 1e-6)
    return _Contrasts(
        np.concatenate([block.series for block in blocks]),
        np.concatenate([np.full(len(block.series), at) for at, year in enumerate(years) for block in year]),
        np.concatenate([block.report - slope * block.proxy for block in blocks]),
        np.concatenate([block.share for block in blocks]) * scale,
    )


def _centred(values: FloatArray, mask: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Values less their row's mean, 0 where the mask does not hold, and the means."""
    mean = np.where(mask, values, 0.0).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)
    return np.where(mask, values - mean[:, None], 0.0), mean


def _in_heap(evidence: Evidence, targets: dict[str, FloatArray], years: IntArray, spans: list[_Span]) -> BoolArray:
    """Say which series' years end in the heap just above their target, shape (S, years)."""
    heaped = np.zeros((len(evidence.series_unit), len(spans)), bool)
    for at, (number, (early, late)) in enumerate(zip(years.tolist(), spans, strict=True)):
        wanted = targets.get(f"{number:04d}")
        if wanted is not None:
            made = np.nan_to_num(evidence.reported[:, np.concatenate([early, late])]).sum(axis=1)
            heaped[:, at] = (made / wanted >= HEAP[0]) & (made / wanted < HEAP[1])
    return heaped
