"""All that is known of outputs, as arrays: one row a series (a unit's product), one column a period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.bearers import Bearers
from groundplan.estimation.claims import Claims
from groundplan.estimation.findings import Findings
from groundplan.estimation.partitions import Part
from groundplan.period import parse_period
from groundplan.tables.axes import Axis
from groundplan.workers.threads import in_threads

__all__ = ["NOT_STATED", "PLAUSIBLE", "Evidence", "Grouping", "is_plausible"]

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


def is_plausible(values: FloatArray) -> BoolArray:
    """Say which quantities could be of some economy."""
    return np.asarray((values >= PLAUSIBLE[0]) & (values <= PLAUSIBLE[1]))
