"""Reports bunched just above 100 % of the target, against a smooth counterfactual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bunch", "excess_mass"]

_BIN = 0.01
_FIRST, _LAST = 0.70, 1.30
# The window in which people move their figures is left out of the fit: those who jump up to the target come from just below it.
_WINDOW = (0.95, 1.06)
_ABOVE = (1.00, 1.03)
_DEGREE = 4


@dataclass(frozen=True, slots=True)
class Bunch:
    """Excess mass just above the target.

    Args:
        just_above: number of ratios in [1.00, 1.03).
        expected: number that a smooth distribution would have there.
        excess: just_above / expected - 1; NaN where nothing is expected there.
        standard_error: of `excess`, by bootstrap over units; NaN where nothing is expected there.
    """

    just_above: int
    expected: float
    excess: float
    standard_error: float


def excess_mass(ratios: NDArray[np.float64], units: NDArray[np.int64], rng: np.random.Generator, *, replicates: int = 200) -> Bunch:
    """Measure how many reports stand just above 100 % of the target beyond what a smooth distribution would put there.

    A polynomial of degree 4 is fitted to counts in bins of one point from 70 to 130 %, without the window from 95 to 106 %.

    Args:
        ratios: report / target, shape (n,), >= 0, no NaN.
        units: position of the unit that reports, shape (n,); the bootstrap draws whole units.
        rng: source of the bootstrap's draws.
        replicates: number of bootstrap draws.

    Returns:
        Count, expectation, excess and its standard error.

    Source:
        Chetty, Friedman, Olsen and Pistaferri (2011), QJE 126, section 4; Kleven (2016), Annual Review of Economics 8.
    """
    edges = np.round(np.arange(_FIRST, _LAST + _BIN / 2, _BIN), 2)
    # 100 % as a quotient of floats may fall a rounding error short of 1.
    bins = np.digitize(ratios + 1e-9, edges) - 1
    inside = (bins >= 0) & (bins < len(edges) - 1)
    _, rows = np.unique(units, return_inverse=True)
    counts = np.zeros((int(rows.max(initial=-1)) + 1, len(edges) - 1))
    np.add.at(counts, (rows[inside], bins[inside]), 1.0)
    forecast = _forecast_weights(edges)
    above = (edges[:-1] >= _ABOVE[0] - 1e-9) & (edges[:-1] < _ABOVE[1] - 1e-9)
    total = counts.sum(axis=0)
    expected = max(float(forecast @ total), 0.0)
    just_above = int(total[above].sum())
    if expected < 1.0:
        return Bunch(just_above, expected, float("nan"), float("nan"))
    draws = rng.multinomial(len(counts), np.full(len(counts), 1.0 / len(counts)), size=replicates) @ counts
    drawn = draws[:, above].sum(axis=1) / np.maximum(draws @ forecast, 1.0) - 1.0
    return Bunch(just_above, expected, just_above / expected - 1.0, float(drawn.std(ddof=1)))


def _forecast_weights(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the weights w, shape (bins,), with w @ counts = the fitted count just above the target."""
    middles = (edges[:-1] + edges[1:]) / 2 - 1.0
    powers = np.vander(middles / (_LAST - 1.0), _DEGREE + 1)
    outside = (edges[:-1] < _WINDOW[0] - 1e-9) | (edges[:-1] >= _WINDOW[1] - 1e-9)
    above = (edges[:-1] >= _ABOVE[0] - 1e-9) & (edges[:-1] < _ABOVE[1] - 1e-9)
    weights = np.zeros(len(middles))
    weights[outside] = powers[above].sum(axis=0) @ np.linalg.pinv(powers[outside])
    return weights
