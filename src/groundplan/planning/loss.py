"""What a missed goal costs: a convex, piecewise-linear loss of the share that is missed, so that gaps are spread."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["BREAKS", "SLOPES", "goal_losses", "relative_loss", "segment_widths"]

FloatArray = NDArray[np.float64]

BREAKS = np.array([0.0, 0.03, 0.08, 0.15, 0.25, 0.35, 0.5, 0.7, 1.0])
"""Shares missed at which the slope rises."""
SLOPES = (1.0 + 2.0 * (BREAKS[:-1] + BREAKS[1:])) / 3.0
"""Loss per share missed between the breaks: the chords of (s + 2 s^2)/3, so missing all of a goal loses 1, times its weight."""


def segment_widths(missable: FloatArray) -> FloatArray:
    """Give the width of each segment where at most `missable` of a goal may be missed, shape of it with the segments behind."""
    return np.diff(np.minimum(BREAKS, missable[..., None]), axis=-1)


def relative_loss(missed: FloatArray) -> FloatArray:
    """Give the loss of missing shares 0 to 1 of a goal, shape as it is: 0 for none, 1 for all."""
    parts = np.clip(missed[..., None] - BREAKS[:-1], 0.0, np.diff(BREAKS))
    return np.asarray(parts @ SLOPES)


def goal_losses(gaps: pl.DataFrame) -> FloatArray:
    """Give what each goal of a plan costs it, shape (rows,): weight times the loss of the share missed, as the plan counts it.

    Args:
        gaps: result table `gaps`.
    """
    share, below = gaps["shortfall_share"].to_numpy(), (gaps["below_minimum"] / gaps["goal"]).to_numpy()
    # What is missed of a minimum costs the steepest slope.
    return np.asarray(gaps["weight"].to_numpy() * (relative_loss(share - below) + SLOPES[-1] * below))
