"""What is said of series that do not report, freed of its grade's bias: observations of output with the error of their grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.claims import CLAIM_BIAS_SD
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.level import Level
from groundplan.estimation.sources import claim_name

__all__ = ["Heard", "hear_claims"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Claims of output, n of them, of series without a usable report.

    Args:
        series, period: shape (n,), positions, each pair once.
        log_rate: shape (n,), log of output at a yearly rate.
        variance: shape (n,), of its error.
    """

    series: IntArray
    period: IntArray
    log_rate: FloatArray
    variance: FloatArray

    def of(self, series: slice) -> Heard:
        """Give those of consecutive series alone, whose positions start at 0."""
        inside = (self.series >= series.start) & (self.series < series.stop)
        return Heard(self.series[inside] - series.start, self.period[inside], self.log_rate[inside], self.variance[inside])


def hear_claims(evidence: Evidence, level: Level, reporting: NDArray[np.bool_]) -> Heard:
    """Gather what is said of series that do not report: m + bias of the grade, averaged by precision where several grades speak of one month.

    The errors of a grade are taken as each claim's own here, those of its bias too: where claims stand for reports at many units of a product, totals of it are somewhat
    less sure than they seem.

    Args:
        evidence: what is known.
        level: lasting biases by unit, with errors and biases of grades.
        reporting: shape (S,), the series has a usable report.
    """
    claims, said = evidence.claims, evidence.claims.said
    used = np.flatnonzero((said.period >= 0) & ~reporting[said.series]) if len(said.series) else np.zeros(0, np.int64)
    bias, bias_variance, error = np.zeros(len(claims.grades)), np.full(len(claims.grades), CLAIM_BIAS_SD**2), claims.errors**2
    for at, label in enumerate(claims.grades):
        if claim_name(label) in level.rows:
            effect = level.names.index(f"claim|{label}")
            bias[at], bias_variance[at] = level.posterior.effects[effect], level.posterior.covariance[effect, effect]
            error[at] = level.error(claim_name(label))
    grade = claims.grade[used]
    # What the people of a unit get wrong they get wrong in all its months, so all of them together are worth one claim.
    same, of = np.unique(said.series[used] * max(len(claims.grades), 1) + grade, return_inverse=True)
    months = np.bincount(of, minlength=len(same))[of]
    value, variance = said.log_rate[used] + bias[grade], said.variance[used] + months * (error[grade] + bias_variance[grade])
    periods = len(evidence.periods)
    cell, place = np.unique(said.series[used] * periods + said.period[used], return_inverse=True)
    precision = np.bincount(place, 1.0 / variance, len(cell))
    return Heard(cell // periods, cell % periods, np.bincount(place, value / variance, len(cell)) / np.maximum(precision, 1e-300), 1.0 / np.maximum(precision, 1e-300))
