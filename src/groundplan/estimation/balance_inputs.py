"""What a balance is made of: whose output makes a product, who uses it up by which recipe, and what flowed beside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.bearers import find_bearers
from groundplan.estimation.locate import Runs
from groundplan.maths.conditioning import Quantities
from groundplan.period import Period, parse_period
from groundplan.tables.axes import Axis
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy

__all__ = ["FLOW_ERROR", "FULL", "BalanceInputs", "Live", "balance_inputs", "live_rows"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FLOW_ERROR = 0.03
"""Relative standard error of a flow that states none."""
FULL = 0.95
"""Share of a plan period's days that rows and flows must cover."""


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """The rows of `estimates` with output above zero, as quantities.

    Args:
        at: shape (n,), their positions in `estimates`.
        quantities: their logs and shared errors.
        series: unit, product of the S series; sorted.
        factors: names of the F factors.
    """

    at: IntArray
    quantities: Quantities
    series: pl.DataFrame
    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BalanceInputs:
    """K balances of a product and a plan period each.

    Args:
        keys: product, period, kind (equality, bound, incomplete), import, export, stock_change, final_use (null where not known).
        made: sparse (K, n): 1 where a row is output of the balance's product.
        used: sparse (K, n): what a unit of the row's output uses up of the product, >= 0.
        known: shape (K,), imports less exports, stock change and final use.
        variance: shape (K,), of `known`.
    """

    keys: pl.DataFrame
    made: csr_array
    used: csr_array
    known: FloatArray
    variance: FloatArray


def live_rows(estimates: pl.DataFrame, estimate_factors: pl.DataFrame) -> Live:
    """Read quantities from the result tables."""
    at = np.flatnonzero(estimates["log_mean"].is_not_null().to_numpy())
    rows = estimates.select("unit", "product", "log_mean", "own_log_sd")[at]
    series = rows.select("unit", "product").unique().sort("unit", "product").with_row_index("series")
    names = Axis.of(estimate_factors["factor"])
    entries = estimate_factors.join(series, on=["unit", "product"], how="inner", maintain_order="left")
    shape = (len(series), len(names))
    loadings = csr_array((entries["loading"].to_numpy(), (entries["series"].to_numpy().astype(np.int64), names.positions(entries["factor"]))), shape=shape)
    place = rows.join(series, on=["unit", "product"], how="left", maintain_order="left")["series"].to_numpy().astype(np.int64)
    quantities = Quantities(rows["log_mean"].to_numpy(), place, loadings, rows["own_log_sd"].fill_null(0.0).to_numpy())
    return Live(at, quantities, series.drop("series"), names.labels)


def balance_inputs(economy: Economy, estimates: pl.DataFrame, live: Live) -> BalanceInputs:
    """Gather the balances of all products and plan periods of which `flows` tells something.

    A balance is an equality where final use is stated for the whole plan period (0 is a statement), otherwise a bound; kinds of flow that
    are not stated count as 0. It is incomplete where a unit that makes or uses the product by its lines has no estimate for the period.
    """
    keys = _flow_sums(economy)
    bearers = find_bearers(economy, Runs.of(economy.reports.filter(pl.col("indicator") == "output").select("unit", "product")).distinct())
    cover = _cover(estimates, keys["period"].unique().to_list())
    rows = estimates.select("unit", "product", "period")[live.at].with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    parts, incomplete = [], []
    for label in keys["period"].unique(maintain_order=True).to_list():
        period = parse_period(label)
        inside = enclosing_periods(rows["period"].unique(), [label]).select("period")
        here = keys.with_row_index("balance").filter(pl.col("period") == label).select(pl.col("balance").cast(pl.Int64), pl.col("product").alias("item"))
        now = rows.join(inside, on="period", how="semi")
        lines = _running(bearers.lines, period).filter(pl.col("series").is_not_null()).drop("unit", "product")
        lines = lines.join(bearers.series.with_row_index("series").with_columns(pl.col("series").cast(pl.Int64)), on="series", how="left")
        # A series whose lines all have capacity 0 takes their plain mean.
        lines = lines.with_columns(weight=pl.when(pl.col("capacity").sum().over("series") > 0).then(pl.col("capacity")).otherwise(1.0))
        output = lines.group_by("unit", "product").agg((pl.col("weight") * pl.col("per_activity")).sum().alias("output")).filter(pl.col("output") > 0)
        intake = _intake(economy, lines, output)
        made = now.join(here, left_on="product", right_on="item").select("balance", "row", amount=pl.lit(1.0), side=pl.lit("made"))
        used = now.join(_for_all(now, intake, output), on=["unit", "product"]).join(here, on="item").select("balance", "row", "amount", side=pl.lit("used"))
        parts += [made, used]
        seen = cover.filter((pl.col("outer") == label) & (pl.col("share") >= FULL)).select("unit", "product")
        missing = lines.select("unit", "product").unique().join(seen, on=["unit", "product"], how="anti")
        users = missing.join(intake, on=["unit", "product"]).select("item")
        incomplete.append(here.join(pl.concat([missing.select(pl.col("product").alias("item")), users]).unique(), on="item", how="semi")["balance"])
    open_balances = pl.concat(incomplete).to_list() if incomplete else []
    kind = pl.when(pl.int_range(pl.len()).is_in(open_balances)).then(pl.lit("incomplete")).when(pl.col("final_use").is_null()).then(pl.lit("bound")).otherwise(pl.lit("equality"))
    keys = keys.with_columns(kind.alias("kind"))
    entries = pl.concat(parts) if parts else pl.DataFrame(schema={"balance": pl.Int64, "row": pl.Int64, "amount": pl.Float64, "side": pl.String})
    known = keys.select(pl.col("import") - pl.col("export") - pl.col("stock_change") - pl.col("final_use").fill_null(0.0)).to_series().to_numpy()
    return BalanceInputs(keys.drop("variance"), _matrix(entries, "made", len(keys), len(rows)), _matrix(entries, "used", len(keys), len(rows)), known, keys["variance"].to_numpy())


