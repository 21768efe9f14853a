import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.maths.acceleration import find_fixed_point


def counted(step):
    calls = []

    def seen(x):
        calls.append(x)
        return step(x)

    return seen, calls


@given(st.integers(0, 10_000))
def test_a_creeping_linear_map_is_followed_to_its_end_in_few_steps(seed):
    # Steps of expectation-maximisation near their end: a symmetric contraction, here as slow as 0.99 a step.
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    A, end = Q @ np.diag([0.99, 0.9, 0.5, 0.1]) @ Q.T, rng.normal(size=4)
    step, calls = counted(lambda x: end + A @ (x - end))
    found, moved = find_fixed_point(step, np.zeros(4), rounds=1_000, tolerance=1e-9)
    # By itself the map needs more than 1,500 steps for that.
    assert np.allclose(found, end, atol=1e-6)
    assert moved < 1e-9
    assert len(calls) <= 300


def test_an_extrapolation_too_far_is_taken_back():
    # Slow from afar and of a sharp bend near the end, so that what is learned outside leads past it.
    step, calls = counted(lambda x: np.where(x > 1.0, x - 0.02, 1.0 - 0.9 * (1.0 - x) - 5.0 * (x < 0.5)))
    found, _ = find_fixed_point(step, np.array([3.0]), rounds=500, tolerance=1e-8)
    assert found == pytest.approx(1.0, abs=1e-6)
    assert len(calls) < 100


@pytest.mark.parametrize("rounds", [1, 2, 3, 7])
def test_no_more_steps_are_taken_than_allowed(rounds):
    step, calls = counted(lambda x: 0.999 * x + 1.0)
    _, moved = find_fixed_point(step, np.array([0.0]), rounds=rounds, tolerance=0.0)
    assert len(calls) <= rounds
    assert moved > 0.5


def test_a_vector_of_nothing_is_its_own_fixed_point():
    assert find_fixed_point(lambda x: x, np.zeros(0), rounds=10, tolerance=1e-6)[0].shape == (0,)
