"""Units that do not report: judged by their nameplates, by what such plants make of theirs, and by their proxies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from groundplan.estimation.design import Terms
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.silence import unheard_series
from groundplan.estimation.sizes import SIZE
from groundplan.maths.groups import group_count, group_sum
from groundplan.maths.mixed import quadratic

__all__ = ["Unreported", "judge_unreported"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_UNSEEN_VARIANCE = 9.0
_MODEL_SD = 0.1
"""Units that do not report may differ from those that do; this much is added to their log error."""


@dataclass(frozen=True, slots=True, eq=False)
class Unreported:
    """Output of series without a usable report, shape (S,).

    Args:
        level: log output at a yearly rate; NaN where nothing speaks of it, or where the series reports.
        shared: L, sparse (S, p): part of its error that comes from the nameplates' effects.
        variance: of the rest of its lasting error.
        by_proxy: share of the proxies in it, 0 to 1.
    """

    level: FloatArray
    shared: csr_array
    variance: FloatArray
    by_proxy: FloatArray


def judge_unreported(evidence: Evidence, level: Level, log_report: FloatArray) -> Unreported:
    """Judge what series without a usable report make.

    The nameplate gives log output up to the group's log utilisation, with the error variance that nameplates have among those who report. Each proxy
    gives the volume of the whole unit, where none of its series reports; its deviation from the volume by nameplate moves all products of
    the unit alike, by precision. A unit with one product needs no nameplate. Series that nothing speaks of get no level.
    """
    silent = np.asarray(~np.isfinite(log_report).any(axis=1))
    design, plate_variance = _by_nameplate(evidence, level)
    by_plate = evidence.nameplate + design @ level.posterior.effects
    by_plate = np.where(silent & ~unheard_series(evidence), by_plate, np.nan)
    shift, precision, alone = _by_proxies(evidence, level, by_plate, silent)
    unit = evidence.series_unit
    known = np.isfinite(by_plate)
    plate_precision = np.where(known, 1.0 / plate_variance, 0.0)
    total = plate_precision + precision[unit]
    # `shift` is relative to the volume by nameplate, or to nothing where the unit's only product has none.
    moved = np.where(known, by_plate, 0.0) + precision[unit] * shift[unit] / np.maximum(total, 1e-300)
    speaks = silent & (known | (alone[unit] & (precision[unit] > 0)))
    share = np.where(speaks, plate_precision / np.maximum(total, 1e-300), 0.0)
    shared = csr_array(diags_array(share) @ design)
    common = quadratic(shared, level.posterior.covariance)
    variance = np.maximum(1.0 / np.maximum(total, 1e-12) - common, 0.0) + _MODEL_SD**2
    return Unreported(np.where(speaks, moved, np.nan), shared, np.where(speaks, variance, 0.0), np.where(speaks, precision[unit] / np.maximum(total, 1e-300), 0.0))


def _by_nameplate(evidence: Evidence, level: Level) -> tuple[csr_array, FloatArray]:
    """Rows of the nameplates' effects, sparse (S, p), and the variance of log output around nameplate and effects, shape (S,)."""
    unit = evidence.series_unit
    design, extra = _design(level, "nameplate", evidence, evidence.sector.position[unit], evidence.series_product)
    return design, quadratic(design, level.posterior.covariance) + extra + level.error("nameplate")


def _by_proxies(evidence: Evidence, level: Level, by_plate: FloatArray, silent: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Precision-weighted shift of each unit's volume, its precision, and whether the unit has one product without nameplate; shape (U,) each."""
    unit, units = evidence.series_unit, len(evidence.units)
    number = group_count(unit, units)
    whole = group_sum(unit, silent.astype(float), units) == number
    complete = whole & (group_sum(unit, np.isfinite(by_plate).astype(float), units) == number)
    alone = whole & (number == 1) & ~complete
    precision, total = np.zeros(units), np.zeros(units)
    for name, values in evidence.proxies.items():
        there = np.isfinite(values)
        use = np.flatnonzero((complete | alone) & there.any(axis=1))
        if not len(use):
            continue
        weight = level.weight[name]
        made = np.where(np.isfinite(by_plate), np.exp(np.where(np.isfinite(by_plate), by_plate, 0.0)), 0.0)
        part = np.where(made > 0, weight[evidence.series_product] * made, 1e-300)
        order = np.lexsort((-part, unit))
        starts = np.flatnonzero(np.diff(unit, prepend=-1))
        main = np.zeros(units, np.int64)
        main[unit[starts]] = evidence.series_product[order[starts]]
        volume = group_sum(unit, weight[evidence.series_product] * made, units)[use]
        # Without a nameplate the unit's one product is meant: its volume is its weight times its output.
        base = np.where(complete[use], np.log(np.maximum(volume, 1e-300)), np.log(weight[main[use]]))
        read = np.where(there, values, 0.0).sum(axis=1)[use] / there.sum(axis=1)[use]
        sector, product, slope = evidence.sector.position[use], main[use], level.slope[name]
        design, extra = _design(level, f"proxy|{name}", evidence, sector, product)
        # How sure the slopes are tells the more, the farther a unit lies from those that showed them.
        terms, near = Terms(), slope.volume(sector, product, read + design @ level.posterior.effects)
        slope.add_terms(terms, level.columns(), sector, product, near)
        design = csr_array(design + terms.matrix(design.shape))
        mean, variance = design @ level.posterior.effects, quadratic(design, level.posterior.covariance) + extra
        own = slope.elasticity(sector) ** 2 / (variance + level.error(name))
        precision[use] += own
        total[use] += own * (slope.volume(sector, product, read + mean) - base)
    # What a unit's proxies have in common does not average out over them.
    together = precision / (1.0 + precision * level.variances.common)
    return total / np.maximum(precision, 1e-300), together, alone


def _design(level: Level, prefix: str, evidence: Evidence, sector: IntArray, product: IntArray) -> tuple[csr_array, FloatArray]:
    """Effects of a source for units of a sector with a main product, sparse (n, p), and the variance of those that nobody shows, shape (n,)."""
    names = level.columns()
    terms, rows = Terms(), np.arange(len(sector))
    extra = np.zeros(len(sector))
    if prefix not in names:
        return terms.matrix((len(sector), len(level.names))), np.full(len(sector), _UNSEEN_VARIANCE)
    terms.add(rows, names[prefix], 1.0)
    for part, labels, position in (("sector", evidence.sector.labels, sector), ("product", evidence.products.labels, product)):
        columns = np.array([names.get(f"{prefix}|{part}={label}", -1) for label in labels], np.int64)[position]
        shown = columns >= 0
        terms.add(rows[shown], columns[shown], 1.0)
        block = [level.data.block[at] for name, at in names.items() if name.startswith(f"{prefix}|{part}=")][:1]
        # A product that nobody reports has a weight out of the air: its proxies say next to nothing.
        apart = _UNSEEN_VARIANCE if part == "product" and prefix != "nameplate" else 0.0
        unseen = level.variances.effect[block[0]] if block and block[0] >= 0 else (0.0 if len(labels) == 1 else apart)
        extra += np.where(shown, 0.0, unseen)
    # A unit without reports is of no class of size, so of any.
    classes = np.array([at for name, at in names.items() if name.startswith(f"{prefix}|{SIZE}=")], np.int64)
    if len(classes):
        terms.add(np.repeat(rows, len(classes)), np.tile(classes, len(rows)), 1.0 / len(classes))
        extra += (1.0 - 1.0 / len(classes)) * level.variances.effect[level.data.block[classes[0]]]
    return terms.matrix((len(sector), len(level.names))), extra