def _matrix(entries: pl.DataFrame, side: str, balances: int, rows: int) -> csr_array:
    part = entries.filter(pl.col("side") == side)
    return csr_array((part["amount"].to_numpy(), (part["balance"].to_numpy(), part["row"].to_numpy())), shape=(balances, rows))


def _flow_sums(economy: Economy) -> pl.DataFrame:
    """Add flows up by plan period; errors of the parts of one kind are taken as shared, which is the cautious case."""
    length = economy.settings.period_length
    wide = {str(replace(parse_period(label), length=length)) for label in economy.flows["period"].unique().to_list()}
    inside = enclosing_periods(economy.flows["period"], wide)
    flows = economy.flows.join(inside, on="period").with_columns(pl.col("kind").cast(pl.String), error=pl.col("quantity").abs() * pl.col("relative_error").fill_null(FLOW_ERROR))
    cells = flows.group_by("product", pl.col("outer").alias("period"), "kind").agg(pl.col("quantity").sum(), pl.col("error").sum(), pl.col("length").sum())
    days = pl.DataFrame({"period": sorted(wide), "days": [parse_period(label).days for label in sorted(wide)]}, schema={"period": pl.String, "days": pl.Int64})
    # Final use of some months is no final use of the year; what flowed otherwise is taken as it stands.
    cells = cells.join(days, on="period").filter((pl.col("kind") != "final_use") | (pl.col("length") >= FULL * pl.col("days")))

    def of(kind: str) -> pl.Expr:
        return pl.col("quantity").filter(pl.col("kind") == kind).sum()

    final = pl.when((pl.col("kind") == "final_use").any()).then(of("final_use")).alias("final_use")
    keys = cells.group_by("product", "period").agg(
        of("import").alias("import"), of("export").alias("export"), of("stock_change").alias("stock_change"), final, (pl.col("error") ** 2).sum().alias("variance")
    )
    return keys.sort("product", "period")


def _running(lines: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Keep lines that can run in some of a period."""
    labels = pl.concat([lines["since"], lines["until"]]).drop_nulls().unique().to_list()
    late = [label for label in labels if parse_period(label).start >= period.end]
    gone = [label for label in labels if parse_period(label).end <= period.start]
    return lines.filter(~pl.col("since").is_in(late).fill_null(value=False) & ~pl.col("until").is_in(gone).fill_null(value=False))


def _intake(economy: Economy, lines: pl.DataFrame, output: pl.DataFrame) -> pl.DataFrame:
    """Give what each series uses up per unit of output: unit, product, item, amount; recipes of its lines, weighted by capacity."""
    inputs = economy.recipes.filter(pl.col("role").cast(pl.String) == "in").join(economy.products, left_on="item", right_on="product", how="semi")
    takes = lines.select("unit", "product", "recipe", "weight").join(inputs.select("recipe", "item", "amount"), on="recipe")
    takes = takes.group_by("unit", "product", "item").agg((pl.col("weight") * pl.col("amount")).sum().alias("takes"))
    return takes.join(output, on=["unit", "product"]).select("unit", "product", "item", (pl.col("takes") / pl.col("output")).alias("amount"))


def _for_all(rows: pl.DataFrame, intake: pl.DataFrame, output: pl.DataFrame) -> pl.DataFrame:
    """Give series without lines of their own the mean recipe of their product, weighted by output at capacity."""
    without = rows.select("unit", "product").unique().join(output, on=["unit", "product"], how="anti")
    size = output.group_by("product").agg(pl.col("output").sum().alias("size"))
    takes = intake.join(output, on=["unit", "product"]).group_by("product", "item").agg((pl.col("amount") * pl.col("output")).sum().alias("takes"))
    mean = takes.join(size, on="product").select("product", "item", (pl.col("takes") / pl.col("size")).alias("amount"))
    return pl.concat([intake, without.join(mean, on="product").select("unit", "product", "item", "amount")])


def _cover(estimates: pl.DataFrame, labels: list[str]) -> pl.DataFrame:
    """Give the share of each plan period's days that the rows of a series cover: unit, product, outer, share."""
    inside = enclosing_periods(estimates["period"].unique(), labels)
    days = pl.DataFrame({"outer": labels, "days": [parse_period(label).days for label in labels]}, schema={"outer": pl.String, "days": pl.Int64})
    sums = estimates.select("unit", "product", "period").join(inside, on="period").group_by("unit", "product", "outer").agg(pl.col("length").sum())
    return sums.join(days, on="outer").select("unit", "product", "outer", (pl.col("length") / pl.col("days")).alias("share"))
