"""Solving, exact repair, bounds and ranges of small linear programmes."""

from __future__ import annotations

from dataclasses import replace

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


@pytest.mark.parametrize("method", ["simplex", "ipm", "pdlp"])
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


def random_programme(seed: int) -> Programme:
    """Cover 60 needs from 150 sources that have bounds, each of which serves some needs and takes from others."""
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((60, 150)) < 0.1, rng.uniform(-0.3, 1.0, (60, 150)), 0.0)
    need = matrix @ rng.uniform(0.0, 1.0, 150)
    return Programme(rng.uniform(0.5, 1.5, 150), csc_array(matrix), need, np.full(60, INFINITY), np.zeros(150), np.ones(150))


@pytest.mark.parametrize("seed", range(5))
def test_a_first_order_method_leads_to_the_same_optimum_and_an_exact_vertex(seed):
    programme = random_programme(seed)
    exact = recover_vertex(programme, solve_programme(programme, method="simplex").basis)

    solution = solve_programme(programme, method="pdlp")
    vertex = recover_vertex(programme, solution.basis)

    assert solution.method == "HiGHS PDLP, crossover and primal simplex"
    assert programme.cost @ vertex.x == pytest.approx(programme.cost @ exact.x, rel=1e-13)
    assert proven_bound(programme, vertex.duals(programme.cost)) == pytest.approx(programme.cost @ vertex.x, rel=1e-13)


def test_a_first_order_method_leaves_it_to_others_to_say_that_there_is_no_solution():
    programme = random_programme(0)

    solution = solve_programme(replace(programme, row_lower=programme.row_lower + 10.0), method="pdlp")

    assert solution.status == "infeasible"


def test_going_on_from_the_optimal_basis_takes_no_iteration():
    programme = random_programme(1)
    basis = solve_programme(programme).basis

    again = solve_programme(programme, start=basis)

    assert again.iterations == 0
    assert (again.basis.columns == basis.columns).all()


@pytest.mark.parametrize(("rows", "free", "method"), [(10, 100, "simplex"), (5_000, 20_000, "pdlp"), (5_000, 4_000, "ipm")])
def test_the_method_goes_by_size_and_by_what_is_left_to_decide(rows, free, method):
    programme = Programme(np.zeros(free), csc_array((rows, free)), np.zeros(rows), np.zeros(rows), np.zeros(free), np.ones(free))

    assert choose_method(programme)[0] == method
    assert f"{rows:,} rows" in choose_method(programme)[1]
