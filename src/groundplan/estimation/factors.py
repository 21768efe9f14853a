"""Shared errors as loadings on independent factors, few a unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

__all__ = ["shared_loadings"]

FloatArray = NDArray[np.float64]

_LEAST_SHARE = 0.01
"""Factors that make up less of a unit's shared variance are left out, and the others made up for them."""
_CHUNK = 20_000


def shared_loadings(shared: csr_array, covariance: FloatArray) -> csr_array:
    """Write shared errors L (theta - effects), rows of L given, as loadings on one factor an effect, shape (n, p), in the order of the effects.

    With the Cholesky factor G of the effects' covariance, L_i G are loadings on independent standard normal factors: factor k is what effect k
    brings beyond the effects before it. Loadings that make up less than 1 % of a unit's shared variance are left out, and the
    others scaled so that the variance is kept.
    """
    # A hair on the diagonal keeps the factorisation going where rounding has made an eigenvalue negative.
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(covariance)) * max(float(np.trace(covariance)) / max(len(covariance), 1), 1e-12))
    parts = []
    for start in range(0, shared.shape[0], _CHUNK):
        loadings = np.asarray(shared[start : start + _CHUNK] @ root)
        square = loadings**2
        total = square.sum(axis=1)
        kept = np.where(square >= _LEAST_SHARE * total[:, None], loadings, 0.0)
        rest = (kept**2).sum(axis=1)
        parts.append(csr_array(kept * np.sqrt(total / np.where(rest > 0, rest, 1.0))[:, None]))
    return csr_array(vstack(parts)) if parts else csr_array(shared.shape)
