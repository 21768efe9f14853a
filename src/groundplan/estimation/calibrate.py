"""How honest the intervals are: units held out in turn, and the factors that make the intervals hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.maths.conformal import BOUNDS, conformal_factor, held_out_factors, left_out_factors
from groundplan.maths.lognormal import Z90
from groundplan.tables.results import Calibration

__all__ = ["LEAST_UNITS", "Factors", "Residuals", "Step", "Tree", "calibrate", "grow_tree", "leave_out"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_UNITS = 50
"""A group with fewer inspected units has the factors of the wider groups that it is part of."""
_BOUNDS = (0.25, 4.0)
"""What a group of that many may change in the factors of wider ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Groups of units: all, kinds, sectors, and kinds within sectors.

    Args:
        levels: names of the levels, the narrowest first.
        labels: of each level's groups, for instance sector=steel.
        above: shape (leaves, levels), the group of each leaf at each level, as positions in `labels`.
        leaf: shape (U,), of each unit.
    """

    levels: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    above: IntArray
    leaf: IntArray


def grow_tree(evidence: Evidence) -> Tree:
    """Lay the groups of an economy's units out; a partition of one class is none."""
    sector, kind = evidence.sector, evidence.kind
    pairs, leaf = np.unique(sector.position * max(len(kind.labels), 1) + kind.position, return_inverse=True)
    of = np.divmod(pairs, max(len(kind.labels), 1))
    own = [tuple(f"{name}={label}" for label in grouping.labels) for name, grouping in (("sector", sector), ("kind", kind))]
    both = tuple(f"{own[0][first]}, {own[1][second]}" for first, second in zip(*(part.tolist() for part in of), strict=True))
    lines = [("kind in sector", both, np.arange(len(pairs)))] if min(len(sector.labels), len(kind.labels)) > 1 else []
    # A country of one sector still has that sector as a group, for whoever looks for it.
    lines += [("sector", own[0], of[0])] if len(sector.labels) > 1 or len(kind.labels) <= 1 else []
    lines += [("kind", own[1], of[1])] if len(kind.labels) > 1 else []
    above = np.stack([position for _, _, position in lines], axis=1).astype(np.int64)
    return Tree(tuple(name for name, _, _ in lines), tuple(labels for _, labels, _ in lines), above, leaf.astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What inspection found of units against what would have been said without it, one row an inspected unit.

    Args:
        residual, variance, noise: shape (n,): log residual, variance of what was predicted, variance of the finding itself.
        findings: shape (n,), how many findings it is the mean of.
        leaf: shape (n,), of the unit.
        tree: groups; None: there are none but all.
    """

    residual: FloatArray
    variance: FloatArray
    noise: FloatArray
    findings: IntArray
    leaf: IntArray
    tree: Tree | None = None

    def steps(self) -> Iterator[Step]:
        """Go down the tree, the widest level first, through the groups that have an inspected unit."""
        tree = self.tree
        for at in reversed(range(0 if tree is None else len(tree.levels))):
            assert tree is not None
            position = tree.above[self.leaf, at]
            for group in np.unique(position).tolist():
                yield Step(tree.levels[at], tree.labels[at][group], np.flatnonzero(position == group), np.flatnonzero(tree.above[:, at] == group))


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A group that is come by on the way down the tree.

    Args:
        level, label: of the group.
        members: positions of its inspected units among the residuals.
        leaves: positions of its leaves.
    """

    level: str
    label: str
    members: IntArray
    leaves: IntArray

    def is_thin(self) -> bool:
        """Say whether it has too few inspected units for a factor of its own."""
        return len(self.members) < LEAST_UNITS


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Factors on half-widths by leaf of the tree, shape (leaves,), which group they come from, and the leaf of each unit, shape (U,)."""

    half: FloatArray
    ninety: FloatArray
    source: tuple[str, ...]
    leaf: IntArray

    def of(self, units: slice) -> Factors:
        """Give those of some of the units."""
        return replace(self, leaf=self.leaf[units])


def calibrate(residuals: Residuals, top: str) -> tuple[Factors, pl.DataFrame]:
    """Find the factors of each leaf, going down the tree: each group with enough inspected units corrects what the wider ones have found.

    What is ranked in a group are its residuals studentised with the factors found so far, so that within a sector kinds keep the widths that they have against each other.

    Args:
        residuals: held out by unit.
        top: name of the group of all.

    Returns:
        Factors, and rows of the result table `calibration`: `top` first, then kinds and sectors that have findings, and those kinds within sectors that have factors of their own.
    """
    every = np.arange(len(residuals.residual))
    leaves = 0 if residuals.tree is None else len(residuals.tree.above)
    source = np.full(leaves, top, object)
    first = {level: conformal_factor(residuals.residual, residuals.variance, residuals.noise, level=level) for level in (0.5, 0.9)}
    of_unit = {level: np.full(len(every), factor) for level, factor in first.items()}
    of_leaf = {level: np.full(leaves, factor) for level, factor in first.items()}
    rows = [_row(residuals, every, top, np.ones(len(every)), of_unit, None, BOUNDS)]
    corrected: set[str] = set()
    for step in residuals.steps():
        if step.is_thin():
            if step.level != "kind in sector":
                rows.append(_row(residuals, step.members, step.label, of_unit[0.9], of_unit, "kind" if step.level == "sector" and "kind" in corrected else top))
            continue
        before = of_unit[0.9].copy()
        for level, factors in of_unit.items():
            variance = factors[step.members] ** 2 * residuals.variance[step.members]
            more = conformal_factor(residuals.residual[step.members], variance, residuals.noise[step.members], level=level, bounds=_BOUNDS)
            factors[step.members] *= more
            of_leaf[level][step.leaves] *= more
        corrected.add(step.level)
        source[step.leaves] = step.label
        rows.append(_row(residuals, step.members, step.label, before, of_unit, None))
    leaf = np.zeros(0, np.int64) if residuals.tree is None else residuals.tree.leaf
    table = pl.DataFrame(rows, schema=dict(Calibration.create_empty().schema))
    return Factors(of_leaf[0.5], of_leaf[0.9], tuple(source.tolist()), leaf), table


def leave_out(residuals: Residuals, top: str) -> tuple[FloatArray, FloatArray, list[str]]:
    """Give each inspected unit the factors of 50 % and 90 % that the others give it, shape (n,), and the narrowest group whose factor that is."""
    variance, noise = residuals.variance, residuals.noise
    source = np.full(len(residuals.residual), top, object)
    found = []
    for level in (0.5, 0.9):
        # What others are studentised with is formed with the unit in it, which moves a quantile of theirs by a place at most.
        factors = np.full(len(variance), conformal_factor(residuals.residual, variance, noise, level=level))
        own = left_out_factors(residuals.residual, variance, noise, level=level)
        for step in residuals.steps():
            at = step.members
            if not step.is_thin():
                scaled = residuals.residual[at], factors[at] ** 2 * variance[at], noise[at]
                own[at] *= left_out_factors(*scaled, level=level, bounds=_BOUNDS)
                factors[at] *= conformal_factor(*scaled, level=level, bounds=_BOUNDS)
                source[at] = step.label
        found.append(own)
    return found[0], found[1], source.tolist()


def _row(
    residuals: Residuals, inside: IntArray, label: str, before: FloatArray, factors: dict[float, FloatArray], parent: str | None, bounds: tuple[float, float] = _BOUNDS
) -> dict[str, object]:
    """Describe a group: `before` are the factors of the 90 % interval with which its own was found, held within `bounds`."""
    residual, variance, noise = residuals.residual[inside], residuals.variance[inside], residuals.noise[inside]
    scaled = before[inside] ** 2 * variance
    raw = np.abs(residual) <= Z90 * np.sqrt(variance + noise)
    more = np.ones(len(inside)) if parent is not None else held_out_factors(residual, scaled, noise, level=0.9, bounds=bounds)
    held = np.abs(residual) <= Z90 * np.sqrt(more**2 * scaled + noise)
    count = len(residual)
    half, ninety = (float(np.sqrt(np.mean(factors[level][inside] ** 2))) if count else 1.0 for level in (0.5, 0.9))
    return {
        "group": label,
        "findings": int(residuals.findings[inside].sum()),
        "units": count,
        "factor_50": half,
        "factor_90": ninety,
        "raw_cover_90": float(raw.mean()) if count else None,
        "cover_90": float(held.mean()) if count else None,
        "parent": parent,
    }
