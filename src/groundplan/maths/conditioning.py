"""Condition lognormal quantities with shared errors on sums that they must have: weighted least squares on logs, never a dense N x N."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.sparse import csr_array

__all__ = ["Conditioned", "Quantities", "condition", "conditioned_sums", "covariance_root", "sums"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_ROUNDS = 60
_SETTLED = 1e-9
_LONGEST_STEP = 1.0
_CELLS = 2_000_000
"""Dense parts of the balances' covariance with quantities or sums have at most this many cells at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantities:
    """n lognormal quantities whose logs have covariance low rank + diagonal.

    Args:
        mean: mean of logs, shape (n,).
        series: shape (n,), position of the row of `loadings` that holds for each.
        loadings: sparse (S, F), on independent standard normal factors.
        own_sd: shape (n,), the part of each log's standard deviation that it shares with no other.
    """

    mean: FloatArray
    series: IntArray
    loadings: csr_array
    own_sd: FloatArray

    def log_sd(self) -> FloatArray:
        """Give the standard deviation of each log, shape (n,)."""
        return np.asarray(np.sqrt(self.own_sd**2 + np.asarray(self.loadings.power(2).sum(axis=1)).ravel()[self.series]))


@dataclass(frozen=True, slots=True, eq=False)
class Conditioned:
    """Posterior of quantities, and what makes it.

    Args:
        mean: mean of logs, shape (n,).
        log_sd: standard deviation of logs, shape (n,).
        factor_root: A, shape (K, F): the factors' posterior covariance is I - A'A.
        root: lower Cholesky factor of the balances' covariance before, shape (K, K).
        jacobian: sparse (K, n), of the balances by logs at the solution.
        pull: shape (K,), weights of the balances: covariance with the balances times `pull` is by how much a quantity falls.
        rounds: rounds of linearising.
        converged: whether the last round moved no log by more than 1e-9.
    """

    mean: FloatArray
    log_sd: FloatArray
    factor_root: FloatArray
    root: FloatArray
    jacobian: csr_array
    pull: FloatArray
    rounds: int
    converged: bool


def sums(weight: csr_array, mean: FloatArray, log_sd: FloatArray) -> tuple[FloatArray, csr_array]:
    """Give sums of lognormal quantities, linearised.

    Args:
        weight: sparse (K, n).
        mean: mean of logs at which to look, shape (n,).
        log_sd: standard deviation of logs there, shape (n,).

    Returns:
        Means of the sums, shape (K,), and their Jacobian by logs, sparse (K, n). The linearisation is the statistical one: mean and mean
        slope under the distribution, not value and slope at the median.
    """
    expected = np.exp(mean + log_sd**2 / 2)
    return np.asarray(weight @ expected), _scaled(weight, expected)


def covariance_root(quantities: Quantities, jacobian: csr_array, log_sd: FloatArray, noise: FloatArray) -> tuple[FloatArray, csr_array]:
    """Give the lower Cholesky factor of linearised sums' covariance, shape (K, K), and their loadings on factors, sparse (K, F).

    Args:
        quantities: n quantities.
        jacobian: of the sums by logs, sparse (K, n).
        log_sd: standard deviation of logs at which the sums were linearised, shape (n,): what lognormals vary beyond the linear part is
            added as a part of its own of each.
        noise: variance of the sums beside the quantities', shape (K,).
    """
    shared = _by_series(quantities, jacobian) @ quantities.loadings
    own = _scaled(jacobian, np.sqrt(quantities.own_sd**2 + _curvature(log_sd)))
    covariance = (shared @ shared.T + own @ own.T).toarray() + np.diag(noise)
    # A hair on the diagonal, for balances that say the same and are known exactly.
    covariance[np.diag_indices_from(covariance)] *= 1 + 1e-12
    return np.asarray(cholesky(covariance, lower=True)), csr_array(shared)


