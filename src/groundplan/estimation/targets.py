"""How reports stand to targets: what a target says of the truth is learned, not assumed."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.locate import series_positions
from groundplan.maths.groups import group_count, group_mean, group_sum
from groundplan.period import parse_period
from groundplan.tables.economy import Economy

__all__ = ["target_gap"]

FloatArray = NDArray[np.float64]

_MOST = 0.7
"""A log ratio of report to target farther than this from its sector's mean counts as this far."""
_LEAST_SHARE = 0.75


def target_gap(economy: Economy, evidence: Evidence, log_report: FloatArray) -> FloatArray:
    """Give each unit's mean log of reported to targeted output against the mean of its sector, shape (U,).

    The mean is over the unit's products and the target periods of which at least three quarters have a usable report (a period without one counts
    as the mean of the others). Zero where a unit has no target. Held within 0.7 either way.
    """
    units = len(evidence.units)
    total, number = np.zeros(units), np.zeros(units)
    targets = economy.targets.filter((pl.col("indicator") == "output") & (pl.col("quantity") > 0))
    targets = targets.sort("plan", "version").unique(["unit", "product", "period"], keep="last", maintain_order=True)
    parsed = [parse_period(label) for label in evidence.periods]
    for (label,), part in sorted(targets.partition_by("period", as_dict=True).items()):
        around = parse_period(str(label))
        columns = [at for at, period in enumerate(parsed) if around.contains(period)]
        if sum(parsed[at].days for at in columns) < 0.95 * around.days:
            continue
        at = series_positions(evidence.bearers.series, part)
        wanted = np.full(len(log_report), np.nan)
        wanted[at[at >= 0]] = part["quantity"].to_numpy()[at >= 0]
        there = np.isfinite(log_report[:, columns])
        made = np.where(there, np.exp(np.where(there, log_report[:, columns], 0.0)) / evidence.per_year[columns], 0.0).sum(axis=1)
        there = there | (evidence.reported[:, columns] == 0)
        good = (there.sum(axis=1) >= _LEAST_SHARE * len(columns)) & (made > 0) & np.isfinite(wanted)
        gap = np.log(made[good] * len(columns) / there.sum(axis=1)[good]) - np.log(wanted[good])
        total += group_sum(evidence.series_unit[good], gap, units)
        number += group_count(evidence.series_unit[good], units)
    known = np.flatnonzero(number)
    gap = total[known] / number[known]
    sector = evidence.sector.position[known]
    mean = group_mean(sector, gap, len(evidence.sector.labels))
    centred = np.zeros(units)
    centred[known] = np.clip(gap - mean[sector], -_MOST, _MOST)
    return centred
