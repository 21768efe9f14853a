"""Totals of estimated output by anything that units have, with shared errors counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.evidence import NOT_STATED
from groundplan.maths.groups import group_sum
from groundplan.maths.lognormal import Z50, Z90, lognormal_mean, sum_log_moments
from groundplan.tables.axes import Axis
from groundplan.tables.bundles import Estimate

__all__ = ["total_output"]

FloatArray = NDArray[np.float64]

_OWN = ("unit", "product", "period", "year")


def total_output(made: Estimate, by: Sequence[str] = ("year",), *, units: pl.DataFrame | None = None) -> pl.DataFrame:
    """Add estimated output up, with the variance that the errors in common leave it.

    The sum's mean is that of lognormals; its variance is sum over factors of (sum_i m_i loading_i)^2 plus sum_i (m_i own_i)^2, and the sum is taken as lognormal.
    So an interval of a sum is wider than errors that know nothing of each other would make it. Products have measures of their own and are never added to each other.

    Args:
        made: an estimate.
        by: what to keep apart beside the product: `unit`, `period`, `year` (the first four letters of the period), or columns of `units` such as `sector` and
            `region`. Periods are added up where neither `period` nor `year` is named.
        units: the table of units, where `by` names a column of it; a unit that has no value there counts as "not stated".

    Returns:
        The columns of `by`, `product`, then `reported` (null where nobody reports), `median`, `lower_50`, `upper_50`, `lower_90`, `upper_90` in the product's
        measure, `log_sd`, and `units`, how many are added; sorted by the keys.

    Raises:
        ValueError: `by` names what neither estimates nor `units` have.

    Source:
        Fenton (1960), IRE Transactions on Communications Systems 8.
    """
    keys = list(dict.fromkeys([*by, "product"]))
    unit_keys = [key for key in keys if key not in _OWN]
    unknown = [key for key in unit_keys if units is None or key not in units.columns]
    if unknown:
        where = "no table of units is given" if units is None else f"units have {', '.join(units.columns)}"
        raise ValueError(f"totals by {', '.join(unknown)}: there is no such column; estimates have {', '.join(_OWN)}, and {where}")
    rows = made.estimates.select("unit", "product", "period", pl.col("period").str.head(4).alias("year"), "reported", "log_mean", "log_sd", "own_log_sd")
    if units is not None and unit_keys:
        placed = units.unique("unit", keep="first").select("unit", pl.col(unit_keys).cast(pl.String))
        rows = rows.join(placed, on="unit", how="left", maintain_order="left").with_columns(pl.col(unit_keys).fill_null(NOT_STATED))
    groups = rows.select(keys).unique().sort(keys)
    code = _positions(rows, groups, keys)
    series = rows.select("unit", "product").unique().sort("unit", "product")
    place = _positions(rows, series, ["unit", "product"])
    median, log_sd, own_sd = (rows[name].to_numpy() for name in ("log_mean", "log_sd", "own_log_sd"))
    live = np.isfinite(median)
    mean = np.where(live, lognormal_mean(np.exp(np.where(live, median, 0.0)), np.where(live, log_sd, 0.0)), 0.0)
    count = len(groups)
    pulls = csr_array(csr_array((mean, (code, place)), shape=(count, len(series))) @ _loadings(made.estimate_factors, series))
    variance = np.asarray(pulls.power(2).sum(axis=1)).ravel() + group_sum(code, (mean * np.where(live, own_sd, 0.0)) ** 2, count)
    middle, spread = sum_log_moments(group_sum(code, mean, count), variance)
    reported = rows["reported"].to_numpy()
    heard = group_sum(code, np.isfinite(reported).astype(float), count)
    ends = {f"{side}_{level}": middle * np.exp(sign * z * spread) for level, z in ((50, Z50), (90, Z90)) for side, sign in (("lower", -1.0), ("upper", 1.0))}
    return groups.with_columns(
        pl.Series("reported", np.where(heard > 0, group_sum(code, np.nan_to_num(reported), count), np.nan)).fill_nan(None),
        pl.Series("median", middle),
        *(pl.Series(name, values) for name, values in ends.items()),
        pl.Series("log_sd", spread),
        rows.select(*keys, one="unit").group_by(keys).agg(pl.col("one").n_unique().cast(pl.Int64).alias("units")).sort(keys)["units"],
    )


def _positions(rows: pl.DataFrame, index: pl.DataFrame, keys: list[str]) -> NDArray[np.int64]:
    numbered = index.with_row_index("position")
    return rows.select(keys).join(numbered, on=keys, how="left", maintain_order="left")["position"].cast(pl.Int64).to_numpy()


def _loadings(factors: pl.DataFrame, series: pl.DataFrame) -> csr_array:
    """Give the loadings of each series, sparse (series, factors)."""
    known = factors.join(series.with_row_index("position"), on=["unit", "product"], how="inner", maintain_order="left")
    names = Axis.of(known["factor"].unique(maintain_order=True).to_list())
    place = (known["position"].cast(pl.Int64).to_numpy(), names.positions(known["factor"]))
    return csr_array((known["loading"].to_numpy(), place), shape=(len(series), len(names)))
