"""A mixture of nothing and something, drawn and found again."""

import numpy as np
import pytest

from groundplan.maths.spike import Spike, fit_spike, spike_posterior


def drawn(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    group = (rng.random(count) < 0.3).astype(np.int64)
    effect = np.where(rng.random(count) < np.array([0.05, 0.5])[group], rng.normal(0.2, 0.05, count), 0.0)
    return effect + rng.normal(0.0, np.hypot(0.04, 0.02), count), np.full(count, 0.04**2), group, effect


def test_shares_mean_and_spread_are_found_again():
    values, noise, group, _ = drawn(4000)
    fitted = fit_spike(values, noise, group, groups=2)
    assert fitted.share == pytest.approx([0.05, 0.5], abs=0.03)
    assert fitted.mean == pytest.approx(0.2, abs=0.01)
    assert fitted.sd == pytest.approx(0.05, abs=0.01)
    assert fitted.drift == pytest.approx(0.02, abs=0.006)


def test_the_posterior_has_the_error_that_it_states():
    values, noise, group, effect = drawn(4000)
    mean, variance = spike_posterior(fit_spike(values, noise, group, groups=2), values, noise, group)
    assert ((mean - effect) ** 2).mean() == pytest.approx(variance.mean(), rel=0.15)
    assert ((mean - effect) ** 2).mean() < 0.25 * ((values - effect) ** 2).mean() + 0.25 * (effect**2).mean()


def test_a_measurement_on_the_side_where_no_effects_are_is_none():
    fitted = Spike(np.array([0.1]), 0.2, 0.05, 0.02)
    mean, variance = spike_posterior(fitted, np.array([-0.1, 0.25]), np.full(2, 0.03**2), np.zeros(2, np.int64))
    assert mean[0] < 0.001
    assert 0.18 < mean[1] < 0.25
    assert (variance >= 0).all()


def test_without_measurements_the_start_stands():
    fitted = fit_spike(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), groups=2)
    assert fitted.share == pytest.approx([0.1, 0.1])
    assert (fitted.mean, fitted.sd, fitted.drift) == pytest.approx((0.15, 0.08, 0.02))
