"""Sums that quantities must have: the dense solution, single quantities that a balance settles, sums of many."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from groundplan.maths.conditioning import Quantities, condition, conditioned_sums


def some(rng, n=12, series=6, factors=4):
    loadings = csr_array(rng.normal(0, 0.1, (series, factors)) * (rng.random((series, factors)) < 0.7))
    return Quantities(rng.normal(3, 0.5, n), rng.integers(0, series, n), loadings, rng.uniform(0.02, 0.1, n))


def covariance(quantities):
    loadings = quantities.loadings.toarray()[quantities.series]
    return loadings @ loadings.T + np.diag(quantities.own_sd**2)


@pytest.mark.parametrize("seed", range(8))
def test_the_settled_answer_is_the_dense_one(seed):
    rng = np.random.default_rng(seed)
    quantities = some(rng)
    weight = csr_array(rng.normal(size=(3, 12)) * (rng.random((3, 12)) < 0.6))
    truth = np.exp(quantities.mean + np.linalg.cholesky(covariance(quantities)) @ rng.normal(size=12))
    noise = rng.uniform(0.5, 2, 3) ** 2
    made = condition(quantities, weight, -(weight @ truth), noise)
    assert made.converged
    # A dense update at the point where it settled must give that point and its variances back.
    prior = covariance(quantities)
    expected = np.exp(made.mean + made.log_sd**2 / 2)
    jacobian = weight.toarray() * expected
    # What lognormals vary beyond the linear part is a part of its own of each, that balances inform too.
    curvature = np.diag(np.expm1(made.log_sd**2) - made.log_sd**2)
    inverse = np.linalg.inv(jacobian @ (prior + curvature) @ jacobian.T + np.diag(noise))
    gain = prior @ jacobian.T @ inverse
    residual = weight @ expected - weight @ truth + jacobian @ (quantities.mean - made.mean)
    posterior = prior - gain @ jacobian @ prior
    np.testing.assert_allclose(made.mean, quantities.mean - gain @ residual, atol=1e-7)
    np.testing.assert_allclose(made.log_sd**2, np.diag(posterior), atol=1e-9)
    groups = csr_array(rng.random((2, 12)))
    mean, variance = conditioned_sums(quantities, made, groups)
    slopes = groups.toarray() * expected
    whole = prior + curvature
    np.testing.assert_allclose(mean, groups @ expected - slopes @ curvature @ jacobian.T @ inverse @ residual, rtol=1e-7)
    np.testing.assert_allclose(variance, np.diag(slopes @ (whole - whole @ jacobian.T @ inverse @ jacobian @ whole) @ slopes.T), rtol=1e-6)


def test_one_quantity_that_a_balance_settles_takes_its_value():
    quantities = Quantities(np.log([50.0]), np.array([0]), csr_array((1, 1)), np.array([0.6]))
    made = condition(quantities, csr_array([[1.0]]), np.array([-200.0]), np.array([1.0]))
    assert made.converged
    assert np.exp(made.mean[0]) == pytest.approx(200.0, rel=1e-3)
    assert made.log_sd[0] == pytest.approx(1 / 200, rel=1e-2)


def test_a_sum_of_many_is_that_of_means_not_of_medians():
    rng = np.random.default_rng(3)
    n = 4000
    quantities = Quantities(np.zeros(n), np.zeros(n, np.int64), csr_array(np.array([[0.1]])), np.full(n, 0.4))
    truth = np.exp(0.15 + 0.4 * rng.normal(size=n))
    made = condition(quantities, csr_array(np.ones((1, n))), np.array([-truth.sum()]), np.array([1.0]))
    # The shared factor is what the sum shows: 0.15, not 0.15 + 0.4^2 / 2.
    assert made.mean.mean() == pytest.approx(0.15, abs=0.02)


def test_balances_that_say_the_same_and_quantities_in_none_are_no_trouble():
    quantities = Quantities(np.log([10.0, 20.0, 5.0]), np.array([0, 1, 1]), csr_array(np.array([[0.2], [0.1]])), np.array([0.1, 0.1, 0.1]))
    weight = csr_array(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]))
    made = condition(quantities, weight, np.array([-33.0, -33.0]), np.array([0.0, 0.0]) + 1e-6)
    assert made.converged
    total, variance = conditioned_sums(quantities, made, weight)
    np.testing.assert_allclose(total, 33.0, atol=1e-4)
    np.testing.assert_allclose(variance, 0.0, atol=1e-5)
    # The third is in no balance and learns through the factor.
    assert made.mean[2] > np.log(5.0)


def test_without_balances_nothing_changes():
    quantities = some(np.random.default_rng(1))
    made = condition(quantities, csr_array((0, 12)), np.zeros(0), np.zeros(0))
    np.testing.assert_array_equal(made.mean, quantities.mean)
    np.testing.assert_allclose(made.log_sd, quantities.log_sd())
