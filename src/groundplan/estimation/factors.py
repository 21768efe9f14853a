"""Shared errors as loadings on independent factors, few a unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from groundplan.workers.threads import in_threads

__all__ = ["effect_root", "shared_loadings"]

FloatArray = NDArray[np.float64]

_LEAST_SHARE = 0.01
"""Factors that make up less of a unit's shared variance are left out, and the others made up for them."""
_CHUNK = 1_000
"""So many rows at once lie in a processor's cache."""


def effect_root(covariance: FloatArray) -> FloatArray:
    """Give the Cholesky factor G of the effects' covariance, shape (p, p)."""
    # A hair on the diagonal keeps the factorisation going where rounding has made an eigenvalue negative.
    return np.asarray(np.linalg.cholesky(covariance + 1e-12 * np.eye(len(covariance)) * max(float(np.trace(covariance)) / max(len(covariance), 1), 1e-12)), np.float64)


def shared_loadings(shared: csr_array, root: FloatArray) -> csr_array:
    """Write shared errors L (theta - effects), rows of L given, as loadings on one factor an effect, shape (n, p), in the order of the effects.

    With G the Cholesky factor of the effects' covariance, L_i G are loadings on independent standard normal factors: factor k is what effect k
    brings beyond the effects before it. Loadings that make up less than 1 % of a unit's shared variance are left out, and the
    others scaled so that the variance is kept.
    """

    def load(rows: csr_array) -> csr_array:
        loadings = np.asarray(rows @ root)
        square = loadings**2
        total = square.sum(axis=1)
        kept = np.flatnonzero(square >= np.maximum(_LEAST_SHARE * total, 1e-300)[:, None])
        row, column = np.divmod(kept, max(square.shape[1], 1))
        rest = np.bincount(row, square.ravel()[kept], len(total))
        scale = np.sqrt(total / np.where(rest > 0, rest, 1.0))
        return csr_array((loadings.ravel()[kept] * scale[row], column, np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(total)))])), shape=loadings.shape)

    parts = list(in_threads(load, (shared[start : start + _CHUNK] for start in range(0, shared.shape[0], _CHUNK))))
    return csr_array(vstack(parts)) if parts else csr_array(shared.shape)
