"""Capacity of each product: from a user's file, or from output and a rate of utilisation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault, InputError
from groundplan.outcome import Note
from groundplan.store.importers.long_table import read_columns
from groundplan.tables.axes import Axis
from groundplan.tables.faulty import row_faults

__all__ = ["ASSUMED_UTILISATION", "Utilisation", "read_capacity", "read_utilisation"]

FloatArray = NDArray[np.float64]

ASSUMED_UTILISATION = 0.80
"""Where no rate is given. The Federal Reserve's series for US industry has a mean of 80.5 % over 1967 to mid-2015."""


@dataclass(frozen=True, slots=True)
class Utilisation:
    """A rate of utilisation, as a share of capacity, and how it was come by."""

    rate: float
    note: Note


def read_utilisation(path: Path | None, year: int, *, shift: float = 0.0) -> Utilisation:
    """Find the rate of utilisation of a year.

    Args:
        path: CSV file with `utilisation_pct` and `month` (ISO date) or `year`; None takes `ASSUMED_UTILISATION`.
        year: the year. Where the series does not cover it whole, the mean of its latest 12 months (or its latest year) stands in.
        shift: percentage points added to the rate.

    Raises:
        InputError: the file cannot be read, or the rate is not in (0, 100] %.
    """
    if path is None:
        rate = ASSUMED_UTILISATION + shift / 100
        sentence = f"No utilisation was given: capacity is output / {rate:.1%}, an assumption. Give a file of utilisation or of capacities."
        return Utilisation(_usable("options", rate), Note("import", "warning", "utilisation", sentence))
    frame = read_columns(path, ("utilisation_pct",))
    time = next((name for name in ("month", "year") if name in frame.columns), None)
    if time is None:
        remedy = "Add the month (2015-06-01) or year of each rate."
        raise InputError(f"{path.name} cannot be used", [Fault(path.name, "month", "missing_column", 0, (), "no such column", "a column 'month' or 'year'", remedy)])
    years, rates = frame[time].str.slice(0, 4).cast(pl.Int64, strict=False), frame["utilisation_pct"].cast(pl.Float64, strict=False)
    faults = row_faults(path.name, time, "wrong_type", years.is_null(), found=frame[time], expected="a year or an ISO date", remedy="Mend these cells.")
    bad = rates.is_null() | ~rates.is_between(0, 100, closed="right")
    faults += row_faults(
        path.name, "utilisation_pct", "out_of_range", bad, found=frame["utilisation_pct"], expected="per cent of capacity, above 0 to 100", remedy="Mend these cells."
    )
    if faults:
        raise InputError(f"{path.name} cannot be used", faults)
    table = pl.DataFrame({"time": frame[time], "year": years, "rate": rates}).sort("time")
    wanted = 12 if time == "month" else 1
    of_year = table.filter(pl.col("year") == year)
    covered = len(of_year) >= wanted
    used = of_year if covered else table.tail(wanted)
    rate = float(np.mean(used["rate"].to_numpy())) / 100 + shift / 100
    span = f"{used['time'][0]} to {used['time'][-1]}" if len(used) > 1 else used["time"][0]
    source = f"the mean of {span} in {path.name}" + (f", {shift:+g} points" if shift else "")
    if covered:
        sentence = f"Capacity is output / {rate:.1%} in all products: {source}. It is one rate for the industry of the country; that it holds in every sector is an assumption."
    else:
        sentence = (
            f"Capacity is output / {rate:.1%} in all products: {source}, since the series does not cover {year}. That it holds in {year} and in every sector is an assumption."
        )
    return Utilisation(_usable(path.name, rate), Note("import", "warning", "utilisation", sentence))


def read_capacity(path: Path, products: Axis) -> FloatArray:
    """Read the capacity of each product from a user's file.

    Args:
        path: CSV file with `product` (code) and `capacity` (money measure of the table per year, >= 0).
        products: the products; each must stand in the file once.

    Returns:
        Capacity, shape (n,).

    Raises:
        InputError: the file cannot be read, products are missing, unknown or doubled, or a capacity is no number >= 0.
    """
    frame = read_columns(path, ("product", "capacity"))
    values = frame["capacity"].cast(pl.Float64, strict=False)
    positions = products.positions(frame["product"])
    bad = values.is_null() | ~values.is_finite() | (values < 0)
    faults = row_faults(path.name, "capacity", "not_a_number", bad, found=frame["capacity"], expected="a number >= 0", remedy="Mend these cells.")
    unknown = pl.Series(positions < 0)
    faults += row_faults(path.name, "product", "unknown_product", unknown, found=frame["product"], expected="products of the use table", remedy="Mend these codes.")
    faults += row_faults(path.name, "product", "duplicate_key", frame["product"].is_duplicated(), found=frame["product"], expected="one row a product", remedy="Take one out.")
    missing = [label for position, label in enumerate(products.labels) if position not in set(positions.tolist())]
    if missing:
        found = f"no row for {', '.join(missing[:5])}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        faults.append(Fault(path.name, "product", "missing_product", len(missing), (), found, "a row for every product", "Add these products."))
    if faults:
        raise InputError(f"{path.name} cannot be used", faults)
    capacity = np.zeros(len(products))
    capacity[positions] = values.to_numpy()
    return capacity


def _usable(source: str, rate: float) -> float:
    if not 0 < rate <= 1:
        raise InputError(
            "the utilisation cannot be used", [Fault(source, "utilisation_pct", "out_of_range", 0, (), f"{rate:.1%}", "above 0 to 100 %", "Choose another shift or rate.")]
        )
    return rate
