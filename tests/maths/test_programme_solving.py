"""Solving, exact repair, bounds and ranges of small linear programmes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csc_array

from groundplan.maths.basic import proven_bound, recover_vertex
from groundplan.maths.highs import choose_method, solve_programme
from groundplan.maths.programme import Programme, Scaling, power_of_two, scale_programme
from groundplan.maths.ranging import Moves, price_ranges

INFINITY = float("inf")


def transport() -> Programme:
    """Minimise x + 2 y subject to x + y >= 3, x <= 2: x = 2, y = 1, cost 4; one more unit of the bound on x saves 1."""
    return Programme(np.array([1.0, 2.0]), csc_array(np.array([[1.0, 1.0]])), np.array([3.0]), np.array([INFINITY]), np.zeros(2), np.array([2.0, INFINITY]))


@pytest.mark.parametrize("method", ["simplex", "ipm"])
def test_each_method_finds_the_vertex(method):
    solution = solve_programme(transport(), method=method)

    assert solution.status == "optimal"
    assert solution.x == pytest.approx([2.0, 1.0])
    assert solution.duals == pytest.approx([2.0])
    assert solution.basis is not None


def test_an_infeasible_programme_is_a_status():
    programme = transport()
    short = Programme(programme.cost, programme.matrix, programme.row_lower, programme.row_upper, programme.lower, np.array([2.0, 0.5]))

    assert solve_programme(short).status == "infeasible"


def test_the_vertex_is_recovered_from_its_basis_and_proves_its_cost():
    programme = transport()
    vertex = recover_vertex(programme, solve_programme(programme).basis)

    duals = vertex.duals(programme.cost)

    assert vertex.x.tolist() == [2.0, 1.0]
    assert duals.tolist() == [2.0]
    assert proven_bound(programme, duals) == 4.0


@pytest.mark.parametrize(("dual", "bound"), [(0.0, 0.0), (1.0, 3.0), (1.5, 1.5 * 3.0 - 0.5 * 2.0)])
def test_any_dual_vector_proves_a_bound(dual, bound):
    assert proven_bound(transport(), np.array([dual])) == pytest.approx(bound)


def test_the_range_of_a_bound_ends_where_another_variable_meets_its_own():
    # x's bound can fall to 0 only by its own lower bound (y takes over without limit), and rise to 3, where y is 0.
    programme = transport()
    vertex = recover_vertex(programme, solve_programme(programme).basis)
    moves = Moves(np.array([0]), np.array([0]), np.array([1.0]), np.array([True]), np.array([False]))

    down, up = price_ranges(programme, vertex, moves, 1)

    assert up.tolist() == pytest.approx([1.0])
    assert down[0] <= -2.0


def test_scaling_by_powers_of_two_loses_nothing():
    programme = transport()
    scaling = Scaling(power_of_two(np.array([1e7])), power_of_two(np.array([3e-5, 700.0])))

    scaled = scale_programme(programme, scaling)
    back = scale_programme(scaled, Scaling(1.0 / scaling.rows, 1.0 / scaling.columns))

    assert (back.matrix.toarray() == programme.matrix.toarray()).all()
    assert (back.cost == programme.cost).all()
    assert scaling.columns * solve_programme(scaled).x == pytest.approx([2.0, 1.0])


def test_large_programmes_are_not_left_to_simplex():
    small, large = (Programme(np.zeros(1), csc_array((rows, 1)), np.zeros(rows), np.zeros(rows), np.zeros(1), np.ones(1)) for rows in (10, 5_000))

    assert choose_method(small)[0] == "simplex"
    assert choose_method(large)[0] == "ipm"
    assert "5,000 rows" in choose_method(large)[1]
