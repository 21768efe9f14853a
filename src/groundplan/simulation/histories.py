"""What was truly made, month by month: capacity, season, storming, outages, shocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.simulation.country import REGIONS, SECTORS
from groundplan.simulation.enterprises import Enterprises
from groundplan.simulation.technology import BaseYear, Technology, balance_base_year

__all__ = ["History", "Series", "make_history"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PERSISTENCE = 0.7
_WOBBLE = 0.07
"""Persistence and stationary standard deviation of a line's log utilisation from month to month."""
_OUTAGE_CHANCE = 0.004
_STORM = {11: 0.07, 0: -0.05, 10: 0.03}
"""Month of the year (0 = January) -> extra log output: plans are stormed in December and January pays for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """What units report on: each (unit, product) once, s of them, sorted by unit and by the product's label.

    Args:
        unit, product: shape (s,), positions.
        per_line: shape (s, m), output of the product per unit of activity of the line.
    """

    unit: IntArray
    product: IntArray
    per_line: csr_array


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The truth, m lines, s series, T months that end with the base year.

    Args:
        series: the unit-product pairs.
        capacity: shape (m,), units of activity a year at the end of the base year.
        monthly_capacity: shape (m, T), a twelfth of that, as it grew.
        activity: shape (m, T), units of activity in the month; never above `monthly_capacity`.
        output: shape (s, T), in the product's measure a month.
        season: shape (m, T), log of the line's usual season, known to planners.
        base: the balanced base year, at the efficiency that lines really have.
    """

    series: Series
    capacity: FloatArray
    monthly_capacity: FloatArray
    activity: FloatArray
    output: FloatArray
    season: FloatArray
    base: BaseYear


def make_history(enterprises: Enterprises, technology: Technology, months: int, rng: np.random.Generator) -> History:
    """Draw the months and scale each recipe's lines so that the last twelve add up to the balanced base year."""
    lines = len(enterprises.line_unit)
    month = np.arange(-months, 0) % 12
    season = _season(enterprises, technology, month)
    growth = np.exp(np.outer(np.maximum(rng.normal(0.012, 0.02, lines), 0.0), np.arange(1 - months, 1) / 12.0))
    storm = np.array([_STORM.get(int(number), 0.0) for number in month])
    log_use = np.log(enterprises.utilisation)[:, None] + season + storm + _autoregression(lines, months, rng) + _shocks(enterprises, month, rng)
    use = np.exp(np.minimum(log_use, 0.0)) * _outages(lines, months, rng)
    shape = enterprises.line_size[:, None] * growth * use / 12.0
    weight = shape[:, -12:].sum(axis=1)
    recipes = len(technology.recipes)
    total = np.bincount(enterprises.line_recipe, weight, recipes)
    efficiency = np.bincount(enterprises.line_recipe, weight * enterprises.efficiency, recipes) / total
    base = balance_base_year(technology, efficiency)
    scale = (base.activity / total)[enterprises.line_recipe]
    capacity = scale * enterprises.line_size
    activity = scale[:, None] * shape
    series = _series(enterprises, technology)
    return History(series, capacity, capacity[:, None] * growth / 12.0, activity, np.asarray(series.per_line @ activity), season, base)


def _season(enterprises: Enterprises, technology: Technology, month: IntArray) -> FloatArray:
    """Wave of each line's sector over the year in logs, shape (m, T); heat swings more than the power sector at large."""
    amplitude, peak = (np.array([getattr(sector, name) for sector in SECTORS], float)[technology.sector] for name in ("season", "peak"))
    amplitude[technology.recipes.position("heat_works")] = 0.28
    wave = amplitude[:, None] * np.cos(2 * np.pi * (month - (peak[:, None] - 1)) / 12.0)
    return np.asarray(wave[enterprises.line_recipe])


def _autoregression(rows: int, months: int, rng: np.random.Generator) -> FloatArray:
    noise = rng.normal(0.0, _WOBBLE, (rows, months))
    for at in range(1, months):
        noise[:, at] = _PERSISTENCE * noise[:, at - 1] + np.sqrt(1 - _PERSISTENCE**2) * noise[:, at]
    return noise


def _shocks(enterprises: Enterprises, month: IntArray, rng: np.random.Generator) -> FloatArray:
    """Shocks that neighbours share, in logs, shape (m, T): floods in a region in summer, short power in winter."""
    months = len(month)
    flood = (rng.random((len(REGIONS), months)) < 0.10) & np.isin(month, (6, 7))
    exposed = np.isin(np.arange(len(SECTORS)), [position for position, sector in enumerate(SECTORS) if sector.name in ("food", "coal", "building")])
    short = np.where(np.isin(month, (0, 1)), rng.uniform(0.0, 0.10, months), 0.0)
    hungry = np.array([sector.name in ("steel", "nonferrous", "chemicals") for sector in SECTORS])
    region, sector = enterprises.region[enterprises.line_unit], enterprises.sector[enterprises.line_unit]
    return np.asarray(-0.25 * flood[region] * exposed[sector][:, None] - short * hungry[sector][:, None])


def _outages(rows: int, months: int, rng: np.random.Generator) -> FloatArray:
    """Share of a month that a line stood ready: 1, or 0 where it stood still, or half."""
    draw = rng.random((rows, months))
    return np.where(draw < _OUTAGE_CHANCE, 0.0, np.where(draw < 3 * _OUTAGE_CHANCE, 0.5, 1.0))


def _series(enterprises: Enterprises, technology: Technology) -> Series:
    recipe, product = np.nonzero(technology.outputs.T)
    first = np.searchsorted(recipe, enterprises.line_recipe)
    number = np.bincount(recipe, minlength=len(technology.recipes))[enterprises.line_recipe]
    line = np.repeat(np.arange(len(number)), number)
    within = np.arange(len(line)) - np.repeat(np.cumsum(number) - number, number)
    made = product[first[line] + within]
    amount = technology.outputs[made, enterprises.line_recipe[line]] * enterprises.efficiency[line]
    # Products stand in the order of their labels within a unit, so that tables made from series are sorted by their keys.
    labels = np.array(technology.products.labels)
    by_label = np.argsort(labels, kind="stable")
    rank = np.argsort(by_label, kind="stable")
    keys, row = np.unique(enterprises.line_unit[line] * len(labels) + rank[made], return_inverse=True)
    unit, place = np.divmod(keys, len(labels))
    return Series(unit, by_label[place], csr_array((amount, (row, line)), shape=(len(keys), len(number))))
