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

__all__ = ["HEAP", "read_targets", "target_stand"]

FloatArray = NDArray[np.float64]

_MOST = 0.7
"""A log ratio of report to target farther than this from its sector's mean counts as this far."""
_LEAST_SHARE = 0.75
HEAP = (1.0, 1.03)
"""Yearly reports that reach so much of their target are those that may have been filled up to it; how often they are, and what it means, is learned."""


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


def target_stand(evidence: Evidence, targets: dict[str, FloatArray], log_report: FloatArray) -> dict[str, FloatArray]:
    """Say how each unit's reports stand to its targets: what managers who are pulled to the target leave there.

    Each is a mean over the unit's products and the target periods of which at least three quarters have a usable report (a period without one counts as the mean of the
    others), less the mean of all units; zero where a unit has no target.

    Args:
        evidence: what is known.
        targets: of output, by period, as `read_targets` gives them.
        log_report: shape (S, T), log of the usable reports at a yearly rate, freed of filling up at the year's end, NaN elsewhere.

    Returns:
        Of each measure, shape (U,): `target`, the log of reported to targeted output against the sector's mean, held within 0.7 either way; `below target`, that log where it is
        below zero, held at -0.7; `just above target`, the share of the periods that ended, as reported, in the heap from 100 to 103 %.
    """
    units = len(evidence.units)
    sums, number = np.zeros((3, units)), np.zeros(units)
    parsed = [parse_period(label) for label in evidence.periods]
    for label, wanted in targets.items():
        around = parse_period(label)
        columns = [at for at, period in enumerate(parsed) if around.contains(period)]
        if sum(parsed[at].days for at in columns) < 0.95 * around.days:
            continue
        gap, stated = (_log_ratio(evidence, values, columns, wanted) for values in (log_report, None))
        good = np.isfinite(gap) & np.isfinite(stated)
        heaped = (stated >= np.log(HEAP[0])) & (stated < np.log(HEAP[1]))
        for at, values in enumerate((gap, np.clip(stated, -_MOST, 0.0), heaped.astype(float))):
            sums[at] += group_sum(evidence.series_unit[good], values[good], units)
        number += group_count(evidence.series_unit[good], units)
    known = np.flatnonzero(number)
    means = sums[:, known] / number[known]
    sector = evidence.sector.position[known]
    means[0] = np.clip(means[0] - group_mean(sector, means[0], len(evidence.sector.labels))[sector], -_MOST, _MOST)
    stand = np.zeros((3, units))
    stand[:, known] = means - np.array([[0.0], [1.0], [1.0]]) * means.mean(axis=1, keepdims=True) if len(known) else 0.0
    return dict(zip(("target", "below target", "just above target"), stand, strict=True))


def _log_ratio(evidence: Evidence, log_report: FloatArray | None, columns: list[int], wanted: FloatArray) -> FloatArray:
    """Give the log of what each series reported over some of the periods to what was wanted, shape (S,); NaN where that is not known. Without `log_report` as it was reported."""
    found = evidence.by_part(lambda inside, part: _made(inside, None if log_report is None else log_report[part.series], columns))
    made, there = (np.concatenate(each) for each in zip(*found, strict=True))
    good = (there >= _LEAST_SHARE * len(columns)) & (made > 0) & np.isfinite(wanted)
    ratio = np.full(len(wanted), np.nan)
    ratio[good] = np.log(made[good] * len(columns) / there[good]) - np.log(wanted[good])
    return ratio


def _made(evidence: Evidence, log_report: FloatArray | None, columns: list[int]) -> tuple[FloatArray, FloatArray]:
    """Give what each series of a part reported over some of the periods, and in how many it reported, a zero included; shape (S,) each."""
    reported = evidence.reported[:, columns]
    if log_report is None:
        return np.nan_to_num(reported).sum(axis=1), np.isfinite(reported).sum(axis=1).astype(float)
    there = np.isfinite(log_report[:, columns])
    made = np.where(there, np.exp(np.where(there, log_report[:, columns], 0.0)) / evidence.per_year[columns], 0.0).sum(axis=1)
    return made, (there | (reported == 0)).sum(axis=1).astype(float)
