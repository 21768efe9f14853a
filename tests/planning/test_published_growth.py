"""Textbook cases of several periods: Leontief's dynamic model, balanced growth, the turnpike, and Feldman's two departments."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from cases import case, level, made, price, slope

from groundplan.planning.plan import plan
from groundplan.tables.bundles import Plan

INPUTS = np.array([[0.15, 0.25], [0.20, 0.05]])
"""Miller and Blair (2009), section 2.5, the two sectors without households."""
CAPITAL = np.array([[0.30, 0.10], [0.25, 0.40]])
"""Capital coefficients of our own: good of the row per unit of new capacity of the column."""
YEARS = 5


def two_sectors(demand: np.ndarray, capacity: np.ndarray, *, depreciation: float = 0.0) -> Plan:
    """Plan two sectors that build their own capacity, for a final demand by year, shape (years, 2), from a capacity, shape (2,)."""
    names = ("s0", "s1")
    techniques = {
        own: {own: 1.0 - float(INPUTS[at, at])} | {other: -float(INPUTS[row, at]) for row, other in enumerate(names) if other != own and INPUTS[row, at]}
        for at, own in enumerate(names)
    }
    goods = {own: {good: float(CAPITAL[row, at]) for row, good in enumerate(names) if CAPITAL[row, at]} for at, own in enumerate(names)}
    goals = {(name, year + 1): float(demand[year, at]) for year in range(len(demand)) for at, name in enumerate(names)}
    return plan(case(techniques, goals, capacity={name: float(capacity[at]) for at, name in enumerate(names)}, capital=goods, depreciation=depreciation))


def path(result: Plan) -> np.ndarray:
    """Activity by year and sector, shape (years, 2)."""
    return np.array([level(result, name) for name in ("s0", "s1")]).T


def test_output_is_the_dynamic_inverse():
    """Leontief (1970), The dynamic inverse: x_t = A x_t + B (x_t+1 - x_t) + f_t, solved backwards from a last year that builds nothing more.

    With the capacity that this takes in the first year, all demands are met and nothing else would do.
    """
    demand = np.array([[600.0, 1500.0]]) * 1.06 ** np.arange(YEARS)[:, None] * np.array([[1.0, 1.02]]) ** np.arange(YEARS)[:, None]
    output = np.zeros((YEARS, 2))
    output[-1] = np.linalg.solve(np.eye(2) - INPUTS, demand[-1])
    for year in reversed(range(YEARS - 1)):
        output[year] = np.linalg.solve(np.eye(2) - INPUTS + CAPITAL, demand[year] + CAPITAL @ output[year + 1])
    assert (np.diff(output, axis=0) > 0).all()

    result = two_sectors(demand, output[0])

    assert result.outcome.status == "done"
    assert path(result) == pytest.approx(output, rel=1e-10)
    built = np.array([result.new_capacity.filter(pl.col("recipe") == name).sort("period")["quantity"].to_list() for name in ("s0", "s1")]).T
    assert built == pytest.approx(np.diff(output, axis=0), rel=1e-8)
    # It is just enough: with 0.1 % less of either capacity something is missed.
    for less in ((0.999, 1.0), (1.0, 0.999)):
        assert two_sectors(demand, output[0] * less).outcome.status == "limited"


def test_the_dynamic_inverse_with_wear():
    """Leontief (1970) with replacement: x_t = A x_t + B (x_t+1 - (1 - d) x_t) + f_t, and in the end a year that could be repeated, x = A x + d B x + f."""
    wear = 0.08
    demand = np.array([[600.0, 1500.0]]) * 1.05 ** np.arange(YEARS)[:, None]
    output = np.zeros((YEARS, 2))
    output[-1] = np.linalg.solve(np.eye(2) - INPUTS - wear * CAPITAL, demand[-1])
    for year in reversed(range(YEARS - 1)):
        output[year] = np.linalg.solve(np.eye(2) - INPUTS + (1.0 - wear) * CAPITAL, demand[year] + CAPITAL @ output[year + 1])

    result = two_sectors(demand, output[0], depreciation=wear)

    assert result.outcome.status == "done"
    assert path(result) == pytest.approx(output, rel=1e-10)
    assert two_sectors(demand, output[0] * (0.999, 1.0), depreciation=wear).outcome.status == "limited"


def test_what_a_plant_takes_is_delivered_each_its_own_lag_before():
    """Gestation, Leontief's dynamic model with lags: what is delivered in t for capacity usable in t + l is B_l n_t+l. Figures of our own.

    A plant takes 1 of steel two years before and 0.5 of machines the year before. Cloth wanted: 10, 10, 13, 18, 20, from a capacity of 10, so n = 0, 0, 3, 5, 2: steel of
    3, 5, 2, 0, 0 and machines of 0, 1.5, 2.5, 1, 0.
    """
    wanted = (10.0, 10.0, 13.0, 18.0, 20.0)
    economy = case(
        {name: {name: 1.0} for name in ("cloth", "steel", "machine")},
        {("cloth", year + 1): quantity for year, quantity in enumerate(wanted)},
        capacity={"cloth": 10.0, "steel": 5.0, "machine": 2.5},
        capital={"cloth": {"steel": 1.0, "machine": 0.5}},
        lag={"steel": 2, "machine": 1},
    )

    result = plan(economy)

    assert result.outcome.status == "done"
    assert made(result, "cloth") == pytest.approx(wanted, rel=1e-12)
    assert made(result, "steel") == pytest.approx([3.0, 5.0, 2.0, 0.0, 0.0], rel=1e-12, abs=1e-12)
    assert made(result, "machine") == pytest.approx([0.0, 1.5, 2.5, 1.0, 0.0], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("wear", [0.0, 0.06])
def test_balanced_growth_stays_balanced(wear):
    """Balanced growth, Leontief et al. (1953), Studies in the Structure of the American Economy; Miller and Blair (2009), section 13.4: (I - A - (g + d) B) x = f.

    Demand grows at g, with the last year's building for growth, g B x, as demand; capacity is what the first year takes. Every output then grows at g.
    """
    growth, first = 0.04, np.array([1000.0, 1400.0])
    demand = ((np.eye(2) - INPUTS - (growth + wear) * CAPITAL) @ first) * (1.0 + growth) ** np.arange(YEARS)[:, None]
    assert (demand > 0).all()
    demand[-1] += growth * (CAPITAL @ first) * (1.0 + growth) ** (YEARS - 1)

    result = two_sectors(demand, first, depreciation=wear)

    assert result.outcome.status == "done"
    assert path(result) == pytest.approx(first * (1.0 + growth) ** np.arange(YEARS)[:, None], rel=1e-10)


HORIZON = 40


@pytest.mark.parametrize(("start", "bundle"), [((12.0, 10.0), (1.0, 10.0)), ((4.0, 40.0), (1.0, 10.0)), ((4.0, 40.0), (10.0, 1.0))])
def test_the_best_path_to_a_far_goal_keeps_near_the_von_neumann_ray(start, bundle):
    """Turnpike theorem, Dorfman, Samuelson and Solow (1958), chapter 12; for Leontief's dynamic model with slack capacity Tsukui (1966), Econometrica 34. Figures of our own.

    What is made beyond inputs is built into capacity: x = A x + g B x, so 1/g is the largest root of (I - A)^-1 B = (4 3; 6 7), of trace 11 and determinant
    10: 10, so g = 10 %, along the ray 1 : 2. Prices p (I - A) = g p B: B (I - A)^-1 = (5/2 3/2; 15/2 17/2), so both goods are equally dear, and 10 % dearer each year before.
    Both where it starts and what is wanted in the end lie far off the ray. With both capacities full it leaves the ray by the other root, 1: the distance grows
    by (1 + 1/1) / (1 + 1/10) = 20/11 a year.
    """
    inputs, capital, names = np.full((2, 2), 0.25), np.array([[1.5, 0.5], [3.5, 4.5]]), ("s0", "s1")
    assert np.linalg.inv(np.eye(2) - inputs) @ capital == pytest.approx(np.array([[4.0, 3.0], [6.0, 7.0]]))
    techniques = {own: {own: 0.75, other: -0.25} for own, other in (names, names[::-1])} | {"bundle": {"bundle": 1.0, "s0": -bundle[0], "s1": -bundle[1]}}
    goods = {own: {good: capital[row, at] for row, good in enumerate(names)} for at, own in enumerate(names)}

    result = plan(case(techniques, {("bundle", HORIZON): 1e3}, capacity={"s0": start[0], "s1": start[1], "bundle": 1e5}, capital=goods))

    levels = path(result)
    prices = np.array([[price(result, "product", name, year=year + 1) for name in names] for year in range(HORIZON)])
    shares = levels[:, 1] / levels[:, 0]
    # The middle ten years lie at least eight from where the path leaves the ray for good, and prices eight from where they reach theirs: (11/20)^8 is under a hundredth.
    middle = slice(15, 25)
    assert abs(start[1] / start[0] - 2.0) > 1.0
    assert shares[middle] == pytest.approx(2.0, abs=0.01)
    assert (levels[1:] / levels[:-1])[middle] == pytest.approx(1.1, abs=0.01)
    assert (prices[:-1] / prices[1:])[middle] == pytest.approx(1.1, abs=0.01)
    assert (prices[:, 0] / prices[:, 1])[middle] == pytest.approx(1.0, abs=0.02)
    leaving = np.abs(shares - 2.0)[20:26]
    assert leaving[1:] / leaving[:-1] == pytest.approx(20 / 11, rel=0.01)


def test_machines_make_machines_first_and_then_only_consumption():
    """Feldman (1928) and Mahalanobis (1953), Sankhya 12: machines for the sector that makes machines, or for consumption; best all to one, then all to the other (Stoleru 1965).

    A unit of capacity makes a machine a year; a unit of machine capacity takes 2 machines, one of consumption 1. Consumption is wanted in the last year, and so in the
    year after. Put into consumption a machine of the last year is worth 1 there (the year after), of any year before 2 (both). Put into machines it is worth half of all
    machines of later years, half of 1, 1 + 2, 1 + 2 + 2 and so on, which is more than 2 from the third year before the last on: 2.5, 3.75, 5.625 ... So the machines of
    the first five of eight years go into machines.
    """
    years, machines, consumption, goal = 8, 10.0, 20.0, 1e4
    worth = [1.0, 2.0, 2.0]
    while len(worth) < years:
        worth.append(0.5 * sum(worth))
    worth.reverse()
    assert worth[:6] == [2.5 * 1.5**power for power in (4, 3, 2, 1, 0)] + [2.0]
    output = [machines * 1.5 ** min(year, 5) for year in range(years)]

    result = plan(
        case(
            {"machine": {"machine": 1.0}, "consumption": {"consumption": 1.0}},
            {("consumption", years): goal},
            capacity={"machine": machines, "consumption": consumption},
            capital={"machine": {"machine": 2.0}, "consumption": {"machine": 1.0}},
        )
    )

    assert made(result, "machine") == pytest.approx(output, rel=1e-12)
    final = consumption + output[5] + output[6]
    assert made(result, "consumption")[-1] == pytest.approx(final, rel=1e-12)
    # One more machine in a year, in what consumption loses at the last slope.
    steep = slope(1.0 - final / goal) / goal
    assert [price(result, "product", "machine", year=year + 1) for year in range(years)] == pytest.approx([steep * value for value in worth], rel=1e-10)
    assert [price(result, "capacity", "machine | here", year=year + 1) for year in range(years)] == pytest.approx([steep * value for value in worth], rel=1e-10)
