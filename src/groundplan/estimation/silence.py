"""Where nobody reports and nothing else speaks of output: plants of which no more is known than what is stated of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.maths.groups import group_sum

__all__ = ["findings_as_reports", "nobody_reports", "unheard_series"]

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def nobody_reports(evidence: Evidence) -> bool:
    """Say whether there is not one report of output."""
    return not bool(np.isfinite(evidence.reported).any())


def findings_as_reports(evidence: Evidence) -> FloatArray:
    """Take what inspectors found for what a unit would have reported, honestly: log output at a yearly rate, shape (S, T), NaN elsewhere.

    Where nobody reports, this is how visited units show what proxies and nameplates are worth in output; the rest follows as for any unit that does
    not report.
    """
    found = evidence.findings
    usable = (found.period >= 0) & (found.value > 0)
    log_report = np.full(evidence.reported.shape, np.nan)
    log_report[found.series[usable], found.period[usable]] = found.log_rate[usable]
    return log_report


def unheard_series(evidence: Evidence) -> BoolArray:
    """Say of which series no output can be estimated, shape (S,).

    These are the products of units without reports, findings of output or proxies, in sectors where nobody reports and nobody's output
    was found: not even the group's use of its nameplates is known there, so an output would be a nameplate times a guess.
    """
    unit, sector = evidence.series_unit, evidence.sector.position
    speaks = np.asarray(np.isfinite(evidence.reported).any(axis=1))
    speaks[evidence.findings.series] = True
    by_sector = group_sum(sector[unit], speaks.astype(float), len(evidence.sector.labels)) > 0
    read = np.zeros(len(evidence.units), bool)
    for values in evidence.proxies.values():
        read |= np.isfinite(values).any(axis=1)
    return np.asarray(~by_sector[sector[unit]] & ~read[unit])
