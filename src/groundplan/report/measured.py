"""What was really made beside what was reported, by sector and in all: as shares of the targets, or of the reports where there are no targets."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.maths.lognormal import Z90, sum_log_moments
from groundplan.period import parse_period
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.sums import ordered_sum

__all__ = ["Measured", "MeasuredOutput", "measured_output"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Output of a sector, or of all: as reported and as estimated, with the 90 % interval of the estimate, all as shares of one base."""

    label: str
    reported: float
    value: float
    lower: float
    upper: float

    @property
    def is_over(self) -> bool:
        """Say whether the report lies above the whole interval."""
        return self.reported > self.upper

    @property
    def is_under(self) -> bool:
        """Say whether the report lies below the whole interval."""
        return self.reported < self.lower


@dataclass(frozen=True, slots=True)
class MeasuredOutput:
    """Output of one period.

    Args:
        period: the last one that reports cover.
        is_of_target: whether the base is the target; it is what was reported otherwise.
        total: over all sectors and products.
        sectors: those that report more than they make first.
    """

    period: str
    is_of_target: bool
    total: Measured
    sectors: tuple[Measured, ...]


def measured_output(shown: ReportInput, names: Names) -> MeasuredOutput | None:
    """Give what was made in the last period; None where nothing was both reported and estimated.

    Products have measures of their own, so each counts with its share: of its target, or of what all units report of it.
    """
    rows = _of_targets(shown)
    is_of_target = not rows.is_empty()
    if not is_of_target:
        rows = _of_reports(shown)
    if rows.is_empty():
        return None
    period = str(rows.get_column("period").sort()[-1])
    last = rows.filter(pl.col("period") == period)
    found = [
        Measured("" if row["level"] == "total" else names.sector(row["key"]), *(row[name] for name in ("reported", "value", "lower", "upper")))
        for row in last.sort("level", "key").iter_rows(named=True)
    ]
    total = [item for item in found if not item.label]
    if not total:
        return None
    sectors = sorted((item for item in found if item.label), key=lambda item: (item.value - item.reported, item.label))
    return MeasuredOutput(period, is_of_target, total[0], tuple(sectors))


def _of_targets(shown: ReportInput) -> pl.DataFrame:
    """Give the rows of the review as shares of the target: `level`, `key`, `period`, `reported`, `value`, `lower`, `upper`."""
    ends = ("verified_lower_90", "verified_upper_90")
    table = shown.table("fulfilment").filter(pl.col("level").is_in(["total", "sector"]) & (pl.col("product") == "all") & (pl.col("target") > 0) & (pl.col("period") != "all"))
    known = table.filter(pl.all_horizontal(pl.col("reported", "verified", *ends).is_not_null()) & (pl.col("verified") > 0))
    shares = (pl.col(name).truediv("target").alias(new) for name, new in zip(("reported", "verified", *ends), ("reported", "value", "lower", "upper"), strict=True))
    return known.select("level", "key", "period", *shares)


def _of_reports(shown: ReportInput) -> pl.DataFrame:
    """Add up what was estimated where there is a report, as a share of the reports; the columns of `_of_targets`.

    The mean of a sum is exact; its variance is sum over factors of (sum_i m_i loading_i)^2 plus sum_i (m_i own_i)^2, the logs' carried over at
    first order; the sum is taken as lognormal (Fenton 1960).
    """
    rows = shown.table("estimates").filter(pl.col("reported").is_not_null())
    years = shown.table("totals").get_column("period").unique().to_list()
    if rows.is_empty() or not years:
        return pl.DataFrame()
    last = max(years, key=lambda label: parse_period(label).start)
    inside = enclosing_periods(rows.get_column("period").unique().to_list(), [last]).get_column("period")
    spread = pl.col("log_sd").fill_null(0.0)
    mean = pl.col("median") * (spread**2 / 2).exp()
    own = mean * pl.col("own_log_sd").fill_null(pl.col("log_sd")).fill_null(0.0)
    cells = (
        rows.filter(pl.col("period").is_in(inside.implode()))
        .with_columns(mean.alias("mean"), own.alias("own"))
        .group_by("unit", "product", maintain_order=True)
        .agg(ordered_sum(pl.col("mean")), ordered_sum(pl.col("own") ** 2).alias("variance"), ordered_sum(pl.col("reported")))
    )
    weighted = cells.with_columns(pl.col("reported").sum().over("product").alias("base")).filter(pl.col("base") > 0)
    weighted = weighted.join(shown.economy.units.select("unit", "sector"), on="unit", how="left", maintain_order="left").select(
        "unit", "product", "sector", pl.col("mean", "reported") / pl.col("base"), pl.col("variance") / pl.col("base") ** 2
    )
    parts = [weighted.with_columns(pl.lit("total").alias("level"), pl.lit("all").alias("key"))]
    parts.append(weighted.filter(pl.col("sector").is_not_null()).with_columns(pl.lit("sector").alias("level"), pl.col("sector").alias("key")))
    return _as_shares(pl.concat(parts), shown.table("estimate_factors"), last)


def _as_shares(members: pl.DataFrame, factors: pl.DataFrame, period: str) -> pl.DataFrame:
    keys = ["level", "key"]
    sums = members.group_by(keys, maintain_order=True).agg(ordered_sum(pl.col(name)) for name in ("mean", "reported", "variance"))
    pulls = (
        members.join(factors, on=["unit", "product"], maintain_order="left_right")
        .group_by(*keys, "factor", maintain_order=True)
        .agg(ordered_sum(pl.col("mean") * pl.col("loading")).alias("pull"))
        .group_by(keys, maintain_order=True)
        .agg(ordered_sum(pl.col("pull") ** 2).alias("shared"))
    )
    sums = sums.join(pulls, on=keys, how="left", maintain_order="left").filter((pl.col("reported") > 0) & (pl.col("mean") > 0))
    variance = (sums["variance"] + sums["shared"].fill_null(0.0)).to_numpy()
    median, log_sd = sum_log_moments(sums["mean"].to_numpy(), variance)
    base = pl.col("reported")
    return sums.select(*keys, pl.lit(period).alias("period"), base, pl.Series("value", median), pl.Series("log_sd", log_sd)).select(
        *keys,
        "period",
        pl.lit(1.0).alias("reported"),
        pl.col("value") / base,
        ((pl.col("value") / base) * (-Z90 * pl.col("log_sd")).exp()).alias("lower"),
        ((pl.col("value") / base) * (Z90 * pl.col("log_sd")).exp()).alias("upper"),
    )
