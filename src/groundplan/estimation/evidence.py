"""All that is known of outputs, as arrays: one row a series (a unit's product), one column a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.estimation.bearers import Bearers, find_bearers
from groundplan.estimation.findings import Findings, read_findings
from groundplan.estimation.locate import Runs, label_positions
from groundplan.estimation.partitions import Part, cut_series
from groundplan.maths.groups import group_sum
from groundplan.period import parse_period
from groundplan.tables.axes import Axis
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy
from groundplan.tables.sums import ordered_sum
from groundplan.workers.threads import in_threads

__all__ = ["NOT_STATED", "PLAUSIBLE", "Evidence", "Grouping", "gather", "is_plausible"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Result = TypeVar("Result")

NOT_STATED = "not stated"
PLAUSIBLE = (1e-30, 1e30)
"""Positive quantities outside are no figures of any economy in any measure: they count as missing."""
_ROWS = 500_000
"""So many rows of a long table are looked up at once, so that copies of its labels stay small."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A partition of units: `labels[position[i]]` is the class of unit i."""

    labels: tuple[str, ...]
    position: IntArray

    def of(self, units: slice) -> Grouping:
        """Give the same classes for some of the units."""
        return Grouping(self.labels, self.position[units])


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known, S series of U units over T periods; logs are natural.

    Args:
        units, products: sorted labels; units that have a series, products that have one.
        periods: labels, in the order of their starts.
        per_year: shape (T,), how many such periods make a year.
        sector, region, kind: partitions of the units; kind tells major units apart.
        series_unit, series_product: shape (S,), positions, sorted by unit and product.
        reported: shape (S, T), latest version of each report, in the product's measure per period; NaN where there is none.
        declared: shape (S,), log of the capacity that was declared last, a year; NaN where none is.
        proxies: indicator -> log of its value, shape (U, T); NaN where there is none, -inf never (zeros are left out).
        nameplate: shape (S,), log of output a year at nameplate capacity in the base period; NaN where no line is known.
        by_product: shape (S,), all its lines make something else first: their nameplate is that of another series.
        findings: what inspectors found.
        bearers: which series each line and finding belongs to.
        implausible: how many reports are beyond any measure and count as missing.
        parts: units and series cut into parts.
    """

    units: Axis
    products: Axis
    periods: tuple[str, ...]
    per_year: FloatArray
    sector: Grouping
    region: Grouping
    kind: Grouping
    series_unit: IntArray
    series_product: IntArray
    reported: FloatArray
    declared: FloatArray
    proxies: dict[str, FloatArray]
    nameplate: FloatArray
    by_product: BoolArray
    findings: Findings
    bearers: Bearers
    implausible: int
    parts: tuple[Part, ...]

    def of(self, part: Part) -> Evidence:
        """Give what is known of the units of a part alone; positions of its units and series start at 0. Bearers stay those of all."""
        units, series = part.units, part.series
        return replace(
            self,
            units=Axis(self.units.labels[units]),
            sector=self.sector.of(units),
            region=self.region.of(units),
            kind=self.kind.of(units),
            series_unit=self.series_unit[series] - units.start,
            series_product=self.series_product[series],
            reported=self.reported[series],
            declared=self.declared[series],
            proxies={name: values[units] for name, values in self.proxies.items()},
            nameplate=self.nameplate[series],
            by_product=self.by_product[series],
            findings=self.findings.of(series),
            parts=(Part(slice(0, units.stop - units.start), slice(0, series.stop - series.start)),),
        )

    def by_part(self, function: Callable[[Evidence, Part], Result]) -> list[Result]:
        """Apply a function to each part, side by side; results in the order of the parts."""
        return list(self.each_part(function))

    def each_part(self, function: Callable[[Evidence, Part], Result]) -> Iterator[Result]:
        """Apply a function to each part, side by side, and hand out the results as they come, in the order of the parts."""
        return in_threads(lambda part: function(self.of(part), part), self.parts)


def gather(economy: Economy) -> Evidence:
    """Gather what an economy's tables say of outputs.

    Only the indicator `output` counts, and of each report its latest version. Series are all pairs of unit and product that are
    reported, found, or that a line makes as its main product. Columns are the periods of the reports; without reports those of findings and
    proxies, or else the base period.
    """
    reports = (
        economy.reports.lazy()
        .filter((pl.col("indicator") == "output") & pl.col("quantity").is_not_null())
        .select("unit", "product", "period", "version", "quantity", "declared_capacity")
        .collect()
    )
    runs = Runs.of(reports.select("unit", "product"))
    bearers = find_bearers(economy, runs.distinct())
    units, products = Axis.of(bearers.series["unit"].unique().sort().to_list()), Axis.of(bearers.series["product"].unique().sort().to_list())
    series_unit, series_product = units.positions(bearers.series["unit"]), products.positions(bearers.series["product"])
    periods = _periods(economy, reports)
    axis = Axis(periods)
    shape = (len(series_unit), len(periods))
    reported, capacities = np.full(shape, np.nan), np.full(shape, np.nan)
    if not reports.is_empty():
        # Most rows are of the first version, and those need no order.
        first = reports["version"] == reports["version"].min()
        rows, columns = runs.positions(bearers.series), axis.positions(reports["period"])
        quantity, capacity = reports["quantity"].to_numpy(), reports["declared_capacity"].to_numpy()
        quantity = np.where((quantity == 0) | is_plausible(quantity), quantity, np.nan)
        later = reports.with_row_index("at").filter(~first).sort("version", maintain_order=True)["at"].to_numpy()
        for part in (slice(None),) if first.all() else (np.flatnonzero(first.to_numpy()), later):
            # Where a place is written more than once, numpy keeps the last value: the latest version.
            at = rows[part], columns[part]
            reported[at], capacities[at] = quantity[part], capacity[part]
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
        proxies=_proxies(economy, units, axis),
        nameplate=_nameplate(bearers, len(series_unit)),
        by_product=_by_product(bearers, len(series_unit)),
        findings=read_findings(economy, bearers, axis),
        bearers=bearers,
        implausible=int(((reports["quantity"] > 0) & ~reports["quantity"].is_between(*PLAUSIBLE)).sum()),
        parts=cut_series(series_unit),
    )


def _last_declared(capacities: FloatArray, per_year: FloatArray) -> FloatArray:
    there = capacities > 0
    last = capacities.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    rows = np.arange(len(capacities))
    known = there[rows, last]
    return np.where(known, np.log(np.where(known, capacities[rows, last], 1.0) * per_year[last]), np.nan)


def is_plausible(values: FloatArray) -> BoolArray:
    """Say which quantities could be of some economy."""
    return np.asarray((values >= PLAUSIBLE[0]) & (values <= PLAUSIBLE[1]))


def _periods(economy: Economy, reports: pl.DataFrame) -> tuple[str, ...]:
    if not reports.is_empty():
        labels = reports["period"].unique().to_list()
    else:
        found = economy.findings.filter(pl.col("measure").cast(pl.String) == "output")
        labels = sorted(set(found["period"].unique().to_list()) | set(economy.proxies["period"].unique().to_list()))
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


def _proxies(economy: Economy, units: Axis, periods: Axis) -> dict[str, FloatArray]:
    table = economy.proxies.select("unit", "period", "indicator", "value")
    names = Axis.of(table["indicator"].unique().drop_nulls().sort().to_list())
    found = np.full((len(names), len(units), len(periods)), np.nan)

    def read(start: int) -> None:
        part = table[start : start + _ROWS]
        value = part["value"].to_numpy()
        at, when, which = label_positions(units, part["unit"]), periods.positions(part["period"]), label_positions(names, part["indicator"])
        inside = (at >= 0) & (when >= 0) & (which >= 0) & is_plausible(value)
        found[which[inside], at[inside], when[inside]] = np.log(value[inside])

    # No key stands there twice, so it does not matter which rows are read first.
    list(in_threads(read, range(0, len(table), _ROWS)))
    proxies = dict(zip(names.labels, found, strict=True))
    for name, values in proxies.items():
        _fill_longer(values, table.lazy().filter((pl.col("indicator") == name) & pl.col("value").is_between(*PLAUSIBLE)), units, periods)
    return {name: values for name, values in proxies.items() if np.isfinite(values).any()}


def _fill_longer(values: FloatArray, rows: pl.LazyFrame, units: Axis, periods: Axis) -> None:
    """Give, in place, periods that have no reading of their own the mean log of the readings inside them: months of a year that is reported."""
    if np.isfinite(values).any(axis=0).all():
        return
    part = rows.collect()
    longer = sorted(set(periods.labels) - set(part["period"].unique().to_list()))
    calendar = enclosing_periods(part["period"].unique().to_list(), longer)
    if calendar.is_empty():
        return
    inside = part.join(calendar, on="period", maintain_order="left_right").group_by("unit", "outer", maintain_order=True)
    # Summed in order, so that the last digit does not hang on the number of threads.
    means = inside.agg((ordered_sum(pl.col("value").log()) / pl.len()).alias("value")).sort("unit", "outer")
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
