"""How honest the intervals are: units held out in turn, and the factors that make the intervals hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.maths.conformal import conformal_factor, held_out_factors
from groundplan.maths.lognormal import Z90
from groundplan.tables.results import Calibration

__all__ = ["LEAST_UNITS", "Factors", "Residuals", "calibrate"]

FloatArray = NDArray[np.float64]

LEAST_UNITS = 50
"""A group with fewer inspected units is calibrated with its parent."""


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What inspection found of units against what would have been said without it, one row an inspected unit.

    Args:
        residual, variance, noise: shape (n,): log residual, variance of what was predicted, variance of the finding itself.
        group: shape (n,), position in `labels`.
        findings: shape (n,), how many findings it is the mean of.
        labels: groups, for instance sector=steel.
    """

    residual: FloatArray
    variance: FloatArray
    noise: FloatArray
    group: NDArray[np.int64]
    findings: NDArray[np.int64]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Factors on half-widths by group, shape (groups,), and which group they come from."""

    half: FloatArray
    ninety: FloatArray
    source: tuple[str, ...]


def calibrate(residuals: Residuals, top: str) -> tuple[Factors, pl.DataFrame]:
    """Find the factors of each group, those of thin groups being their parent's.

    Args:
        residuals: held out by unit.
        top: name of the parent of all groups.

    Returns:
        Factors, and rows of the result table `calibration`: `top` first, then the groups that have findings.
    """
    half, ninety, row = _group(residuals, np.ones(len(residuals.residual), bool), top, None)
    rows, factors, sources = [row], [], []
    for position, label in enumerate(residuals.labels):
        inside = residuals.group == position
        thin = int(inside.sum()) < LEAST_UNITS
        own = (half, ninety) if thin else _group(residuals, inside, label, top)[:2]
        factors.append(own)
        sources.append(top if thin else label)
        if inside.any():
            entry = _group(residuals, inside, label, top)[2]
            rows.append(entry | {"factor_50": own[0], "factor_90": own[1], "parent": top if thin else None})
    table = pl.DataFrame(rows, schema=dict(Calibration.create_empty().schema))
    pairs = np.array(factors).reshape(-1, 2)
    return Factors(pairs[:, 0], pairs[:, 1], tuple(sources)), table


def _group(residuals: Residuals, inside: NDArray[np.bool_], label: str, parent: str | None) -> tuple[float, float, dict[str, object]]:
    residual, variance, noise = residuals.residual[inside], residuals.variance[inside], residuals.noise[inside]
    half, ninety = (conformal_factor(residual, variance, noise, level=level) for level in (0.5, 0.9))
    raw = np.abs(residual) <= Z90 * np.sqrt(variance + noise)
    held = np.abs(residual) <= Z90 * np.sqrt(held_out_factors(residual, variance, noise, level=0.9) ** 2 * variance + noise)
    count = len(residual)
    row: dict[str, object] = {
        "group": label,
        "findings": int(residuals.findings[inside].sum()),
        "units": count,
        "factor_50": half,
        "factor_90": ninety,
        "raw_cover_90": float(raw.mean()) if count else None,
        "cover_90": float(held.mean()) if count else None,
        "parent": parent,
    }
    return half, ninety, row
