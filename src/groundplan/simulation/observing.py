"""What others see: electricity and headcount, and what inspectors find on a visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.simulation.country import SECTORS
from groundplan.simulation.enterprises import Enterprises
from groundplan.simulation.histories import History
from groundplan.simulation.products import PRODUCTS
from groundplan.simulation.shares import share_out
from groundplan.simulation.technology import Technology

__all__ = ["METHOD_ERRORS", "Findings", "Meters", "Visits", "choose_visits", "find", "read_meters"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

METHOD_ERRORS = {"meter": 0.015, "weighing": 0.03, "count": 0.03, "ledger": 0.06}
"""Standard error of each method as a share of the value found."""
CAPACITY_ERROR = 0.05
"""Standard error of a capacity that inspectors count out from machines and test runs."""

_ELECTRICITY_ELASTICITY = 0.9
_HEADCOUNT_ELASTICITY = 0.85
_HOURS_A_YEAR = 1800.0
_RANDOM_SHARE = 0.3
_FIRST_DAY, _LAST_DAY = 100, 340
"""Days of the base year between which visits begin (early April to early December), so that three months lie behind each."""


@dataclass(frozen=True, slots=True, eq=False)
class Meters:
    """Proxies of n units over T months.

    Args:
        electricity: shape (n, T), MWh a month.
        headcount: shape (n, T), persons.
    """

    electricity: FloatArray
    headcount: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Visits, v of them, in the order of their days.

    Args:
        unit: shape (v,), position of the unit visited.
        day: shape (v,), day of the base year on which it begins, 0 = 1 January.
        probability: shape (v,), chance with which it was drawn; NaN where it was chosen and not drawn.
    """

    unit: IntArray
    day: IntArray
    probability: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Findings, f of them.

    Args:
        visit, series, month: shape (f,), positions.
        is_capacity: shape (f,), capacity a month found, else output of the month.
        value: shape (f,), in the product's measure.
        method: shape (f,), position in METHOD_ERRORS.
        relative_error: shape (f,), standard error as a share.
    """

    visit: IntArray
    series: IntArray
    month: IntArray
    is_capacity: NDArray[np.bool_]
    value: FloatArray
    method: IntArray
    relative_error: FloatArray


def read_meters(enterprises: Enterprises, technology: Technology, history: History, rng: np.random.Generator) -> Meters:
    """Read electricity, which goes with output at once, and headcount, which follows slowly.

    log electricity = sector + unit (sd 0.25, lasting) + 0.9 log(worth of output) + noise (sd 0.05); a unit that stands still draws 8 % of its mean.
    log headcount = 0.85 log(hours worked a year) + unit (sd 0.25) + 0.4 log(worth of output, smoothed over about half a year, to its mean) + noise (sd 0.01).
    """
    count, months = len(enterprises.sector), history.activity.shape[1]
    worth = history.base.value @ technology.outputs
    volume = _by_unit(enterprises, history.activity * (worth[enterprises.line_recipe] * enterprises.efficiency)[:, None], count)
    sector = rng.normal(-3.5, 0.5, len(SECTORS))[enterprises.sector]
    level = np.exp(sector + rng.normal(0.0, 0.25, count))[:, None]
    noise = np.exp(rng.normal(0.0, 0.05, volume.shape))
    # What a unit draws while it stands still has no part in the mean that this base load is a share of.
    drawn = level * volume**_ELECTRICITY_ELASTICITY * noise
    running = volume > 0
    mean = drawn.sum(axis=1) / np.maximum(running.sum(axis=1), 1)
    electricity = np.where(running, drawn, 0.08 * mean[:, None] * noise)
    smooth = np.empty_like(volume)
    smooth[:, 0] = volume.mean(axis=1)
    for at in range(1, months):
        smooth[:, at] = 0.7 * smooth[:, at - 1] + 0.3 * volume[:, at]
    labour = technology.resource_inputs[technology.resources.position("labour")]
    hours = _by_unit(enterprises, history.activity[:, -12:] * labour[enterprises.line_recipe][:, None], count).sum(axis=1)
    people = 2.6 * (hours / _HOURS_A_YEAR) ** _HEADCOUNT_ELASTICITY * np.exp(rng.normal(0.0, 0.25, count))
    headcount = people[:, None] * (smooth / smooth.mean(axis=1, keepdims=True)) ** 0.4 * np.exp(rng.normal(0.0, 0.01, volume.shape))
    return Meters(electricity, np.maximum(np.round(headcount), 1.0))


def choose_visits(wanted: int, size: FloatArray, suspicion: FloatArray, major: NDArray[np.bool_], rng: np.random.Generator) -> Visits:
    """Choose whom to inspect: 30 % drawn at random within strata of size, the others for their size and for reports that their electricity belies.

    Args:
        wanted: number of visits.
        size: shape (n,), anything that grows with size, > 0.
        suspicion: shape (n,), log of reports to electricity, within the sector.
        major: shape (n,), is it one of the major enterprises? They are the first stratum.
        rng: source of chance.
    """
    count = len(size)
    wanted = min(wanted, count)
    stratum = np.where(major, 0, np.where(size >= np.median(size[~major]) if (~major).any() else 0.0, 1, 2))
    members = np.bincount(stratum, minlength=3)
    total = np.bincount(stratum, size, 3).astype(np.float64)
    numbers = share_out(min(round(_RANDOM_SHARE * wanted), count), total, least=1, most=members)
    rank = np.empty(count, np.int64)
    shuffled = np.lexsort((rng.random(count), stratum))
    rank[shuffled] = np.arange(count) - np.repeat(np.cumsum(members) - members, members)
    drawn = np.flatnonzero(rank < numbers[stratum])[:wanted]
    worth = 0.8 * np.log(size) + 2.0 * suspicion + rng.gumbel(0.0, 0.6, count)
    worth[drawn] = -np.inf
    chosen = np.sort(np.argsort(-worth, kind="stable")[: wanted - len(drawn)])
    unit = np.concatenate([drawn, chosen])
    probability = np.concatenate([(numbers / np.maximum(members, 1))[stratum[drawn]], np.full(len(chosen), np.nan)])
    day = rng.integers(_FIRST_DAY, _LAST_DAY, len(unit))
    order = np.lexsort((unit, day))
    return Visits(unit[order], day[order], probability[order])


def find(visits: Visits, history: History, rng: np.random.Generator) -> Findings:
    """Measure the output of the three to six months before each visit, and the capacity in the last of them.

    The log error of a value is normal with the standard error that stands beside it.
    """
    months = history.output.shape[1]
    series = history.series
    begun = np.searchsorted(np.cumsum([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]), visits.day, side="right")
    last = months - 12 + begun - 1
    # A visit begins in April at the earliest, so at least three months of the base year lie behind it.
    reach = np.minimum(rng.integers(3, 7, len(visits.unit)), last + 1)
    first, stop = np.searchsorted(series.unit, visits.unit), np.searchsorted(series.unit, visits.unit, side="right")
    visit_of_pair, at = _expand(stop - first)
    pair = first[visit_of_pair] + at
    row, back = _expand(reach[visit_of_pair])
    measure = _methods()[series.product[pair]]
    method = np.where(rng.random(len(pair)) < 0.25, list(METHOD_ERRORS).index("ledger"), measure)
    errors = np.array(list(METHOD_ERRORS.values()))
    output = _Column(visit_of_pair[row], pair[row], last[visit_of_pair[row]] - back, method[row], errors[method[row]])
    capacity = _Column(visit_of_pair, pair, last[visit_of_pair], np.full(len(pair), list(METHOD_ERRORS).index("count")), np.full(len(pair), CAPACITY_ERROR))
    monthly_capacity = np.asarray(series.per_line @ history.monthly_capacity)
    true = np.concatenate([history.output[output.series, output.month], monthly_capacity[capacity.series, capacity.month]])
    both = [np.concatenate([getattr(output, name), getattr(capacity, name)]) for name in _Column.__slots__]
    value = true * np.exp(both[4] * rng.normal(size=len(true)))
    is_capacity = np.arange(len(true)) >= len(row)
    return Findings(both[0], both[1], both[2], is_capacity, value, both[3], both[4])


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    visit: IntArray
    series: IntArray
    month: IntArray
    method: IntArray
    error: FloatArray


def _by_unit(enterprises: Enterprises, per_line: FloatArray, count: int) -> FloatArray:
    # Lines stand sorted by unit, and every unit has one.
    return np.asarray(np.add.reduceat(per_line, np.searchsorted(enterprises.line_unit, np.arange(count)), axis=0))


def _expand(numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Repeat position i numbers[i] times, and count within each."""
    owner = np.repeat(np.arange(len(numbers)), numbers)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(numbers) - numbers, numbers)


def _methods() -> IntArray:
    """The usual method for each product: energy is metered, pieces are counted, masses weighed."""
    names = list(METHOD_ERRORS)
    metered, weighed = ("MWh", "GJ"), ("t",)
    usual = ["meter" if good.measure in metered else "weighing" if good.measure in weighed else "count" for good in PRODUCTS]
    return np.array([names.index(name) for name in usual])
