"""What is worked out of a part's rows: its piece of the table, which is handed on, and figures by series from which totals, capacities and suspects follow, which are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.calibrate import Factors
from groundplan.estimation.capacity import sustained_peaks
from groundplan.estimation.design_sample import Picked, pick_rows
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.factors import effect_root
from groundplan.estimation.heard import Heard
from groundplan.estimation.partitions import Part, put_together
from groundplan.estimation.pattern import Pattern
from groundplan.estimation.rows import Ground, posterior_rows
from groundplan.estimation.smoothing import Noise, Swings
from groundplan.estimation.spread import Lasting, spread_rows
from groundplan.estimation.tables_out import estimates_table
from groundplan.estimation.totals import PeriodSums, sum_periods
from groundplan.estimation.year_bias import BaseSums, sum_base
from groundplan.estimation.yearend import Filling
from groundplan.period import Period

__all__ = ["Basis", "Digest", "Keep", "digest_rows"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Keep = Callable[[Iterator[pl.DataFrame]], None]
"""Goes through pieces of a table and keeps them."""


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """All that rows follow from, series by series.

    Args:
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
        pattern: how reports move.
        ground: what holds of each series in all its periods.
        noise, new: variance of a single report around the lasting bias, and the part that is new each period.
        filling: filling up at the end of the year.
        heard: what is said of series that do not report.
        swings: how series move around what is expected.
        factors: of calibration.
        covariance: of the effects, shape (p, p).
        year: shape (T,), the plan period of each column; -1 where it is in none.
        years: number of plan periods.
        base: the base period.
        visited: shape (S,), the series was visited or drawn by lot.
    """

    log_report: FloatArray
    pattern: Pattern
    ground: Ground
    noise: float
    new: float
    filling: Filling
    heard: Heard
    swings: Swings
    factors: Factors
    covariance: FloatArray
    year: IntArray
    years: int
    base: Period
    visited: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """What is kept of all rows.

    Args:
        lasting: errors that last.
        periods: sums by plan period.
        base: sums over the base period.
        picked: rows of those who were visited.
        peak: shape (S,), log of sustained peak output at a yearly rate; NaN where there is none.
        shown, live: shape (S,), the series has a row, and one with output.
        stopped: rows in which nothing was made.
    """

    lasting: Lasting
    periods: PeriodSums
    base: BaseSums
    picked: Picked
    peak: FloatArray
    shown: BoolArray
    live: BoolArray
    stopped: int


def digest_rows(evidence: Evidence, basis: Basis, keep: Keep, tell: Callable[[float], None]) -> Digest:
    """Work out the rows part by part, and put together what is kept of them.

    Args:
        evidence: what is known.
        basis: what the rows follow from.
        keep: is handed the table `estimates` part by part, in order, and goes through all of it.
        tell: called with the share of the parts that is done.
    """
    root = effect_root(basis.covariance)
    digests: list[Digest] = []

    def tables() -> Iterator[pl.DataFrame]:
        for table, digest in evidence.each_part(lambda inside, part: _digest_part(evidence, inside, part, basis, root)):
            digests.append(digest)
            tell(len(digests) / len(evidence.parts))
            yield table

    keep(tables())
    return Digest(
        lasting=put_together([digest.lasting for digest in digests]),
        periods=put_together([digest.periods for digest in digests]),
        base=put_together([digest.base for digest in digests]),
        picked=put_together([digest.picked for digest in digests]),
        peak=np.concatenate([digest.peak for digest in digests]),
        shown=np.concatenate([digest.shown for digest in digests]),
        live=np.concatenate([digest.live for digest in digests]),
        stopped=sum(digest.stopped for digest in digests),
    )


def _digest_part(evidence: Evidence, inside: Evidence, part: Part, basis: Basis, root: FloatArray) -> tuple[pl.DataFrame, Digest]:
    log_report, ground = basis.log_report[part.series], basis.ground.of(part.series)
    movement = basis.pattern.movement(evidence, part.series, np.isfinite(log_report))
    noise = Noise(basis.noise, basis.new, basis.filling.by_period(part.series)[1])
    rows = posterior_rows(inside, ground, movement, log_report, noise, basis.heard.of(part.series), basis.swings)
    factors = basis.factors.of(part.units)
    spread, lasting = spread_rows(inside, ground, rows, factors, root)
    count = len(inside.series_unit)
    return estimates_table(inside, ground, rows, spread, factors), Digest(
        lasting=lasting,
        periods=sum_periods(inside, rows, spread, basis.year, basis.years),
        base=sum_base(inside, rows, spread, basis.base),
        picked=pick_rows(part, rows, spread, basis.visited[part.series]),
        peak=sustained_peaks(inside, ground, rows),
        shown=np.bincount(rows.series, minlength=count) > 0,
        live=np.bincount(rows.series[~rows.zero], minlength=count) > 0,
        stopped=int(rows.zero.sum()),
    )
