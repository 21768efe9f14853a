"""Cross-entropy: RAS where totals are exact, GRAS where cells are negative, a compromise where totals have errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from groundplan.maths.balance import balance_to_totals
from groundplan.maths.cross_entropy import balance_by_entropy, coefficients_by_entropy

shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
flows = arrays(np.float64, shapes, elements=st.floats(1.0, 100.0))


@settings(deadline=None)
@given(prior=flows, data=st.data())
def test_exact_totals_give_what_ras_gives(prior, data):
    goal = data.draw(arrays(np.float64, prior.shape, elements=st.floats(1.0, 100.0)))
    rows, columns = goal.sum(axis=1), goal.sum(axis=0)
    found = balance_by_entropy(prior, rows, columns)
    assert found.converged
    assert found.rounds < 60
    np.testing.assert_allclose(found.table, balance_to_totals(prior, rows, columns).table, atol=1e-9 * goal.sum(), rtol=0)


@settings(deadline=None)
@given(prior=flows, data=st.data())
def test_totals_are_met_zeros_stay_and_signs_too(prior, data):
    sign = data.draw(arrays(np.float64, prior.shape, elements=st.sampled_from([1.0, 1.0, 1.0, 0.0, -0.2])))
    factor = data.draw(arrays(np.float64, prior.shape, elements=st.floats(0.5, 2.0)))
    prior = prior * sign
    goal = prior * factor
    found = balance_by_entropy(prior, goal.sum(axis=1), goal.sum(axis=0))
    assert found.converged
    scale = np.abs(goal).sum()
    np.testing.assert_allclose(found.table.sum(axis=1), goal.sum(axis=1), atol=1e-10 * scale)
    np.testing.assert_allclose(found.table.sum(axis=0), goal.sum(axis=0), atol=1e-10 * scale)
    assert (found.table[prior == 0] == 0).all()
    assert (found.table * prior >= 0).all()


def test_negative_cells_are_divided_where_positive_ones_are_multiplied():
    prior = np.array([[7.0, 3.0, 5.0, -3.0], [2.0, 9.0, 8.0, 1.0], [-2.0, 0.0, 2.0, 1.0]])
    rows, columns = np.array([15.0, 26.0, -1.0]), np.array([9.0, 16.0, 17.0, -2.0])
    found = balance_by_entropy(prior, rows, columns)
    assert found.converged
    factors = np.where(prior != 0, np.sign(prior) * np.log(np.where(prior != 0, found.table / np.where(prior != 0, prior, 1.0), 1.0)), np.nan)
    # log factors are a_i + b_j, with the sign turned round at negative cells.
    effects = factors[:2] - factors[0]
    np.testing.assert_allclose(effects[1], effects[1, 0], atol=1e-9)


def test_totals_with_errors_are_met_as_far_as_they_are_known():
    prior = np.array([[10.0, 20.0], [30.0, 40.0]])
    rows, columns = np.array([40.0, 60.0]), np.array([50.0, 70.0])
    errors = np.array([2.0, 4.0])
    found = balance_by_entropy(prior, rows, columns, row_error=errors, dispersion=0.5)

    def loss(cells):
        table = cells.reshape(2, 2)
        entropy = (table * np.log(table / prior) - table + prior).sum() / 0.5
        return entropy + (((table.sum(axis=1) - rows) / errors) ** 2).sum() / 2

    exact = [{"type": "eq", "fun": lambda cells, j=j: cells.reshape(2, 2)[:, j].sum() - columns[j]} for j in range(2)]
    other = minimize(loss, prior.ravel(), constraints=exact, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500})
    assert found.converged
    np.testing.assert_allclose(found.table.sum(axis=0), columns, rtol=1e-11)
    np.testing.assert_allclose(found.table, other.x.reshape(2, 2), rtol=1e-5)


def test_coefficients_are_nearest_in_their_own_entropy():
    prior = np.array([[0.2, 0.3, 0.1], [0.4, 0.1, 0.5]])
    outputs, rows = np.array([10.0, 100.0, 40.0]), np.array([41.0, 37.0])
    columns = np.array([7.0, 45.0, 26.0])
    found = coefficients_by_entropy(prior, outputs, rows, columns)
    assert found.converged
    np.testing.assert_allclose(found.table @ outputs, rows, rtol=1e-11)
    np.testing.assert_allclose(found.table.sum(axis=0) * outputs, columns, rtol=1e-11)
    best = (found.table * np.log(found.table / prior)).sum()
    # Any other table with these totals differs by moves of flow between two columns; none has less entropy.
    for j, k in ((0, 1), (1, 2), (0, 2)):
        for size in (-0.05, 0.05):
            move = np.zeros((2, 3))
            move[:, j], move[:, k] = [size, -size], [-size, size]
            other = found.table + move / outputs
            assert (other * np.log(other / prior)).sum() > best


def test_unreachable_totals_are_no_convergence():
    found = balance_by_entropy(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 1.0]), np.array([1.0, 2.0]))
    assert not found.converged
    assert found.error > 0.01
    assert found.table[0, 1] == 0


def test_rows_with_total_zero_are_emptied_and_empty_ones_stay():
    found = balance_by_entropy(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 1.0]]), np.array([0.0, 0.0, 4.0]), np.array([1.0, 3.0]))
    assert found.converged
    np.testing.assert_allclose(found.table, [[0.0, 0.0], [0.0, 0.0], [1.0, 3.0]], atol=1e-11)


@pytest.mark.parametrize(
    ("prior", "rows", "columns", "options", "words"),
    [
        (np.ones((2, 2)), [1.0, 1.0], [1.0, 2.0], {}, "one sum"),
        (np.ones((2, 3)), [1.0, 1.0], [1.0, 1.0], {}, "shape"),
        (np.array([[1.0, np.inf], [1.0, 1.0]]), [1.0, 1.0], [1.0, 1.0], {}, "not finite"),
        (np.ones((2, 2)), [-1.0, 3.0], [1.0, 1.0], {}, "sign of their total"),
        (np.ones((2, 2)), [1.0, 1.0], [1.0, 2.0], {"row_error": np.array([-1.0, 1.0])}, "standard errors"),
        (np.ones((2, 2)), [1.0, 1.0], [1.0, 1.0], {"dispersion": 0.0}, "above 0"),
    ],
)
def test_what_cannot_be_balanced_is_refused(prior, rows, columns, options, words):
    with pytest.raises(ValueError, match=words):
        balance_by_entropy(prior, np.array(rows), np.array(columns), **options)
