"""A mixture of nothing and something, seen through noise: which measurements are of an effect, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.acceleration import find_fixed_point
from groundplan.maths.groups import group_count, group_sum

__all__ = ["Spike", "fit_spike", "spike_posterior"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROUNDS, _TOLERANCE = 200, 1e-4
_MOST = 50_000
"""An even selection of so many measurements tells the mixture as well as more would."""
_PSEUDO = 10.0
"""Measurements that the priors of the mixture are worth."""
_START_MEAN, _START_SD, _START_DRIFT, _START_SHARE = 0.15, 0.08, 0.02, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Spike:
    """A mixture: x = e, or x = effect + e, with effect ~ N(mean, sd^2), > 0 on the whole, and e ~ N(0, noise + drift^2).

    Args:
        share: shape (groups,), how frequent effects are in each group.
        mean, sd: of effects.
        drift: standard deviation of what moves measurements besides noise, and is no effect.
    """

    share: FloatArray
    mean: float
    sd: float
    drift: float


def fit_spike(values: FloatArray, noise: FloatArray, group: IntArray, *, groups: int) -> Spike:
    """Fit the mixture by expectation-maximisation, under weak priors.

    Args:
        values: x, shape (n,).
        noise: shape (n,), known variance of e without its drift, > 0.
        group: shape (n,), positions in [0, groups).
        groups: how many there are.

    Source:
        Dempster, Laird and Rubin (1977), section 4.3, with known noise as in Efron and Morris (1975).
    """
    kept = np.linspace(0, len(values) - 1, min(len(values), _MOST)).astype(np.int64)
    values, noise, group = values[kept], noise[kept], group[kept]

    def step(at: FloatArray) -> FloatArray:
        fitted = _named(at)
        chance, mean, variance = _if_effect(fitted, values, noise, group)
        share = (group_sum(group, chance, groups) + _PSEUDO * _START_SHARE) / (group_count(group, groups) + _PSEUDO)
        weight = chance.sum() + _PSEUDO
        centre = max(float((chance * mean).sum() + _PSEUDO * _START_MEAN) / weight, 0.02)
        spread = float((chance * ((mean - centre) ** 2 + variance)).sum() + _PSEUDO * _START_SD**2) / weight
        # What is left of a measurement without an effect is split between noise and drift.
        part = fitted.drift**2 / (fitted.drift**2 + noise)
        moved = (part * values) ** 2 + fitted.drift**2 * (1.0 - part)
        drift = float(((1.0 - chance) * moved).sum() + _PSEUDO * _START_DRIFT**2) / ((1.0 - chance).sum() + _PSEUDO)
        return _listed(Spike(share, centre, float(np.sqrt(spread)), float(np.sqrt(drift))))

    start = Spike(np.full(groups, _START_SHARE), _START_MEAN, _START_SD, _START_DRIFT)
    return _named(find_fixed_point(step, _listed(start), rounds=_ROUNDS, tolerance=_TOLERANCE)[0])


def _listed(spike: Spike) -> FloatArray:
    return np.concatenate([np.log([spike.mean, spike.sd, spike.drift]), np.log(spike.share / (1.0 - spike.share))])


def _named(at: FloatArray) -> Spike:
    mean, sd, drift = np.exp(at[:3])
    return Spike(1.0 / (1.0 + np.exp(-at[3:])), float(mean), float(sd), float(drift))


def spike_posterior(fitted: Spike, values: FloatArray, noise: FloatArray, group: IntArray) -> tuple[FloatArray, FloatArray]:
    """Give posterior mean and variance of each effect, 0 counted where there is none, shape (n,) each."""
    chance, mean, variance = _if_effect(fitted, values, noise, group)
    return chance * mean, chance * variance + chance * (1.0 - chance) * mean**2


def _if_effect(fitted: Spike, values: FloatArray, noise: FloatArray, group: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chance of an effect, and its mean and variance if there is one."""
    still = noise + fitted.drift**2
    wide = still + fitted.sd**2
    log_odds = np.log(fitted.share / (1.0 - fitted.share))[group] - 0.5 * np.log(wide / still) - 0.5 * ((values - fitted.mean) ** 2 / wide - values**2 / still)
    chance = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -50.0, 50.0)))
    part = fitted.sd**2 / wide
    return chance, fitted.mean + part * (values - fitted.mean), np.asarray(fitted.sd**2 * (1.0 - part))
