"""Weighted least squares: the dense exact solution, bounds that hold, totals that give as far as they are unsure."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from groundplan.maths.reconcile import balance_by_least_squares

shapes = st.tuples(st.integers(1, 5), st.integers(1, 5))
cells = arrays(np.float64, shapes, elements=st.floats(-20.0, 100.0))


def sums(shape):
    """Matrix that takes a flattened table to its row and column totals."""
    m, n = shape
    return np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])


def dense(prior, variance, totals, errors):
    """Posterior mean of normal cells, given totals with normal errors, by the dense formula."""
    matrix = sums(prior.shape)
    spread = np.diag(variance.ravel())
    gain = spread @ matrix.T @ np.linalg.pinv(matrix @ spread @ matrix.T + np.diag(errors**2), rcond=1e-13)
    return (prior.ravel() + gain @ (totals - matrix @ prior.ravel())).reshape(prior.shape)


@settings(deadline=None)
@given(prior=cells, data=st.data())
def test_the_dense_solution_is_met(prior, data):
    goal = data.draw(arrays(np.float64, prior.shape, elements=st.floats(1.0, 100.0)))
    variance = data.draw(arrays(np.float64, prior.shape, elements=st.floats(0.5, 50.0)))
    exact = data.draw(st.booleans())
    m, n = prior.shape
    errors = np.zeros(m + n) if exact else data.draw(arrays(np.float64, m + n, elements=st.floats(0.5, 10.0)))
    found = balance_by_least_squares(prior, variance, goal.sum(axis=1), goal.sum(axis=0), row_error=errors[:m], column_error=errors[m:])
    assert found.converged
    assert found.rounds <= 3
    scale = np.abs(goal).sum() + np.abs(prior).sum()
    np.testing.assert_allclose(found.table, dense(prior, variance, sums(prior.shape) @ goal.ravel(), errors), atol=1e-9 * scale)
    if exact:
        np.testing.assert_allclose(found.table.sum(axis=1), goal.sum(axis=1), atol=1e-11 * scale)
        np.testing.assert_allclose(found.table.sum(axis=0), goal.sum(axis=0), atol=1e-11 * scale)


def nearest_by_trying(prior, variance, totals):
    """Least squares with z >= 0 by trying every set of cells at zero."""
    matrix, best = sums(prior.shape), (np.inf, None)
    for held in product([False, True], repeat=prior.size):
        free = ~np.array(held)
        spread = np.diag(np.where(free, variance.ravel(), 0.0))
        start = np.where(free, prior.ravel(), 0.0)
        z = start + spread @ matrix.T @ np.linalg.pinv(matrix @ spread @ matrix.T, rcond=1e-11) @ (totals - matrix @ start)
        loss = ((z - prior.ravel()) ** 2 / variance.ravel()).sum()
        if np.abs(matrix @ z - totals).max() < 1e-8 and z.min() > -1e-10 and loss < best[0]:
            best = (loss, z.reshape(prior.shape))
    return best[1]


@pytest.mark.parametrize("seed", range(12))
def test_bounds_hold_and_the_answer_is_the_nearest_within_them(seed):
    rng = np.random.default_rng(seed)
    prior, variance = rng.uniform(0, 5, (2, 4)), rng.uniform(1, 20, (2, 4))
    goal = rng.uniform(0, 5, (2, 4)) * (rng.random((2, 4)) < 0.4) + 0.05
    found = balance_by_least_squares(prior, variance, goal.sum(axis=1), goal.sum(axis=0), non_negative=True)
    assert found.converged
    assert (found.table >= 0).all()
    np.testing.assert_allclose(found.table, nearest_by_trying(prior, variance, sums(prior.shape) @ goal.ravel()), atol=1e-9 * goal.sum())


@settings(deadline=None)
@given(prior=arrays(np.float64, shapes, elements=st.sampled_from([0.0, 1.0, 3.0, 20.0, 100.0])), data=st.data())
def test_a_relative_error_leaves_zeros_zero_and_the_measure_does_not_matter(prior, data):
    factor = data.draw(arrays(np.float64, prior.shape, elements=st.floats(0.7, 1.4)))
    goal = prior * factor
    variance = (0.1 * prior) ** 2
    found = balance_by_least_squares(prior, variance, goal.sum(axis=1), goal.sum(axis=0), non_negative=True)
    assert found.converged
    assert (found.table[prior == 0] == 0).all()
    other = balance_by_least_squares(1e6 * prior, 1e12 * variance, 1e6 * goal.sum(axis=1), 1e6 * goal.sum(axis=0), non_negative=True)
    np.testing.assert_allclose(other.table, 1e6 * found.table, atol=1e-3 * max(goal.sum(), 1e-6))


def test_totals_that_no_table_has_are_no_convergence():
    prior = np.array([[1.0, 0.0], [1.0, 1.0]])
    found = balance_by_least_squares(prior, prior, np.array([2.0, 1.0]), np.array([1.0, 2.0]), non_negative=True, max_steps=50)
    assert not found.converged
    assert found.error > 0.01


@pytest.mark.parametrize(
    ("prior", "variance", "rows", "columns", "words"),
    [
        (np.ones((2, 2)), np.ones((2, 2)), [1.0, 1.0], [1.0, 2.0], "one sum"),
        (np.ones((2, 2)), np.ones((2, 3)), [1.0, 1.0], [1.0, 1.0], "shape"),
        (np.ones((2, 2)), -np.ones((2, 2)), [1.0, 1.0], [1.0, 1.0], "at least 0"),
        (np.array([[-1.0, 1.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 1.0]]), [1.0, 1.0], [1.0, 1.0], "fixed"),
    ],
)
def test_what_cannot_be_balanced_is_refused(prior, variance, rows, columns, words):
    with pytest.raises(ValueError, match=words):
        balance_by_least_squares(prior, variance, np.array(rows), np.array(columns), non_negative=True)
