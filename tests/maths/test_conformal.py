import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.maths.conformal import conformal_factor, held_out_factors
from groundplan.maths.lognormal import Z50, Z90, lognormal_mean, sum_log_moments


def test_normal_residuals_with_true_variances_need_no_factor():
    rng = np.random.default_rng(1)
    residual = rng.normal(size=20_000) * np.sqrt(1.5)
    # Variance 1 of what is predicted and 0.5 of the measurement: the factor is on the first alone.
    for level in (0.5, 0.9):
        assert conformal_factor(residual, np.ones(20_000), np.full(20_000, 0.5), level=level) == pytest.approx(1.0, abs=0.04)


def test_residuals_twice_too_large_double_the_width():
    residual = 2.0 * np.random.default_rng(2).normal(size=20_000)
    assert conformal_factor(residual, np.ones(20_000), np.zeros(20_000), level=0.9) == pytest.approx(2.0, abs=0.05)


def test_without_residuals_there_is_nothing_to_correct():
    none = np.zeros(0)
    assert conformal_factor(none, none, none, level=0.9) == 1.0
    assert conformal_factor(none, none, none, level=0.5) == 1.0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60))
def test_half_the_interval_never_exceeds_the_whole(values):
    residual = np.array(values)
    ones, zeros = np.ones(len(values)), np.zeros(len(values))
    half, ninety = (conformal_factor(residual, ones, zeros, level=level) for level in (0.5, 0.9))
    held = held_out_factors(residual, ones, zeros, level=0.9)
    assert half > 0
    assert ninety > 0
    assert held.shape == residual.shape
    assert (held >= 0.7).all()


def test_cover_of_new_draws_is_the_level_on_average():
    rng = np.random.default_rng(3)
    covers = []
    for _ in range(400):
        residual = rng.standard_t(4, size=41)
        factor = conformal_factor(residual[:40], np.ones(40), np.zeros(40), level=0.9)
        covers.append(abs(residual[40]) <= Z90 * factor)
    # Standard error 1.5 %; 20 of the 60 scores are normal ones, a little too small for this heavy tail.
    assert 0.84 <= np.mean(covers) <= 0.95


def test_sum_of_lognormals_keeps_mean_and_variance():
    median, log_sd = sum_log_moments(np.array([10.0, 0.0]), np.array([4.0, 0.0]))
    mean = lognormal_mean(median, log_sd)
    assert mean == pytest.approx([10.0, 0.0])
    assert (np.exp(log_sd[0] ** 2) - 1) * mean[0] ** 2 == pytest.approx(4.0)
    assert log_sd[1] == 0.0
    assert pytest.approx(0.5) == Z50 / 1.3489795
