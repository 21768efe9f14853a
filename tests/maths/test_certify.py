"""Certificates by first-order steps: feasible to the last digits, within the gap asked for, and with a bound that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array, random_array, vstack

from groundplan.maths.certify import certify, prove, step_onto
from groundplan.maths.first_order import begin_walk
from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import Programme

INFINITY = float("inf")


def drawn(seed: int) -> Programme:
    """Draw a programme with an optimum: equations, rows that bound, columns with and without ends; some point is feasible and costs are not below zero."""
    rng = np.random.default_rng(seed)
    rows, columns = 40, 90
    matrix = csc_array(random_array((rows, columns), density=0.1, rng=rng, data_sampler=lambda size: rng.normal(size=size)))
    point = rng.uniform(0.0, 1.0, columns) * (rng.random(columns) < 0.5)
    values = matrix @ point
    kind = rng.integers(3, size=rows)
    slack = rng.uniform(0.0, 0.5, rows)
    return Programme(
        cost=rng.uniform(0.0, 1.0, columns),
        matrix=matrix,
        row_lower=np.where(kind == 1, -INFINITY, values - np.where(kind == 0, 0.0, slack)),
        row_upper=np.where(kind == 2, INFINITY, values + np.where(kind == 0, 0.0, slack)),
        lower=np.zeros(columns),
        upper=np.where(rng.random(columns) < 0.5, INFINITY, 1.5),
    )


def excess(programme: Programme, x: np.ndarray) -> float:
    values = programme.matrix @ x
    return float(np.max(np.concatenate([programme.row_lower - values, values - programme.row_upper, programme.lower - x, x - programme.upper])))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_certified_is_feasible_and_as_near_the_optimum_as_was_asked(seed):
    programme = drawn(seed)
    optimum = solve_programme(programme, method="simplex")
    least = float(programme.cost @ optimum.x)

    found = certify(programme, np.full(len(programme.cost), 1e3), gap=1e-4)

    assert found.feasible
    assert found.done
    assert excess(programme, found.x) < 1e-9
    assert found.bound <= least + 1e-9
    assert least - 1e-9 <= found.objective <= found.bound + 1e-4


def test_a_bound_needs_no_ends_of_columns_once_its_duals_are_feasible():
    programme = drawn(3)
    found = certify(programme, np.full(len(programme.cost), 1e3), gap=1e-3)

    reduced = programme.cost - programme.matrix.T @ found.duals
    assert reduced[np.isinf(programme.upper)].min() > -1e-12
    assert (found.duals[np.isinf(programme.row_lower)] <= 0).all()
    assert (found.duals[np.isinf(programme.row_upper)] >= 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_bound_is_proven_from_below_and_near(seed):
    programme = drawn(seed)
    least = float(programme.cost @ solve_programme(programme, method="simplex").x)

    found = prove(programme, np.full(len(programme.cost), 1e3), gap=1e-4)

    assert least - 1e-3 <= found.bound <= least + 1e-9
    # From there, where the walk stood, next to nothing is left to do.
    again = prove(programme, np.full(len(programme.cost), 1e3), gap=1e-4, x=found.walk.point(), y=found.walk.duals())
    assert again.steps <= found.steps


def test_what_has_no_solution_is_not_said_to_have_one():
    programme = drawn(5)
    row = csc_array(np.ones((1, len(programme.cost))))
    never = replace(
        programme,
        matrix=csc_array(vstack([programme.matrix, row], format="csc")),
        row_lower=np.append(programme.row_lower, -INFINITY),
        row_upper=np.append(programme.row_upper, -1.0),
    )

    assert step_onto(programme)[1]
    assert not step_onto(never)[1]
    assert not certify(never, np.full(len(programme.cost), 1e3), gap=1e-3, most=1_000).feasible


def test_another_cost_goes_on_from_where_the_last_was_left():
    programme = drawn(7)
    implied = np.full(len(programme.cost), 1e3)
    first = certify(programme, implied, gap=1e-4)
    held = replace(
        programme,
        cost=programme.cost[::-1].copy(),
        matrix=csc_array(vstack([programme.matrix, csc_array(programme.cost[None, :])], format="csc")),
        row_lower=np.append(programme.row_lower, -INFINITY),
        row_upper=np.append(programme.row_upper, first.objective + 1e-2),
    )

    second = certify(held, implied, gap=1e-3, x=first.x, y=np.append(first.walk.duals(), 0.0))

    assert second.done
    assert programme.cost @ second.x <= first.objective + 1e-2 + 1e-9
    assert second.objective - float(held.cost @ solve_programme(held, method="simplex").x) <= 1e-3


def test_costs_aside_choose_among_points_that_cost_alike():
    # Two columns serve one row at the same cost.
    programme = Programme(np.ones(2), csc_array(np.ones((1, 2))), np.array([1.0]), np.array([INFINITY]), np.zeros(2), np.full(2, 2.0))
    for dear in (0, 1):
        found = certify(programme, np.full(2, 2.0), gap=1e-2, aside=np.where(np.arange(2) == dear, 1e-2, 0.0))
        assert found.done
        assert found.x[dear] < 0.05


def test_a_walk_does_not_hang_on_how_it_is_cut():
    programme = drawn(9)
    whole, cut = begin_walk(programme), begin_walk(programme)
    whole.go(600)
    for _ in range(6):
        cut.go(100)
    assert cut.point() == pytest.approx(whole.point(), rel=1e-9, abs=1e-12)
    assert cut.duals() == pytest.approx(whole.duals(), rel=1e-9, abs=1e-12)
