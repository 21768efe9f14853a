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

__all__ = ["read_targets", "target_gap"]

FloatArray = NDArray[np.float64]

_MOST = 0.7
"""A log ratio of report to target farther than this from its sector's mean counts as this far."""
_LEAST_SHARE = 0.75


def read_targets(economy: Economy, evidence: Evidence) -> dict[str, FloatArray]:
    """Give the targets of output, in their last version: period -> quantity of each series, shape (S,), NaN where there is none."""
    targets = economy.targets.filter((pl.col("indicator") == "output") & (pl.col("quantity") > 0))
    targets = targets.sort("plan", "version").unique(["unit", "product", "period"], keep="last", maintain_order=True)
    wanted: dict[str, FloatArray] = {}
    for (label,), part in sorted(targets.partition_by("period", as_dict=True).items()):
        at, quantity = series_positions(evidence.bearers.series, part), np.full(len(evidence.series_unit), np.nan)
        quantity[at[at >= 0]] = part["quantity"].to_numpy()[at >= 0]
        wanted[str(label)] = quantity
    return wanted


def target_gap(evidence: Evidence, targets: dict[str, FloatArray], log_report: FloatArray) -> FloatArray:
    """Give each unit's mean log of reported to targeted output against the mean of its sector, shape (U,).

    The mean is over the unit's products and the target periods of which at least three quarters have a usable report (a period without one counts
    as the mean of the others). Zero where a unit has no target. Held within 0.7 either way.

    Args:
        evidence: what is known.
        targets: of output, by period, as `read_targets` gives them.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
    """
    units = len(evidence.units)
    total, number = np.zeros(units), np.zeros(units)
    parsed = [parse_period(label) for label in evidence.periods]
    for label, wanted in targets.items():
        around = parse_period(label)
        columns = [at for at, period in enumerate(parsed) if around.contains(period)]
        if sum(parsed[at].days for at in columns) < 0.95 * around.days:
            continue
        found = evidence.by_part(lambda inside, part, columns=columns: _made(inside, log_report[part.series], columns))  # type: ignore[misc]
        made, there = (np.concatenate(each) for each in zip(*found, strict=True))
        good = (there >= _LEAST_SHARE * len(columns)) & (made > 0) & np.isfinite(wanted)
        gap = np.log(made[good] * len(columns) / there[good]) - np.log(wanted[good])
        total += group_sum(evidence.series_unit[good], gap, units)
        number += group_count(evidence.series_unit[good], units)
    known = np.flatnonzero(number)
    gap = total[known] / number[known]
    sector = evidence.sector.position[known]
    mean = group_mean(sector, gap, len(evidence.sector.labels))
    centred = np.zeros(units)
    centred[known] = np.clip(gap - mean[sector], -_MOST, _MOST)
    return centred


def _made(evidence: Evidence, log_report: FloatArray, columns: list[int]) -> tuple[FloatArray, FloatArray]:
    """Give what each series of a part reported over some of the periods, and in how many it reported, a zero included; shape (S,) each."""
    reports = log_report[:, columns]
    there = np.isfinite(reports)
    made = np.where(there, np.exp(np.where(there, reports, 0.0)) / evidence.per_year[columns], 0.0).sum(axis=1)
    return made, (there | (evidence.reported[:, columns] == 0)).sum(axis=1).astype(float)
