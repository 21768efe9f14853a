"""Smoothed paths against the dense solution of the same model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from groundplan.maths.paths import filter_paths

FloatArray = NDArray[np.float64]


def _dense(noise: FloatArray, values: FloatArray, decay: float, stationary: float, level_variance: float, steps: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Condition the joint normal distribution of path and observations, one path: mean, covariance and response to the level's error."""
    time = np.concatenate([[0.0], np.cumsum(steps)])
    around = stationary * decay ** np.abs(time[:, None] - time[None, :])
    prior = around + level_variance
    seen = np.isfinite(noise)
    pull = np.linalg.solve(prior[np.ix_(seen, seen)] + np.diag(noise[seen]), prior[seen]).T
    return pull @ values[seen], prior - pull @ prior[seen], 1.0 - pull.sum(axis=1)


@given(seed=st.integers(0, 10_000), times=st.integers(1, 12))
def test_the_smoother_agrees_with_the_dense_solution(seed: int, times: int) -> None:
    rng = np.random.default_rng(seed)
    count = 6
    noise = np.where(rng.random((count, times)) < 0.3, np.inf, rng.uniform(0.001, 0.1, (count, times)))
    values = rng.normal(0.0, 0.3, (count, times))
    persistence, stationary, level = rng.uniform(0.0, 0.98, count), rng.uniform(0.001, 0.1, count), rng.uniform(0.01, 4.0, count)
    steps = rng.choice([0.0, 1.0, 3.0], times - 1)
    paths = filter_paths(noise, persistence=persistence, stationary=stationary, steps=steps, level_variance=level)
    mean, _ = paths.smooth(values)
    weights = rng.uniform(0.0, 2.0, (count, times))
    block = np.sort(rng.integers(0, 3, times))
    paired = paths.pair_covariance(weights, block)
    same = (block[:, None] == block[None, :]) & ~np.eye(times, dtype=bool)
    for at in range(count):
        expected, covariance, left = _dense(noise[at], values[at], persistence[at], stationary[at], level[at], steps)
        assert mean[at] == pytest.approx(expected, abs=1e-9)
        assert paths.variance()[at] == pytest.approx(np.diag(covariance), abs=1e-9)
        assert paired[at] == pytest.approx(weights[at] @ (covariance * same) @ weights[at], abs=1e-9)
        # An observation of the path that is off by one in all times moves it by what is not left.
        moved, _ = paths.smooth(values + 1.0)
        assert moved[at] - mean[at] == pytest.approx(1.0 - left, abs=1e-9)


def test_a_diffuse_level_is_the_generalised_least_squares_mean() -> None:
    rng = np.random.default_rng(1)
    noise, values = np.full((1, 8), 0.02), rng.normal(3.0, 0.2, (1, 8))
    steps = np.ones(7)
    paths = filter_paths(noise, persistence=np.array([0.6]), stationary=np.array([0.05]), steps=steps, level_variance=np.array([np.inf]))
    covariance = 0.05 * 0.6 ** np.abs(np.arange(8)[:, None] - np.arange(8)[None, :]) + 0.02 * np.eye(8)
    weight = np.linalg.solve(covariance, np.ones(8))
    path, level = paths.smooth(values)
    assert level[0] == pytest.approx(weight @ values[0] / weight.sum(), rel=1e-12)
    assert paths.level_variance[0] == pytest.approx(1.0 / weight.sum(), rel=1e-12)
    wide, _ = filter_paths(noise, persistence=np.array([0.6]), stationary=np.array([0.05]), steps=steps, level_variance=np.array([1e8])).smooth(values)
    assert path[0] == pytest.approx(wide[0], abs=1e-6)


def test_nothing_seen_leaves_the_level_unknown() -> None:
    paths = filter_paths(np.full((1, 3), np.inf), persistence=np.array([0.5]), stationary=np.array([0.1]), steps=np.ones(2), level_variance=np.array([np.inf]))
    assert np.isinf(paths.variance()).all()
    assert (paths.smooth(np.full((1, 3), np.nan))[0] == 0).all()
