"""Many tests or judgements at once: p-values that hold for all of them together, and how many of a list are wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr

__all__ = ["false_shares", "holm"]

FloatArray = NDArray[np.float64]

_DRAWS = 200
_CHUNK = 5_000


def holm(p_values: FloatArray) -> FloatArray:
    """Adjust p-values so that rejecting those under a level errs in any of them with at most that chance.

    Args:
        p_values: shape (n,), 0 to 1.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    found = np.empty(len(p_values))
    found[order] = np.minimum(adjusted, 1.0)
    return found


def false_shares(mean: FloatArray, own_sd: FloatArray, shared: csr_array, *, chance: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Judge how large a share of the first k of a list is wrong, for each k, from posteriors with errors in common.

    Entry i is right where its quantity is positive. Quantities are normal: mean_i + shared_i xi + own_sd_i e_i, with independent standard normal xi and e_i. Errors in
    common do not average out in a list: the share that is wrong is no number but a distribution.

    Args:
        mean: shape (n,), in the order of the list.
        own_sd: shape (n,), > 0.
        shared: sparse (n, F), loadings on the F factors in common.
        chance: chance with which the second figure holds, 0 to 1.
        rng: draws the factors, 200 times.

    Returns:
        Expected share of the first k that is wrong (the mean of 1 - probability), exact, and the share that is not exceeded with `chance`; shape (n,) each.

    Source:
        Newton, Noueiry, Sarkar and Ahlquist (2004), Biostatistics 5, and Müller, Parmigiani, Robert and Rousseau (2004), JASA 99, for the expected share; Genovese and
        Wasserman (2006), JASA 101, for the share that is exceeded with a given chance.
    """
    size = np.arange(1, len(mean) + 1)
    spread = np.sqrt(own_sd**2 + np.asarray(shared.power(2).sum(axis=1)).ravel())
    expected = np.cumsum(ndtr(-mean / spread)) / size
    factors = rng.standard_normal((shared.shape[1], _DRAWS))
    held, wrong = np.empty(len(mean)), np.zeros(_DRAWS)
    for start in range(0, len(mean), _CHUNK):
        part = slice(start, start + _CHUNK)
        drawn = np.asarray(shared[part] @ factors) + mean[part, None]
        sums = wrong + np.cumsum(ndtr(-drawn / own_sd[part, None]), axis=0)
        held[part] = np.quantile(sums, chance, axis=1) / size[part]
        wrong = sums[-1]
    return expected, held
