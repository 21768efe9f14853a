"""What was reported over the period of a finding, where findings and reports are of different lengths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.findings import Findings
from groundplan.period import parse_period

__all__ = ["reports_beside_findings"]

FloatArray = NDArray[np.float64]

_LEAST = 0.9
"""Reports count as a finding's period where they cover this share of its days (11 months of 12); the rest counts as the mean of the others."""


def reports_beside_findings(evidence: Evidence, log_report: FloatArray, found: Findings | None = None) -> tuple[FloatArray, FloatArray]:
    """Give what each finding of output is to be set against.

    A finding is set against the report of its own period, or else against the sum of the reports inside it: a year that was found against the
    twelve months that were reported. A finding of a month beside reports of quarters is set against nothing: the quarter's other
    months are not known.

    Args:
        evidence: what is known; n findings of output.
        log_report: shape (S, T), log of the usable reports at a yearly rate, NaN elsewhere.
        found: other findings than the evidence's.

    Returns:
        Log of what was reported at a yearly rate, NaN where there is none or nothing was found, and of how many reports it is the sum;
        shape (n,) each.
    """
    found = evidence.findings if found is None else found
    direct = np.where((found.period >= 0) & (found.value > 0), log_report[found.series, np.maximum(found.period, 0)], np.nan)
    number = np.ones(len(direct))
    open_rows = np.flatnonzero(~np.isfinite(direct) & (found.value > 0))
    parsed = [parse_period(label) for label in evidence.periods]
    days = np.array([period.days for period in parsed], float)
    for label in np.unique(found.label[open_rows]).tolist():
        around = parse_period(found.labels[label])
        columns = np.array([at for at, period in enumerate(parsed) if around.contains(period) and period != around], np.int64)
        if days[columns].sum() < _LEAST * around.days:
            continue
        rows = open_rows[found.label[open_rows] == label]
        reports = log_report[found.series[rows]][:, columns]
        there = np.isfinite(reports)
        made = np.where(there, np.exp(np.where(there, reports, 0.0)) / evidence.per_year[columns], 0.0).sum(axis=1)
        known = there | (evidence.reported[found.series[rows]][:, columns] == 0)
        # Where months and quarters are both reported, days would count twice: such a sum is not used.
        covered = (known * days[columns]).sum(axis=1)
        good = (covered >= _LEAST * around.days) & (covered <= 1.01 * around.days) & (made > 0)
        direct[rows[good]] = np.log(made[good] * around.days / covered[good] * around.per_year)
        number[rows[good]] = there.sum(axis=1)[good]
    return direct, number