def condition(quantities: Quantities, weight: csr_array, known: FloatArray, noise: FloatArray) -> Conditioned:
    """Condition quantities on weight @ quantities + known = 0, up to noise.

    Each round linearises the sums under the current posterior and updates the prior with the linear balances, whose K x K covariance is all
    that is factorised (the Woodbury identity seen from the balances' side): mean and variance settle together. The cost is of the order
    n K^2 + K^3.

    Args:
        quantities: n quantities, before.
        weight: sparse (K, n), any sign.
        known: shape (K,), what the balances hold beside the quantities, in the balances' measures.
        noise: shape (K,), variance of the balances beside the quantities', > 0.

    Source:
        Stone, Champernowne and Meade (1942); Byron (1978); the rounds are the iterated posterior linearisation of García-Fernández, Svensson,
        Morelande and Särkkä (2015), IEEE Transactions on Signal Processing 63, 5561-5573.
    """
    touched = np.unique(weight.indices)
    inside = Quantities(quantities.mean[touched], quantities.series[touched], quantities.loadings, quantities.own_sd[touched])
    inner = csr_array(weight[:, touched])
    prior_sd = inside.log_sd()
    mean, log_sd, rounds, moved = inside.mean, prior_sd, 0, np.inf
    while rounds < _MOST_ROUNDS and moved > _SETTLED:
        rounds += 1
        total, jacobian = sums(inner, mean, log_sd)
        root, shared = covariance_root(inside, jacobian, log_sd, noise)
        pull = _weights(root, total + known + jacobian @ (inside.mean - mean))
        step = inside.mean - _answer(inside, jacobian, shared, pull) - mean
        # Far from the solution a linear step can overshoot; a log moves by at most one a round.
        share = min(1.0, _LONGEST_STEP / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        narrower = np.sqrt(np.maximum(prior_sd**2 - _explained(inside, jacobian, shared, root), 0.0))
        moved = max(float(np.abs(step).max(initial=0.0)), float(np.abs(narrower - log_sd).max(initial=0.0)))
        mean, log_sd = mean + share * step, log_sd + share * (narrower - log_sd)
    total, inner_jacobian = sums(inner, mean, log_sd)
    root, shared = covariance_root(inside, inner_jacobian, log_sd, noise)
    pull = _weights(root, total + known + inner_jacobian @ (inside.mean - mean))
    entries = inner_jacobian.tocoo()
    jacobian = csr_array((entries.data, (entries.coords[0], touched[entries.coords[1]])), shape=weight.shape)
    new_mean = quantities.mean - _answer(quantities, jacobian, shared, pull)
    variance = quantities.log_sd() ** 2 - _explained(quantities, jacobian, shared, root)
    factor_root = solve_triangular(root, shared.toarray(), lower=True)
    return Conditioned(new_mean, np.sqrt(np.maximum(variance, 0.0)), np.asarray(factor_root), root, jacobian, pull, rounds, moved <= _SETTLED)


def conditioned_sums(quantities: Quantities, made: Conditioned, weight: csr_array) -> tuple[FloatArray, FloatArray]:
    """Give mean and variance of any sums of the conditioned quantities, shape (G,) each, all covariances counted.

    What lognormals vary beyond their logs' linear part counts as a part of each quantity that the balances inform too: a sum that a balance
    settles has no variance left.

    Args:
        quantities: before.
        made: their posterior.
        weight: sparse (G, n).
    """
    total, jacobian = sums(weight, made.mean, made.log_sd)
    shared = csr_array(_by_series(quantities, jacobian) @ quantities.loadings)
    curvature = _curvature(made.log_sd)
    apart = np.sqrt(quantities.own_sd**2 + curvature)
    own, balance_own = _scaled(jacobian, apart), _scaled(made.jacobian, apart)
    before = np.asarray(shared.power(2).sum(axis=1)).ravel() + np.asarray(own.power(2).sum(axis=1)).ravel()
    explained = np.zeros(len(before))
    for part in _parts(len(before), len(made.root)):
        cross = made.factor_root @ shared[part].T.toarray() + solve_triangular(made.root, (balance_own @ own[part].T).toarray(), lower=True)
        explained[part] = (cross**2).sum(axis=0)
    return total - jacobian @ (curvature * (made.jacobian.T @ made.pull)), np.maximum(before - explained, 0.0)


def _parts(count: int, balances: int) -> Iterator[slice]:
    length = max(1, _CELLS // max(balances, 1))
    return (slice(start, start + length) for start in range(0, count, length))


def _curvature(log_sd: FloatArray) -> FloatArray:
    """Give the variance of a lognormal over its squared mean, less that of its log."""
    return np.asarray(np.expm1(log_sd**2) - log_sd**2)


def _scaled(matrix: csr_array, columns: FloatArray) -> csr_array:
    """Multiply each column by a number, shape (n,); a product with a diagonal matrix would do the same more slowly."""
    return csr_array((matrix.data * columns[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)


def _by_series(quantities: Quantities, jacobian: csr_array) -> csr_array:
    """Add the columns of a Jacobian up by series, sparse (K, S)."""
    entries = jacobian.tocoo()
    return csr_array((entries.data, (entries.coords[0], quantities.series[entries.coords[1]])), shape=(jacobian.shape[0], quantities.loadings.shape[0]))


def _weights(root: FloatArray, values: FloatArray) -> FloatArray:
    return np.asarray(solve_triangular(root, solve_triangular(root, values, lower=True), lower=True, trans="T"))


def _answer(quantities: Quantities, jacobian: csr_array, shared: csr_array, pull: FloatArray) -> FloatArray:
    """Give P J' pull, shape (n,), with P the prior covariance of logs."""
    return np.asarray((quantities.loadings @ (shared.T @ pull))[quantities.series] + quantities.own_sd**2 * (jacobian.T @ pull))


def _explained(quantities: Quantities, jacobian: csr_array, shared: csr_array, root: FloatArray) -> FloatArray:
    """Give by how much the balances lower the variance of each log, shape (n,), in chunks: a dense K x n would not fit."""
    by_row = csr_array(jacobian.T)
    inverse = cho_solve((root, True), np.eye(len(root)))
    explained = np.zeros(len(quantities.mean))
    for part in _parts(len(explained), len(root)):
        # What factors bring is the same for all rows of a series; a row's own part touches few balances.
        series, place = np.unique(quantities.series[part], return_inverse=True)
        common = solve_triangular(root, (shared @ quantities.loadings[series].T).toarray(), lower=True)
        lift = solve_triangular(root, common, lower=True, trans="T")
        rows, own = by_row[part], quantities.own_sd[part] ** 2
        cross, square = (np.asarray(rows.multiply(dense).sum(axis=1)).ravel() for dense in (lift.T[place], rows @ inverse))
        explained[part] = (common**2).sum(axis=0)[place] + 2 * own * cross + own**2 * square
    return explained
