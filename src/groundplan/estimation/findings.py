"""What inspectors found, with the error of each method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.bearers import Bearers
from groundplan.period import parse_period
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy

__all__ = ["METHOD_ERRORS", "SHARED_ERROR", "Findings", "as_findings", "read_findings"]

METHOD_ERRORS = MappingProxyType({"meter": 0.015, "weighing": 0.03, "count": 0.03, "ledger": 0.06, "interview": 0.15, "estimate": 0.20})
"""Standard error of each method as a share of the value, where the finding does not state its own."""

SHARED_ERROR = 0.25
"""Share of a method's error variance that one visit's findings of a product have in common (one scale, one ledger)."""

_LEAST_ERROR = 0.003
"""No measurement is taken for better than this, whatever it states."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Findings, n of output and m of capacity, positions as in `Evidence`.

    Args:
        series, period: shape (n,), positions; period -1 where no report has that period.
        label: shape (n,), position of the finding's own period in `labels`.
        labels: periods of the findings.
        value: shape (n,), output found, in the product's measure; zero where the unit stood still.
        log_rate: shape (n,), log of the value at a yearly rate; NaN where it is zero.
        variance: shape (n,), of the log error.
        by_lot: shape (n,), the visit is recorded as drawn at random.
        capacity_series, capacity_value, capacity_variance: shape (m,), log of capacity a year in the product's measure.
        left_out: how many findings could not be used: they cover a part of what is reported.
    """

    series: NDArray[np.int64]
    period: NDArray[np.int64]
    label: NDArray[np.int64]
    labels: tuple[str, ...]
    value: NDArray[np.float64]
    log_rate: NDArray[np.float64]
    variance: NDArray[np.float64]
    by_lot: NDArray[np.bool_]
    capacity_series: NDArray[np.int64]
    capacity_value: NDArray[np.float64]
    capacity_variance: NDArray[np.float64]
    left_out: int

    def of(self, series: slice) -> Findings:
        """Give the findings of consecutive series alone, whose positions start at 0."""
        made, could = ((at >= series.start) & (at < series.stop) for at in (self.series, self.capacity_series))
        return replace(
            self,
            series=self.series[made] - series.start,
            period=self.period[made],
            label=self.label[made],
            value=self.value[made],
            log_rate=self.log_rate[made],
            variance=self.variance[made],
            by_lot=self.by_lot[made],
            capacity_series=self.capacity_series[could] - series.start,
            capacity_value=self.capacity_value[could],
            capacity_variance=self.capacity_variance[could],
        )


def read_findings(economy: Economy, bearers: Bearers, periods: Axis) -> Findings:
    """Read the findings; where a value was found on several visits, the later visit counts.

    A capacity found is per period of its row: capacity per month x 12 is capacity a year.
    """
    default = pl.col("method").cast(pl.String).replace_strict(dict(METHOD_ERRORS), default=0.2, return_dtype=pl.Float64)
    error = pl.max_horizontal(pl.col("relative_error").fill_null(default), pl.lit(_LEAST_ERROR))
    visits = economy.visits.unique("visit", keep="first", maintain_order=True).select("visit", "start", by_lot=(pl.col("chosen_by") == "random").fill_null(value=False))
    table = (
        bearers.findings.join(visits, on="visit", how="left", maintain_order="left")
        .with_columns((error**2).alias("variance"), pl.col("measure").cast(pl.String))
        .filter(pl.col("value").is_not_null() & pl.col("series").is_not_null())
    )
    used = table.filter(pl.col("covers")).sort("start", "visit", nulls_last=False, maintain_order=True)
    used = used.unique(["series", "period", "measure"], keep="last", maintain_order=True).sort("series", "period", "measure")
    return as_findings(used, periods, left_out=len(table) - int(table["covers"].sum()))


def as_findings(used: pl.DataFrame, periods: Axis, *, left_out: int) -> Findings:
    """Write rows as findings.

    Args:
        used: series, period, measure (output or capacity), value, variance (of the log error) and by_lot.
        periods: columns of the panel.
        left_out: how many rows could not be used.
    """
    output, capacity = used.filter(pl.col("measure") == "output"), used.filter((pl.col("measure") == "capacity") & (pl.col("value") > 0))
    labels = Axis.of(output["period"].unique().sort().to_list())
    return Findings(
        series=output["series"].to_numpy(),
        period=periods.positions(output["period"]),
        label=labels.positions(output["period"]),
        labels=labels.labels,
        value=output["value"].to_numpy(),
        log_rate=np.log(np.where(output["value"].to_numpy() > 0, output["value"].to_numpy() * _per_year(output["period"]), np.nan)),
        variance=output["variance"].to_numpy(),
        by_lot=output["by_lot"].fill_null(value=False).to_numpy(),
        capacity_series=capacity["series"].to_numpy(),
        capacity_value=np.log(capacity["value"].to_numpy() * _per_year(capacity["period"])),
        capacity_variance=capacity["variance"].to_numpy(),
        left_out=left_out,
    )


def _per_year(periods: pl.Series) -> NDArray[np.float64]:
    rates = {label: parse_period(label).per_year for label in periods.unique().to_list()}
    return periods.replace_strict(rates, return_dtype=pl.Float64).to_numpy() if rates else np.zeros(0)
