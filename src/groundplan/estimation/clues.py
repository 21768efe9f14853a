"""What each source says of each unit's reports by itself: the measurements behind the posterior, kept for those who ask why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence, Grouping
from groundplan.estimation.level import Level
from groundplan.estimation.sizes import SIZE
from groundplan.estimation.sources import is_claim
from groundplan.maths.groups import group_count, group_sum
from groundplan.maths.measurements import error_variance, unit_variance

__all__ = ["Clue", "read_clues"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_PEERS = 3
"""Fewer inspected units of a group say too little of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Clue:
    """What one source says of n units.

    Args:
        source: finding, group, nameplate, claims of a grade, or the name of a proxy.
        unit: shape (n,), positions, each once.
        gap: shape (n,), log of reported to true output as the source has it.
        information: shape (n,), 1 / variance with which it says so.
        number, of: shape (n,) each: how many of how many, as the source counts; 0 of 0 where it does not.
    """

    source: str
    unit: IntArray
    gap: FloatArray
    information: FloatArray
    number: IntArray
    of: IntArray


def read_clues(evidence: Evidence, level: Level, tolerance: float) -> tuple[Clue, ...]:
    """Take the model's measurements apart by source.

    Findings, proxies and nameplates say z - X theta = h (u - W theta) + error, so each by itself says u = W theta + (z - X theta) / h, with the effects that the whole model has
    found; the group says u = W theta. Proxies count as much less as they have an error in common. A proxy or nameplate counts the other units of its sector at which the gap is
    smaller, findings count themselves, the group those of its inspected units (sector and kind, or else sector) that report above the tolerance.

    Args:
        evidence: what is known.
        level: lasting biases by unit.
        tolerance: share by which a report may be off.
    """
    data, post, units = level.data, level.posterior, len(evidence.units)
    expected = np.asarray(data.unit_design @ post.effects)
    error = error_variance(data, level.variances)
    own = (data.value - data.design @ post.effects) / data.loading
    information = data.loading**2 / error
    proxies = np.concatenate([np.zeros(0, np.int64), *(at for name, at in level.rows.items() if name not in ("finding", "nameplate", SIZE) and not is_claim(name))])
    together = group_sum(data.unit[proxies], information[proxies], units) * level.variances.common
    information[proxies] /= 1.0 + together[data.unit[proxies]] * (1.0 if data.common_scale is None else data.common_scale[data.unit[proxies]])
    clues = []
    for name, at in level.rows.items():
        if name == SIZE:
            continue
        unit = np.unique(data.unit[at])
        weight = group_sum(data.unit[at], information[at], units)
        gap = (expected + group_sum(data.unit[at], information[at] * own[at], units) / np.where(weight > 0, weight, 1.0))[unit]
        if name == "finding":
            count = group_count(evidence.series_unit[evidence.findings.series], units)[unit].astype(np.int64)
            clues.append(Clue(name, unit, gap, weight[unit], count, count))
        else:
            clues.append(Clue(name, unit, gap, weight[unit], *_below(evidence.sector.position[unit], gap)))
    found = next((clue for clue in clues if clue.source == "finding"), None)
    prior = 1.0 / unit_variance(data, level.variances)
    clues.append(Clue("group", np.arange(units), expected, prior, *_padded_alike(evidence, found, tolerance)))
    return tuple(clues)


def _below(group: IntArray, gap: FloatArray) -> tuple[IntArray, IntArray]:
    """Count, for each unit, the others of its group with a smaller gap, and all others."""
    order = np.lexsort((gap, group))
    size = np.bincount(group)
    start = np.cumsum(size) - size
    below = np.empty(len(group), np.int64)
    below[order] = np.arange(len(group)) - start[group[order]]
    return below, size[group] - 1


def _padded_alike(evidence: Evidence, found: Clue | None, tolerance: float) -> tuple[IntArray, IntArray]:
    """Count, for each unit, the inspected others of its sector and kind that report above the tolerance; of its sector alone where those are under three."""
    units = len(evidence.units)
    inspected, padded = np.zeros(units), np.zeros(units)
    if found is not None:
        inspected[found.unit] = 1.0
        padded[found.unit] = found.gap > np.log1p(tolerance)
    kinds = len(evidence.kind.labels)
    number, of = np.zeros(units, np.int64), np.zeros(units, np.int64)
    for group in (Grouping((), evidence.sector.position), Grouping((), evidence.sector.position * kinds + evidence.kind.position)):
        count = int(group.position.max(initial=-1)) + 1
        others, off = (group_sum(group.position, values, count)[group.position] - values for values in (inspected, padded))
        enough = others >= LEAST_PEERS
        number, of = np.where(enough, off, number).astype(np.int64), np.where(enough, others, of).astype(np.int64)
    return number, of
