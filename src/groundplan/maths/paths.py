"""Smooth many short paths at once: an unknown level and a stationary first-order autoregression around it, seen with noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Paths", "filter_paths"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Gains and errors of S paths over T times; they depend on the noise and not on the values that were seen.

    The path is x_t = level + a_t with a_t = decay_t a_(t-1) + innovation.

    Args:
        decay: shape (S, T), of a from the time before; 0 at the first.
        gain: shape (S, T), of the filter of a; 0 where nothing is seen.
        innovation: shape (S, T), variance of an innovation of what is seen, given the level; infinite where nothing is seen.
        back: shape (S, T), of the smoother of a, from the time after; 0 at the last.
        spread: shape (S, T), variance of a given all that is seen and the level.
        left: shape (S, T), how much of an error of the level an error of the path is: 1 less what observations take back.
        level_variance: shape (S,), posterior variance of the level; infinite where nothing is known of it.
        seen_ones: shape (S, T), innovations of observations that are all 1.
    """

    decay: FloatArray
    gain: FloatArray
    innovation: FloatArray
    back: FloatArray
    spread: FloatArray
    left: FloatArray
    level_variance: FloatArray
    seen_ones: FloatArray

    def smooth(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the posterior mean of path and level for what was seen, prior mean of the level 0; both are linear in the values.

        Args:
            values: shape (S, T), what was seen; any number where nothing was.

        Returns:
            The path, shape (S, T), and its level, shape (S,); 0 where nothing is known.
        """
        innovations, filtered = self._filter(values)
        known = np.isfinite(self.level_variance)
        moment = (innovations * self.seen_ones / self.innovation).sum(axis=1)
        level = np.where(known, np.where(known, self.level_variance, 0.0) * moment, 0.0)
        return self._back(filtered) + self.left * level[:, None], level

    def fit(self, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Say how well the values fit, up to one scale of all variances: restricted likelihood, the level integrated out.

        Minus twice the log-likelihood of a path is freedom log(scale) + determinant + square / scale, up to a constant.

        Args:
            values: shape (S, T), what was seen; any number where nothing was.

        Returns:
            Square, determinant and freedom (observations less one), shape (S,) each; 0 where nothing is seen.
        """
        innovations, _ = self._filter(values)
        seen, known = self.gain > 0, np.isfinite(self.level_variance)
        level = np.where(known, self.level_variance, 1.0)
        square = (innovations**2 / self.innovation).sum(axis=1) - level * (innovations * self.seen_ones / self.innovation).sum(axis=1) ** 2
        determinant = np.where(seen, np.log(np.where(seen, self.innovation, 1.0)), 0.0).sum(axis=1) - np.log(level)
        return square, determinant, np.asarray(np.maximum(seen.sum(axis=1) - 1, 0), float)

    def variance(self) -> FloatArray:
        """Give the posterior variance of the path, shape (S, T)."""
        return np.asarray(self.spread + self.left**2 * self.level_variance[:, None])

    def pair_covariance(self, weights: FloatArray, block: IntArray) -> FloatArray:
        """Add up what the errors of different times of a block have in common.

        Args:
            weights: w, shape (S, T).
            block: shape (T,), number of each time's block, not decreasing: the year, say.

        Returns:
            Sum of w_t w_t' Cov(x_t, x_t') over pairs t != t' of one block, shape (S,); each pair counts twice.
        """
        count, times = weights.shape
        total, after = np.zeros(count), np.zeros(count)
        for t in range(times - 2, -1, -1):
            # Cov(a_t, a_(t+1)) = back_t Var(a_(t+1)), and so on along the chain.
            together = float(block[t] == block[t + 1])
            after = together * self.back[:, t] * (weights[:, t + 1] * self.spread[:, t + 1] + after)
            total += 2.0 * weights[:, t] * after
        lever = weights * self.left
        number = np.zeros((times, times))
        number[np.arange(times), np.unique(block, return_inverse=True)[1]] = 1.0
        crossed = ((lever @ number) ** 2).sum(axis=1) - (lever**2).sum(axis=1)
        return np.asarray(total + crossed * np.where(np.isfinite(self.level_variance), self.level_variance, 0.0))

    def _filter(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Innovations, 0 where nothing is seen, and filtered means of a; shape (S, T) each."""
        seen = self.gain > 0
        given = np.asfortranarray(np.where(seen, values, 0.0))
        innovations, filtered = np.zeros(values.shape, order="F"), np.zeros(values.shape, order="F")
        mean = np.zeros(len(values))
        for t in range(values.shape[1]):
            mean = self.decay[:, t] * mean
            innovations[:, t] = np.where(seen[:, t], given[:, t] - mean, 0.0)
            mean = mean + self.gain[:, t] * innovations[:, t]
            filtered[:, t] = mean
        return innovations, filtered

    def _back(self, filtered: FloatArray) -> FloatArray:
        smoothed = filtered.copy()
        for t in range(filtered.shape[1] - 2, -1, -1):
            smoothed[:, t] += self.back[:, t] * (smoothed[:, t + 1] - self.decay[:, t + 1] * filtered[:, t])
        return smoothed


def filter_paths(noise: FloatArray, *, persistence: FloatArray, stationary: FloatArray, steps: FloatArray, level_variance: FloatArray) -> Paths:
    """Find the gains of the Kalman filter and of the fixed-interval smoother, for all paths at once.

    The level is a regression on a constant, solved beside the filter and not in its state, so that it may be diffuse.

    Args:
        noise: shape (S, T), variance of what is seen at each time around the path; infinite where nothing is.
        persistence: shape (S,), autocorrelation of a over a step of length 1; at least 0 and below 1.
        stationary: shape (S,), variance of a, > 0.
        steps: shape (T - 1,), lengths of the steps between times, >= 0.
        level_variance: shape (S,), prior variance of the level around 0; infinite: diffuse.

    Source:
        Rauch, Tung and Striebel (1965), AIAA Journal 3(8); de Jong (1991), The diffuse Kalman filter, Annals of Statistics 19(2).
    """
    shape = noise.shape
    noise = np.asfortranarray(noise)
    # Times are gone through one by one, so each lies together.
    decay = np.zeros(shape, order="F")
    decay[:, 1:] = persistence[:, None] ** steps[None, :]
    gain, innovation, back, filtered, before = (np.zeros(shape, order="F") for _ in range(5))
    variance = np.zeros(shape[0])
    for t in range(shape[1]):
        before[:, t] = decay[:, t] ** 2 * variance + (1.0 - decay[:, t] ** 2) * stationary
        innovation[:, t] = before[:, t] + noise[:, t]
        gain[:, t] = before[:, t] / innovation[:, t]
        variance = before[:, t] * (1.0 - gain[:, t])
        filtered[:, t] = variance
    back[:, :-1] = filtered[:, :-1] * decay[:, 1:] / before[:, 1:]
    spread = filtered.copy()
    for t in range(shape[1] - 2, -1, -1):
        spread[:, t] += back[:, t] ** 2 * (spread[:, t + 1] - before[:, t + 1])
    nothing = np.zeros(shape)
    bare = Paths(decay, gain, innovation, back, spread, nothing, np.full(shape[0], np.inf), nothing)
    ones, response = bare._filter(np.ones(shape))  # its own class
    with np.errstate(divide="ignore"):
        precision = 1.0 / level_variance + (ones**2 / innovation).sum(axis=1)
        posterior = 1.0 / precision
    return Paths(decay, gain, innovation, back, spread, 1.0 - bare._back(response), posterior, ones)  # its own class
