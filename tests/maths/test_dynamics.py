"""Dynamics that are learned from paths against those that made them."""

from __future__ import annotations

import numpy as np

from groundplan.maths.dynamics import fit_dynamics


def _draw(rng: np.random.Generator, group: np.ndarray, persistence: np.ndarray, swing: np.ndarray, white: np.ndarray, times: int = 36) -> np.ndarray:
    count = len(group)
    state = rng.normal(size=count) * swing[group]
    columns = []
    for _ in range(times):
        columns.append(state + rng.normal(size=count) * white[group])
        state = persistence[group] * state + rng.normal(size=count) * swing[group] * np.sqrt(1.0 - persistence[group] ** 2)
    return np.column_stack(columns) + rng.normal(0.0, 2.0, (count, 1))


def test_persistence_and_swings_are_recovered() -> None:
    rng = np.random.default_rng(2)
    group = rng.integers(0, 3, 600)
    persistence, swing, white = np.array([0.9, 0.6, 0.8]), np.array([0.20, 0.10, 0.15]), np.array([0.05, 0.08, 0.03])
    values = _draw(rng, group, persistence, swing, white)
    values[rng.random(values.shape) < 0.1] = np.nan
    found = fit_dynamics(values, np.ones(35), group, 3)
    assert np.abs(found.persistence - persistence).max() < 0.1
    assert np.abs(np.sqrt(found.stationary) / swing - 1.0).max() < 0.2
    assert np.abs(np.sqrt(found.stationary + found.white) / np.sqrt(swing**2 + white**2) - 1.0).max() < 0.15


def test_a_group_without_paths_moves_as_the_others_do() -> None:
    rng = np.random.default_rng(3)
    group = np.zeros(200, np.int64)
    values = _draw(rng, group, np.array([0.8]), np.array([0.1]), np.array([0.05]))
    found = fit_dynamics(values, np.ones(35), group, 2)
    # At most a step of the grid apart.
    assert abs(found.persistence[1] - found.persistence[0]) < 0.11
    assert 0.5 < (found.stationary[1] + found.white[1]) / (found.stationary[0] + found.white[0]) < 2.0


def test_without_any_paths_the_prior_speaks() -> None:
    found = fit_dynamics(np.full((0, 1), np.nan), np.ones(0), np.zeros(0, np.int64), 2)
    assert (found.persistence > 0.3).all()
    assert np.isfinite(found.stationary).all()
    assert (found.white > 0).all()


def test_slips_do_not_make_everything_restless() -> None:
    rng = np.random.default_rng(4)
    group = np.zeros(300, np.int64)
    values = _draw(rng, group, np.array([0.8]), np.array([0.1]), np.array([0.04]))
    slipped = values.copy()
    slipped[rng.random(values.shape) < 0.003] += np.log(10.0)
    clean, soiled = (fit_dynamics(table, np.ones(35), group, 1) for table in (values, slipped))
    assert soiled.white[0] + soiled.stationary[0] < 2.0 * (clean.white[0] + clean.stationary[0])
