"""All that is known of outputs, as arrays: one row a series (a unit's product), one column a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault, InputError
from groundplan.estimation.bearers import Bearers, find_bearers
from groundplan.estimation.claims import Claims, read_claims
from groundplan.estimation.findings import Findings, read_findings
from groundplan.estimation.locate import Runs, label_positions
from groundplan.estimation.panel import Panel
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
        claims: what people on the ground say.
        bearers: which series each line, finding and claim belongs to.
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
    claims: Claims
    bearers: Bearers
    implausible: int
    parts: tuple[Part, ...]

    def of(self, part: Part) -> Evidence:
        """Give what is known of the units of a part alone; positions of its units and series start at 0. Bearers and claims stay those of all."""
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

    def steps(self) -> FloatArray:
        """Give the time from the start of each period to that of the next, in periods of the commonest length, shape (T - 1,)."""
        days = np.array([parse_period(label).start.toordinal() for label in self.periods], float)
        return np.asarray(np.diff(days) * float(np.median(self.per_year)) / 365.25)

    def by_part(self, function: Callable[[Evidence, Part], Result]) -> list[Result]:
        """Apply a function to each part, side by side; results in the order of the parts."""
        return list(self.each_part(function))

    def each_part(self, function: Callable[[Evidence, Part], Result]) -> Iterator[Result]:
        """Apply a function to each part, side by side, and hand out the results as they come, in the order of the parts."""
        return in_threads(lambda part: function(self.of(part), part), self.parts)


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
    seen = list(in_threads(_Seen.of, panel.reports()))
    bearers = find_bearers(economy, pl.concat([_NO_PAIRS, *(each.pairs for each in seen)]).unique())
    units, products = Axis.of(bearers.series["unit"].unique().sort().to_list()), Axis.of(bearers.series["product"].unique().sort().to_list())
    series_unit, series_product = units.positions(bearers.series["unit"]), products.positions(bearers.series["product"])
    periods = _periods(economy, sorted(set().union(*(each.periods for each in seen))), panel)
    axis = Axis(periods)
    reported, capacities = _reported(panel, bearers.series, axis, min((each.version for each in seen), default=_LAST_VERSION))
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
        implausible=sum(each.implausible for each in seen),
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


_LAST_VERSION = np.iinfo(np.int64).max
_NO_PAIRS = pl.DataFrame(schema={"unit": pl.String, "product": pl.String})


def _of_output(reports: pl.DataFrame) -> pl.DataFrame:
    return reports.filter((pl.col("indicator") == "output") & pl.col("quantity").is_not_null())


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a batch of reports is of: pairs of unit and product, periods, the first version, and how many are beyond any measure."""

    pairs: pl.DataFrame
    periods: set[str]
    version: int
    implausible: int

    @classmethod
    def of(cls, reports: pl.DataFrame) -> _Seen:
        part = _of_output(reports.select("unit", "product", "indicator", "period", "version", "quantity"))
        quantity = part["quantity"]
        beyond = (quantity > 0) & ~quantity.is_between(*PLAUSIBLE)
        return cls(
            Runs.of(part.select("unit", "product")).distinct(),
            set(part["period"].unique().to_list()),
            int(part["version"].to_numpy().min(initial=_LAST_VERSION)),
            int(beyond.sum()),
        )


def _reported(panel: Panel, series: pl.DataFrame, periods: Axis, first: int) -> tuple[FloatArray, FloatArray]:
    """Give the latest version of each report and of the capacity declared with it, shape (S, T); NaN where there is none."""
    shape = (len(series), len(periods))
    reported, capacities = np.full(shape, np.nan), np.full(shape, np.nan)

    def place(batch: pl.DataFrame) -> tuple[IntArray, ...]:
        part = _of_output(batch)
        rows, columns, version = Runs.of(part.select("unit", "product")).positions(series), periods.positions(part["period"]), part["version"].to_numpy()
        quantity, capacity = part["quantity"].to_numpy(), part["declared_capacity"].to_numpy()
        quantity = np.where((quantity == 0) | is_plausible(quantity), quantity, np.nan)
        now = version == first
        reported[rows[now], columns[now]], capacities[rows[now], columns[now]] = quantity[now], capacity[now]
        # Most rows are of the first version, and those need no order; the others are put over them afterwards.
        later = tuple(values[~now] for values in (rows, columns, version, quantity, capacity))
        return *later, np.array([np.isfinite(quantity[now]).sum()])

    placed = list(in_threads(place, panel.reports()))
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
