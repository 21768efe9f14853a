"""Where nobody reports and nothing else speaks of output: plants of which no more is known than what is stated of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.maths.groups import group_sum

__all__ = ["nobody_reports", "unheard_series"]

BoolArray = NDArray[np.bool_]


def nobody_reports(evidence: Evidence) -> bool:
    """Say whether there is not one report of output."""
    return not bool(np.isfinite(evidence.reported).any())


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
