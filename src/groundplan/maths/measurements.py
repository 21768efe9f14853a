"""Measurements of the errors of many units, and the variances of a linear mixed model of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Measurements", "Variances", "cut_units", "error_variance", "keep_units", "prior_variance", "unit_variance"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """N measurements z = h u_i + X theta + e of the errors u_i = W_i theta + delta_i of U units, with p shared effects theta.

    Args:
        unit: shape (N,), position of the unit measured.
        value: z, shape (N,).
        loading: h, shape (N,), how the measurement moves with delta_i.
        design: X, sparse (N, p), with h W_i contained in it.
        component: shape (N,), which error variance the measurement has; -1: none but `known`.
        known: shape (N,), known error variance, > 0 where component is -1.
        unit_design: W, sparse (U, p).
        unit_scale: shape (U,), by how much delta_i's variance exceeds that of others; 1 as a rule.
        block: shape (p,), which variance the effect has; -1: prior variance `wide`, a fixed effect.
        mean: shape (p,), prior mean of the effects.
        wide: shape (p,), prior variance where block is -1.
        common: g, shape (N,), how the measurement moves with a_i, an error that measurements of a unit share and that is no part of u_i: z = h u_i + X
            theta + g a_i + e. None: there is none.
        common_scale: shape (U,), by how much a_i's variance exceeds that of others; None: 1.
        apart: shape (U,), units whose delta_i has a variance of its own, that of units apart; None: there are none.
    """

    unit: IntArray
    value: FloatArray
    loading: FloatArray
    design: csr_array
    component: IntArray
    known: FloatArray
    unit_design: csr_array
    unit_scale: FloatArray
    block: IntArray
    mean: FloatArray
    wide: FloatArray
    common: FloatArray | None = None
    common_scale: FloatArray | None = None
    apart: BoolArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Variances:
    """Variances of a mixed model.

    Args:
        unit: of delta_i.
        error: shape (components,), of measurements.
        effect: shape (blocks,), of effects.
        common: of a_i.
        apart: of delta_i of the units apart.
    """

    unit: float
    error: FloatArray
    effect: FloatArray
    common: float = 0.0
    apart: float = 0.0


def error_variance(data: Measurements, variances: Variances) -> FloatArray:
    """Give the error variance of each measurement, known part and component, shape (N,)."""
    return np.asarray(np.append(variances.error, 0.0)[data.component] + data.known)


def unit_variance(data: Measurements, variances: Variances) -> FloatArray:
    """Give the prior variance of delta_i of each unit, shape (U,)."""
    return data.unit_scale * (variances.unit if data.apart is None else np.where(data.apart, variances.apart, variances.unit))


def prior_variance(data: Measurements, variances: Variances) -> FloatArray:
    """Give the prior variance of each effect, shape (p,)."""
    return np.where(data.block >= 0, np.append(variances.effect, 1.0)[data.block], data.wide)


def keep_units(data: Measurements, kept: slice | IntArray, rows: IntArray, unit: IntArray) -> Measurements:
    """Keep some of the units with their measurements.

    Args:
        data: measurements.
        kept: which units.
        rows: shape (n,), their measurements.
        unit: shape (n,), the place of each of these measurements' units among those kept.
    """
    return replace(
        data,
        unit=unit,
        value=data.value[rows],
        loading=data.loading[rows],
        design=csr_array(data.design[rows]),
        component=data.component[rows],
        known=data.known[rows],
        unit_design=csr_array(data.unit_design[kept]),
        unit_scale=data.unit_scale[kept],
        common=None if data.common is None else data.common[rows],
        common_scale=None if data.common_scale is None else data.common_scale[kept],
        apart=None if data.apart is None else data.apart[kept],
    )


def cut_units(data: Measurements, size: int) -> list[Measurements]:
    """Cut the units, with their measurements, into parts of `size` units, each counted from 0 and with both errors of a unit spelled out."""
    units = data.unit_design.shape[0]
    data = replace(
        data,
        common=np.zeros(len(data.unit)) if data.common is None else data.common,
        common_scale=np.ones(units) if data.common_scale is None else data.common_scale,
    )
    order = np.argsort(data.unit, kind="stable")
    bounds = np.searchsorted(data.unit[order], np.arange(0, units + size, size))
    parts = []
    for at, start in enumerate(range(0, units, size)):
        rows = order[bounds[at] : bounds[at + 1]]
        parts.append(keep_units(data, slice(start, start + size), rows, data.unit[rows] - start))
    return parts
