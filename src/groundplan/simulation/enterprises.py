"""Who stands where and runs what: enterprises, collectives and their lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.simulation.country import REGIONS, SECTORS
from groundplan.simulation.recipes import RECIPES
from groundplan.simulation.shares import share_out
from groundplan.simulation.technology import Technology

__all__ = ["Enterprises", "draw_enterprises"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_EFFICIENCIES = np.array([0.92, 0.97, 1.0, 1.04])
_EFFICIENCY_CHANCES = np.array([0.2, 0.3, 0.35, 0.15])
_SIZE_SD = 1.0
_SECOND_LINE_CHANCE = 0.3
_SPREAD_KM = 0.22
"""Standard deviation of an enterprise's place around its region's middle, in degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Enterprises:
    """Enterprises and collectives (n of them) and their lines (m).

    Args:
        sector, region: shape (n,), positions in SECTORS and REGIONS.
        collective: shape (n,), is it a collective?
        latitude, longitude: shape (n,), degrees.
        line_unit, line_recipe: shape (m,), positions; sorted by unit, a unit's main line first.
        line_size: shape (m,), relative size among the lines of its recipe.
        efficiency: shape (m,), output per unit of activity as a share of the recipe's.
        utilisation: shape (m,), usual share of capacity that is used, before season and shocks.
    """

    sector: IntArray
    region: IntArray
    collective: NDArray[np.bool_]
    latitude: FloatArray
    longitude: FloatArray
    line_unit: IntArray
    line_recipe: IntArray
    line_size: FloatArray
    efficiency: FloatArray
    utilisation: FloatArray


def draw_enterprises(count: int, technology: Technology, rng: np.random.Generator) -> Enterprises:
    """Draw `count` enterprises and collectives; every recipe is run by at least one of them.

    Args:
        count: number of units, at least one a sector.
        technology: the recipes.
        rng: source of chance.
    """
    by_sector = share_out(count, np.array([sector.weight for sector in SECTORS]), least=1)
    sector = np.repeat(np.arange(len(SECTORS)), by_sector)
    region = np.concatenate([_draw_regions(position, int(number), rng) for position, number in enumerate(by_sector)])
    collective = rng.random(count) < np.array([entry.collective for entry in SECTORS])[sector]
    middle = np.array([(entry.latitude, entry.longitude) for entry in REGIONS])[region]
    place = middle + _SPREAD_KM * rng.normal(size=(count, 2)) * np.array([1.0, 1.3])
    # Collectives are smaller than enterprises.
    size = np.exp(_SIZE_SD * rng.normal(size=count) - 0.5 * collective)
    first = np.concatenate([[0], np.cumsum(by_sector)[:-1]])
    parts = [
        _draw_lines(int(start) + np.arange(number), np.flatnonzero(technology.sector == position), rng)
        for position, (start, number) in enumerate(zip(first, by_sector, strict=True))
    ]
    line_unit, line_recipe, minor = (np.concatenate(column) for column in zip(*parts, strict=True))
    line_size = size[line_unit] * np.where(minor, rng.uniform(0.2, 0.6, len(line_unit)), 1.0)
    efficiency = rng.choice(_EFFICIENCIES, size=len(line_unit), p=_EFFICIENCY_CHANCES)
    usual = np.array([entry.utilisation for entry in SECTORS])[technology.sector][line_recipe]
    utilisation = np.clip(usual * np.exp(rng.normal(0.0, 0.07, len(line_unit))), 0.5, 0.92)
    order = np.lexsort((line_recipe, minor, line_unit))
    columns = (column[order] for column in (line_unit, line_recipe, line_size, efficiency, utilisation))
    return Enterprises(sector, region, collective, np.round(place[:, 0], 4), np.round(place[:, 1], 4), *columns)


def _draw_regions(sector: int, count: int, rng: np.random.Generator) -> IntArray:
    homes = np.array(SECTORS[sector].regions)
    chances = 0.8 ** np.arange(len(homes))
    return np.asarray(rng.choice(homes, size=count, p=chances / chances.sum()))


def _draw_lines(units: IntArray, recipes: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
    """Give each unit of a sector a main recipe and some a second one: positions of unit and recipe, and whether the line is a minor one."""
    weights = np.array([RECIPES[position].plants for position in recipes])
    numbers = share_out(len(units), weights, least=1)
    main = rng.permutation(np.repeat(recipes, numbers))
    unserved = np.setdiff1d(recipes, main)
    extra_unit = units[np.arange(len(unserved)) % len(units)]
    second = rng.choice(recipes, size=len(units), p=weights / weights.sum())
    wanted = (rng.random(len(units)) < _SECOND_LINE_CHANCE) & (second != main) & ~np.isin(units, extra_unit)
    unit = np.concatenate([units, extra_unit, units[wanted]])
    recipe = np.concatenate([main, unserved, second[wanted]])
    # A recipe that no unit has as its main one is run in full size where it is run.
    minor = np.concatenate([np.zeros(len(units) + len(unserved), bool), np.ones(int(wanted.sum()), bool)])
    return unit, recipe, minor
