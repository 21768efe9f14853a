from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from groundplan.maths.measurements import Measurements, Variances
from groundplan.maths.mixed import held_out, quadratic, solve
from groundplan.maths.outliers import temper
from groundplan.maths.reml import fit_variances


def draw(seed: int, *, units: int = 30, groups: int = 4, common: float = 0.0) -> tuple[Measurements, Variances]:
    """Two free sources a unit and a trusted one for every third unit; a common effect and random ones by group."""
    rng = np.random.default_rng(seed)
    variances = Variances(0.3, np.array([0.5, 0.2]), np.array([0.4]), common)
    group = rng.integers(0, groups, units)
    W = np.zeros((units, 1 + groups))
    W[:, 0], W[np.arange(units), 1 + group] = 1.0, 1.0
    unit = np.concatenate([np.arange(units), np.arange(units), np.arange(0, units, 3)])
    component = np.repeat([0, 1, -1], [units, units, len(unit) - 2 * units])
    loading = np.where(component == 0, 0.9, 1.0)
    known = np.where(component == -1, 0.05, 0.0)
    theta = np.concatenate([[0.2], rng.normal(0, np.sqrt(0.4), groups)])
    u = W @ theta + rng.normal(0, np.sqrt(0.3), units)
    error = np.sqrt(np.append(variances.error, 0.0)[component] + known)
    # What the two free sources of a unit have in common.
    second = np.where(component == -1, 0.0, np.where(component == 0, 1.0, 0.7))
    together = second * rng.normal(0, np.sqrt(common), units)[unit] if common else np.zeros(len(unit))
    data = Measurements(
        unit=unit,
        value=loading * u[unit] + together + error * rng.normal(size=len(unit)),
        loading=loading,
        design=csr_array(loading[:, None] * W[unit]),
        component=component,
        known=known,
        unit_design=csr_array(W),
        unit_scale=np.ones(units),
        block=np.array([-1] + [0] * groups),
        mean=np.zeros(1 + groups),
        wide=np.full(1 + groups, 0.25),
        common=second if common else None,
    )
    return data, variances


