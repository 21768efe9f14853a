"""Read what an economy's tables say of outputs into arrays."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault, InputError
from groundplan.estimation.bearers import Bearers, find_bearers
from groundplan.estimation.claims import read_claims
from groundplan.estimation.evidence import NOT_STATED, PLAUSIBLE, Evidence, Grouping, is_plausible
from groundplan.estimation.findings import read_findings
from groundplan.estimation.locate import Runs, label_positions
from groundplan.estimation.panel import Panel
from groundplan.estimation.partitions import cut_series
from groundplan.maths.groups import group_sum
from groundplan.period import parse_period
from groundplan.tables.axes import Axis
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy
from groundplan.tables.sums import ordered_sum
from groundplan.workers.threads import in_threads

__all__ = ["gather"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

_LAST_VERSION = np.iinfo(np.int64).max
_NO_PAIRS = pl.DataFrame(schema={"unit": pl.String, "product": pl.String})


def gather(economy: Economy, panel: Panel) -> Evidence:
    """Gather what an economy's tables say of outputs.

    Only the indicator `output` counts, and of each report its latest version. Series are all pairs of unit and product that are
    reported, found, or that a line makes as its main product. Columns are the periods of the reports; without reports those of findings and
    proxies, or else the base period.

    Args:
        economy: all tables but reports and proxies.
        panel: reports and proxies.

    Raises:
        InputError: a report stands there more than once.
    """
    batches = list(in_threads(_Batch.of, panel.reports()))
    bearers = find_bearers(economy, pl.concat([_NO_PAIRS, *(batch.pairs.distinct() for batch in batches)]).unique())
    units, products = Axis.of(bearers.series["unit"].unique().sort().to_list()), Axis.of(bearers.series["product"].unique().sort().to_list())
    series_unit, series_product = units.positions(bearers.series["unit"]), products.positions(bearers.series["product"])
    periods = _periods(economy, sorted(set().union(*(batch.periods for batch in batches))), panel)
    axis = Axis(periods)
    implausible = sum(batch.implausible for batch in batches)
    reported, capacities = _reported(batches, bearers.series, axis)
    sector, region, kind = _groupings(economy, units)
    per_year = np.array([parse_period(label).per_year for label in periods])
    return Evidence(
        units=units,
        products=products,
        periods=periods,
        per_year=per_year,
        sector=sector,
        region=region,
        kind=kind,
        series_unit=series_unit,
        series_product=series_product,
        reported=reported,
        declared=_last_declared(capacities, per_year),
        proxies=_proxies(panel, units, axis),
        nameplate=_nameplate(bearers, len(series_unit)),
        by_product=_by_product(bearers, len(series_unit)),
        findings=read_findings(economy, bearers, axis),
        claims=read_claims(economy, bearers, axis),
        bearers=bearers,
        implausible=implausible,
        parts=cut_series(series_unit),
    )


def _last_declared(capacities: FloatArray, per_year: FloatArray) -> FloatArray:
    there = capacities > 0
    last = capacities.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    rows = np.arange(len(capacities))
    known = there[rows, last]
    return np.where(known, np.log(np.where(known, capacities[rows, last], 1.0) * per_year[last]), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """The reports of output of a batch, n of them, small enough that those of a whole panel may lie in memory: tables are read once.

    Args:
        pairs: of unit and product, equal neighbours taken together.
        periods: labels that occur, sorted.
        period: shape (n,), positions in them.
        version, quantity, capacity: shape (n,); one number stands for all where they are the same.
        implausible: how many quantities are beyond any measure.
    """

    pairs: Runs
    periods: tuple[str, ...]
    period: NDArray[np.int32]
    version: IntArray
    quantity: FloatArray
    capacity: FloatArray
    implausible: int

    @classmethod
    def of(cls, reports: pl.DataFrame) -> _Batch:
        """Keep what counts of a batch."""
        part = reports.filter((pl.col("indicator") == "output") & pl.col("quantity").is_not_null() & pl.col("period").is_not_null())
        quantity, version, capacity = (part[name].to_numpy() for name in ("quantity", "version", "declared_capacity"))
        beyond = (quantity > 0) & ~is_plausible(quantity)
        axis = Axis.of(part["period"].unique().sort().to_list())
        return cls(
            pairs=Runs.of(part.select("unit", "product")),
            periods=axis.labels,
            period=label_positions(axis, part["period"]).astype(np.int32),
            version=_one_for_all(version),
            quantity=np.where((quantity == 0) | is_plausible(quantity), quantity, np.nan),
            capacity=_one_for_all(capacity),
            implausible=int(beyond.sum()),
        )


def _one_for_all(values: NDArray[Number]) -> NDArray[Number]:
    """Keep a single number where all are the same."""
    if len(values) and (np.isnan(values).all() if values.dtype.kind == "f" else (values == values[0]).all()):
        return np.broadcast_to(values[:1].copy(), values.shape)
    return values.copy()


def _reported(batches: list[_Batch], series: pl.DataFrame, periods: Axis) -> tuple[FloatArray, FloatArray]:
    """Give the latest version of each report and of the capacity declared with it, shape (S, T); NaN where there is none. The batches are emptied."""
    shape = (len(series), len(periods))
    reported, capacities = np.full(shape, np.nan), np.full(shape, np.nan)
    first = min((int(batch.version.min(initial=_LAST_VERSION)) for batch in batches), default=_LAST_VERSION)

    def place(batch: _Batch) -> tuple[IntArray, ...]:
        rows, columns = batch.pairs.positions(series), periods.positions(pl.Series(batch.periods, dtype=pl.String))[batch.period]
        now = batch.version == first
        reported[rows[now], columns[now]], capacities[rows[now], columns[now]] = batch.quantity[now], batch.capacity[now]
        # Most rows are of the first version, and those need no order; the others are put over them afterwards.
        later = tuple(values[~now] for values in (rows, columns, batch.version, batch.quantity, batch.capacity))
        return *later, np.array([np.isfinite(batch.quantity[now]).sum()])

    placed = list(in_threads(place, batches))
    batches.clear()
    if placed:
        rows, columns, version, quantity, capacity, number = (np.concatenate(values) for values in zip(*placed, strict=True))
        _refuse_twice(int(number.sum()) - int(np.isfinite(reported).sum()))
        # Where a place is written more than once, numpy keeps the last value: the latest version.
        order = np.argsort(version, kind="stable")
        at = rows[order], columns[order]
        reported[at], capacities[at] = quantity[order], capacity[order]
    return reported, capacities


def _refuse_twice(number: int) -> None:
    """Refuse reports that stand there more than once: checked tables have none, but batches from many files may."""
    if number > 0:
        found = f"{number:,} rows of a unit, product, period and version that is there already"
        fault = Fault("reports", "unit, product, period, version", "duplicate_key", number, (), found, "each key once, in all files together", "Take the copies out.")
        raise InputError("the reports cannot be used: some stand there more than once", [fault])


def _periods(economy: Economy, labels: list[str], panel: Panel) -> tuple[str, ...]:
    if not labels:
        found = set(economy.findings.filter(pl.col("measure").cast(pl.String) == "output")["period"].unique().to_list())
        labels = sorted(found.union(*(batch["period"].unique().to_list() for batch in panel.proxies())))
        labels = labels or [economy.settings.base_period]
    parsed = sorted((parse_period(label), label) for label in labels)
    return tuple(label for _, label in parsed)


def _groupings(economy: Economy, units: Axis) -> tuple[Grouping, Grouping, Grouping]:
    table = pl.DataFrame({"unit": units.labels}, schema={"unit": pl.String}).join(
        economy.units.unique("unit", keep="first", maintain_order=True).select("unit", "sector", "region", pl.col("kind").cast(pl.String), "major"),
        on="unit",
        how="left",
        maintain_order="left",
    )
    major = pl.when(pl.col("major").fill_null(value=False)).then(pl.lit("major ")).otherwise(pl.lit(""))
    table = table.with_columns(pl.col("sector", "region").fill_null(NOT_STATED), (major + pl.col("kind").fill_null("unit")).alias("kind"))
    return _grouping(table["sector"]), _grouping(table["region"]), _grouping(table["kind"])


def _grouping(column: pl.Series) -> Grouping:
    axis = Axis.of(column.unique().sort().to_list())
    return Grouping(axis.labels, axis.positions(column))


def _proxies(panel: Panel, units: Axis, periods: Axis) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    making = Lock()

    def read(batch: pl.DataFrame) -> set[tuple[str, str]]:
        others: set[tuple[str, str]] = set()
        part = batch.filter(pl.col("value").is_between(*PLAUSIBLE))
        for name in part["indicator"].unique().drop_nulls().to_list():
            with making:
                if name not in found:
                    found[name] = np.full((len(units), len(periods)), np.nan)
            own = part.filter(pl.col("indicator") == name)
            at, when = label_positions(units, own["unit"]), periods.positions(own["period"])
            inside = (at >= 0) & (when >= 0)
            found[name][at[inside], when[inside]] = np.log(own["value"].to_numpy()[inside])
            others |= set() if inside.all() else {(name, label) for label in own["period"].unique().to_list()}
        return others

    # No key stands there twice, so it does not matter which rows are read first.
    others = set().union(*in_threads(read, panel.proxies()))
    proxies = dict(sorted(found.items()))
    for name, values in proxies.items():
        read_in = {label for indicator, label in others if indicator == name}
        longer = sorted(label for at, label in enumerate(periods.labels) if not np.isfinite(values[:, at]).any())
        calendar = enclosing_periods(sorted(read_in), longer) if read_in and longer else None
        if calendar is not None and not calendar.is_empty():
            _fill_longer(values, pl.concat(_inside(batch, name, calendar) for batch in panel.proxies()), units, periods)
    return {name: values for name, values in proxies.items() if np.isfinite(values).any()}


def _inside(batch: pl.DataFrame, name: str, calendar: pl.DataFrame) -> pl.DataFrame:
    part = batch.select("unit", "period", "indicator", "value").filter((pl.col("indicator") == name) & pl.col("value").is_between(*PLAUSIBLE))
    return part.join(calendar, on="period", maintain_order="left_right")


def _fill_longer(values: FloatArray, inside: pl.DataFrame, units: Axis, periods: Axis) -> None:
    """Give, in place, periods that have no reading of their own the mean log of the readings inside them: months of a year that is reported."""
    # Summed in order, so that the last digit does not hang on the number of threads.
    grouped = inside.group_by("unit", "outer", maintain_order=True)
    means = grouped.agg((ordered_sum(pl.col("value").log()) / pl.len()).alias("value")).sort("unit", "outer")
    at, when = units.positions(means["unit"]), periods.positions(means["outer"])
    values[at[at >= 0], when[at >= 0]] = means["value"].to_numpy()[at >= 0]


def _by_product(bearers: Bearers, series: int) -> BoolArray:
    made = bearers.outputs.join(bearers.lines.select("line", pl.col("series").alias("main")), on="line", how="left", maintain_order="left")
    number, first = (group_sum(made["series"].to_numpy(), counted.cast(pl.Float64).to_numpy(), series) for counted in (made["main"].is_not_null(), made["main"] == made["series"]))
    return np.asarray((number > 0) & (first == 0))


def _nameplate(bearers: Bearers, series: int) -> FloatArray:
    made = bearers.outputs.filter(pl.col("active") & (pl.col("capacity") > 0))
    total = group_sum(made["series"].to_numpy(), made["capacity"].to_numpy() * made["per_activity"].to_numpy(), series)
    return np.where(total > 0, np.log(np.where(total > 0, total, 1.0)), np.nan)
