"""What people on the ground say of output and capacity: claims with grades, each grade with an error and a bias that inspections show."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.bearers import Bearers
from groundplan.estimation.findings import Findings, as_findings
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.facts import GRADES

__all__ = ["CLAIM_BIAS_SD", "CLAIM_ERRORS", "Claims", "read_claims"]

_RELIABILITY = {"A": 0.08, "B": 0.12, "C": 0.20, "D": 0.35, "E": 0.60, "F": 0.40}
_CREDIBILITY = {"1": 0.06, "2": 0.12, "3": 0.20, "4": 0.35, "5": 0.60, "6": 0.40}

CLAIM_ERRORS = MappingProxyType({grade: round(float(np.hypot(_RELIABILITY[grade[0]], _CREDIBILITY[grade[1]])), 3) for grade in GRADES})
"""Standard error of a claim of each grade as a share of what is true, where the settings give no other: that of the source and that of what it says,
which do not depend on each other. F and 6 cannot be judged: they stand between D or 4 and E or 5. Stated, not estimated; inspections move them."""

CLAIM_BIAS_SD = 0.15
"""Standard deviation of the prior of what all claims of a grade have too much or too little, in logs."""

_LEAST_VARIANCE = 0.02**2


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """Claims of units that report, or whose unit above does.

    Args:
        said: what is said, as findings whose variance is that of the mean of the statements alone.
        grade: shape (n,), position in `grades` of each claim of output.
        capacity_grade: shape (m,), of each claim of capacity.
        grades: those that there are, sorted.
        errors: shape (grades,), standard error of each before inspections are looked at.
    """

    said: Findings
    grade: NDArray[np.int64]
    capacity_grade: NDArray[np.int64]
    grades: tuple[str, ...]
    errors: NDArray[np.float64]


def read_claims(economy: Economy, bearers: Bearers, periods: Axis) -> Claims:
    """Read the claims of output and capacity that belong to a series; zero output that is claimed tells of no ratio, and is left out.

    The variance of statements around their mean, divided by their number, is the sampling variance of the mean; what all of them get wrong together is their grade's.
    """
    table = bearers.claims.filter(pl.col("mean") > 0)
    placed = table.filter(pl.col("series").is_not_null() & pl.col("covers"))
    sampling = (pl.col("variance").fill_null(0.0) / pl.col("count") / pl.col("mean") ** 2).clip(0.0, 1.0) + _LEAST_VARIANCE
    used = placed.select(
        "series", "period", pl.col("theme").alias("measure"), pl.col("mean").alias("value"), sampling.alias("variance"), pl.lit(value=False).alias("by_lot"),
        pl.col("grade").cast(pl.String), "claim",
    ).sort("series", "period", "claim")  # fmt: skip
    grades = Axis.of(used["grade"].unique().sort().to_list())
    errors = {**CLAIM_ERRORS, **economy.settings.claim_errors}
    return Claims(
        said=as_findings(used, periods, left_out=len(bearers.claims) - len(used)),
        grade=grades.positions(used.filter(pl.col("measure") == "output")["grade"]),
        capacity_grade=grades.positions(used.filter(pl.col("measure") == "capacity")["grade"]),
        grades=grades.labels,
        errors=np.array([errors[grade] for grade in grades.labels], np.float64),
    )