def dense(data: Measurements, variances: Variances) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the units by brute force: joint normal of measurements and units, conditioned."""
    prior = np.where(data.block >= 0, np.append(variances.effect, 0)[data.block], data.wide)
    W, X = data.unit_design.toarray(), data.design.toarray()
    own = np.diag(variances.unit * data.unit_scale)
    Z = np.zeros((len(data.unit), len(own)))
    Z[np.arange(len(data.unit)), data.unit] = data.loading
    noise = np.diag(np.append(variances.error, 0.0)[data.component] + data.known)
    G = np.zeros(Z.shape)
    G[np.arange(len(data.unit)), data.unit] = 0.0 if data.common is None else data.common
    V = X @ np.diag(prior) @ X.T + Z @ own @ Z.T + variances.common * G @ G.T + noise
    cross = W @ np.diag(prior) @ X.T + own @ Z.T
    total = W @ np.diag(prior) @ W.T + own
    return cross @ np.linalg.solve(V, data.value), total - cross @ np.linalg.solve(V, cross.T)


def test_one_unit_is_the_precision_weighted_mean():
    # Prior N(0, 1); two measurements 2 (variance 1) and 4 (variance 0.5): mean (2 + 8) / (1 + 1 + 2) = 2.5, variance 1/4.
    data = Measurements(
        unit=np.array([0, 0]),
        value=np.array([2.0, 4.0]),
        loading=np.ones(2),
        design=csr_array((2, 1)),
        component=np.array([-1, -1]),
        known=np.array([1.0, 0.5]),
        unit_design=csr_array((1, 1)),
        unit_scale=np.ones(1),
        block=np.array([-1]),
        mean=np.zeros(1),
        wide=np.ones(1),
    )
    post = solve(data, Variances(1.0, np.zeros(0), np.zeros(0)))
    assert post.unit_mean[0] == pytest.approx(2.5)
    assert post.unit_variance()[0] == pytest.approx(0.25)


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.6]))
@settings(max_examples=20, deadline=None)
def test_posterior_equals_the_joint_normal_conditioned(seed, common):
    data, variances = draw(seed, common=common)
    post = solve(data, variances)
    mean, covariance = dense(data, variances)
    assert np.allclose(post.unit_mean, mean, atol=1e-9)
    L = post.unit_shared.toarray()
    assert np.allclose(L @ post.covariance @ L.T + np.diag(post.unit_own), covariance, atol=1e-9)


@pytest.mark.parametrize("common", [0.0, 0.6])
def test_held_out_residual_equals_a_fit_without_the_row(common):
    data, variances = draw(5, common=common)
    row = int(np.flatnonzero(data.component < 0)[2])
    residual, variance = held_out(data, variances, solve(data, variances), np.array([row]))
    rest = np.arange(len(data.unit)) != row
    without = Measurements(
        data.unit[rest], data.value[rest], data.loading[rest], csr_array(data.design[np.flatnonzero(rest)]), data.component[rest], data.known[rest],
        data.unit_design, data.unit_scale, data.block, data.mean, data.wide, None if data.common is None else data.common[rest],
    )  # fmt: skip
    mean, covariance = dense(without, variances)
    unit = data.unit[row]
    assert residual[0] == pytest.approx(data.value[row] - mean[unit], abs=1e-9)
    assert variance[0] == pytest.approx(covariance[unit, unit] + data.known[row], abs=1e-9)


def test_variances_are_found_again_where_there_is_much_data():
    data, variances = draw(3, units=3000, groups=40)
    start = Variances(1.0, np.array([1.0, 1.0]), np.array([1.0]))
    found, _ = fit_variances(data, start, counts=Variances(1.0, np.ones(2), np.ones(1)), rounds=400, tolerance=1e-5)
    # 3,000 units give a variance to about 2 to 6 %, 40 groups theirs to a quarter.
    assert found.unit == pytest.approx(variances.unit, rel=0.15)
    assert found.error == pytest.approx(variances.error, rel=0.15)
    assert found.effect == pytest.approx(variances.effect, rel=0.6)


def test_what_two_sources_have_in_common_is_told_from_the_unit_by_the_trusted_ones():
    data, variances = draw(4, units=3000, groups=40, common=0.6)
    start = Variances(1.0, np.array([1.0, 1.0]), np.array([1.0]), 1.0)
    found, _ = fit_variances(data, start, counts=Variances(1.0, np.ones(2), np.ones(1), 1.0), rounds=400, tolerance=1e-5)
    assert found.unit == pytest.approx(variances.unit, rel=0.15)
    assert found.common == pytest.approx(0.6, rel=0.15)
    assert found.error == pytest.approx(variances.error, rel=0.2)


def test_units_apart_have_a_variance_of_their_own():
    # Arrange: the last thousand of three thousand units lie a quarter as far from what is expected of them.
    data, variances = draw(5, units=3000, groups=40)
    apart = np.arange(3000) >= 2000
    delta = solve(data, variances).unit_mean - data.unit_design @ solve(data, variances).effects
    calmer = replace(data, value=data.value - np.where(apart[data.unit], 0.75 * data.loading * delta[data.unit], 0.0), apart=apart)
    start = Variances(1.0, np.array([1.0, 1.0]), np.array([1.0]), apart=1.0)

    # Act
    counts = Variances(1.0, np.ones(2), np.ones(1), apart=1.0)
    found, _ = fit_variances(calmer, start, counts=counts, rounds=400, tolerance=1e-5)
    alike, _ = fit_variances(replace(calmer, apart=None), replace(start, apart=0.0), counts=counts, rounds=400, tolerance=1e-5)

    # Assert
    assert found.unit == pytest.approx(variances.unit, rel=0.15)
    assert found.apart < 0.3 * found.unit
    assert found.apart < alike.unit < found.unit


def test_without_measurements_variances_stay_at_their_prior():
    data, _ = draw(3)
    none = np.zeros(0, np.int64)
    empty = Measurements(
        none, np.zeros(0), np.zeros(0), csr_array((0, 5)), none, np.zeros(0), data.unit_design, data.unit_scale, data.block, data.mean, data.wide
    )  # fmt: skip
    start = Variances(0.7, np.array([0.3]), np.array([0.2]))
    found, _ = fit_variances(empty, start, counts=Variances(2.0, np.array([2.0]), np.array([2.0])))
    assert found.unit == pytest.approx(0.7)
    assert found.error == pytest.approx([0.3])
    # Five effects at their prior: the mean of the prior's square is the prior's variance.
    assert found.effect == pytest.approx([0.2])


def test_quadratic_forms_are_those_of_dense_algebra():
    rng = np.random.default_rng(1)
    A, M = rng.normal(size=(7, 3)), rng.normal(size=(3, 3))
    assert np.allclose(quadratic(csr_array(A), M, chunk=2), np.einsum("ij,jk,ik->i", A, M, A))


def test_a_lone_wild_measurement_is_set_aside_and_its_unit_is_not():
    data, variances = draw(8)
    value = data.value.copy()
    value[4] += 50.0
    wild = Measurements(*(value if name == "value" else getattr(data, name) for name in Measurements.__slots__))
    tempered, odd = temper(wild, variances, solve(data, variances))
    assert np.flatnonzero(odd).tolist() == [4]
    assert tempered.unit_scale[4] == 1.0


def test_a_unit_that_all_its_measurements_find_strange_is_believed():
    data, variances = draw(8)
    value = data.value + 8.0 * data.loading * (data.unit == 4)
    wild = Measurements(*(value if name == "value" else getattr(data, name) for name in Measurements.__slots__))
    tempered, odd = temper(wild, variances, solve(data, variances))
    assert not odd.any()
    assert tempered.unit_scale[4] > 20.0
    assert abs(solve(tempered, variances).unit_mean[4] - solve(data, variances).unit_mean[4] - 8.0) < 1.0


def test_a_search_that_is_cut_short_says_so():
    data, _ = draw(3, units=300)
    start, counts = Variances(9.0, np.array([9.0, 9.0]), np.array([9.0])), Variances(1.0, np.ones(2), np.ones(1))
    assert fit_variances(data, start, counts=counts, rounds=1)[1] > 0.1
    assert fit_variances(data, start, counts=counts, rounds=400, tolerance=1e-3)[1] < 1e-3
