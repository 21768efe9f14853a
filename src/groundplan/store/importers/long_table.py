"""Long tables of official statistics: one cell a row, read as text with all faults found together."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from groundplan.errors import Fault, InputError
from groundplan.store.text_encoding import encoding_fault
from groundplan.tables.faulty import mask, row_faults

__all__ = ["VALUE_MEASURES", "Cells", "read_cells", "read_columns"]

VALUE_MEASURES = {"musd": "million USD", "meur": "million EUR", "value": "million currency"}
"""Name of the value column -> measure of the products."""

_ROW_NAMES, _COLUMN_NAMES = ("row", "commodity"), ("col", "column", "industry")
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of one year.

    Args:
        frame: columns row, col (String) and value (Float64), one row a cell that is not zero.
        measure: unit of measure of the values.
        names: code of a row -> its name, where the file tells it.
        source: name of the file.
        year: the year; None where the file has none and none was named.
    """

    frame: pl.DataFrame
    measure: str
    names: dict[str, str]
    source: str
    year: int | None

    def value_column(self) -> pl.Series:
        """Give the values under the name that tells their measure, as such a file has it."""
        name = next(name for name, measure in VALUE_MEASURES.items() if measure == self.measure)
        return self.frame["value"].alias(name)


def read_cells(path: Path, *, year: int | None = None) -> Cells:
    """Read the cells of one year of a long table.

    The columns are `year` (may be missing), `row` (or commodity), `col` (or column, industry), one of `musd`, `meur`, `value`,
    and `row_name` (may be missing); others are not read. Cells that are left out or empty are zero.

    Args:
        path: CSV file in UTF-8, separated by commas, semicolons or tabs.
        year: the year to take; a file with several years needs it. A file without years is of the year that is named here.

    Raises:
        InputError: the file cannot be read, columns are missing, values are no numbers, cells stand twice, or the year is not there;
            all that is wrong is told together.
    """
    frame = read_columns(path, ())
    table = path.name
    row, column = _first(frame, _ROW_NAMES), _first(frame, _COLUMN_NAMES)
    value = _first(frame, tuple(VALUE_MEASURES))
    wanted = {"row": (row, _ROW_NAMES), "col": (column, _COLUMN_NAMES), "value": (value, tuple(VALUE_MEASURES))}
    faults = [_missing(table, name, names, frame.columns) for name, (found, names) in wanted.items() if found is None]
    if row is None or column is None or value is None:
        raise InputError(f"{table} is not a use table in long form", faults)
    faults += _bad_numbers(table, frame, value)
    for name in (row, column):
        faults += row_faults(table, name, "missing_value", frame[name].is_null() | (frame[name] == ""), found="empty cells", expected="a code", remedy="Fill them in.")
    in_year, chosen, found = _of_year(table, frame, year)
    faults += found
    keys = frame.select(pl.struct([name for name in ("year", row, column) if name in frame.columns])).to_series()
    expected = "one row a cell of the table"
    faults += row_faults(table, f"{row}, {column}", "duplicate_cell", keys.is_duplicated() & in_year, found=keys, expected=expected, remedy="Take one of them out.")
    if faults:
        raise InputError(f"{table} cannot be used", faults)
    kept = frame.filter(in_year & ~_is_blank(frame[value]))
    names = dict(kept.select(row, "row_name").drop_nulls().iter_rows()) if "row_name" in kept.columns else {}
    cells = kept.select(pl.col(row).alias("row"), pl.col(column).alias("col"), pl.col(value).cast(pl.Float64).alias("value"))
    return Cells(cells, VALUE_MEASURES[value], names, table, chosen)


def read_columns(path: Path, required: Sequence[str]) -> pl.DataFrame:
    """Read a CSV file with all columns as text, stripped.

    Args:
        path: CSV file in UTF-8, separated by commas, semicolons or tabs.
        required: columns that must be there.

    Raises:
        InputError: the file cannot be read as a table, or columns are missing.
    """
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path.name} cannot be read: {reason}", [Fault(path.name, "", "unreadable_file", 0, (), reason, "a file that can be read", "Name another file.")]
        ) from error
    fault = encoding_fault(path.name, data)
    if fault:
        raise InputError(f"{path.name} cannot be read", [fault])
    header = data.partition(b"\n")[0].decode()
    separator = max(_SEPARATORS, key=header.count)
    try:
        frame = pl.read_csv(io.BytesIO(data), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        sentence = str(error).splitlines()[0]
        raise InputError(f"{path.name} cannot be read", [Fault(path.name, "", "unreadable_file", 0, (), sentence, "a CSV file with a header", "Save it as CSV UTF-8.")]) from error
    frame = frame.rename({name: name.strip() for name in frame.columns}).with_columns(pl.all().str.strip_chars())
    faults = [_missing(path.name, name, (name,), frame.columns) for name in required if name not in frame.columns]
    if frame.is_empty():
        faults.append(Fault(path.name, "", "empty_file", 0, (), "no rows", "a header, then a row a line", "Name another file."))
    if faults:
        raise InputError(f"{path.name} cannot be used", faults)
    return frame


def _of_year(table: str, frame: pl.DataFrame, year: int | None) -> tuple[pl.Series, int | None, list[Fault]]:
    """Give the mask of the rows that are of the year, the year, and what is wrong with it."""
    if "year" not in frame.columns:
        return mask(len(frame), value=True), year, []
    years = frame["year"].cast(pl.Int64, strict=False)
    faults = row_faults(table, "year", "wrong_type", years.is_null(), found=frame["year"], expected="a year such as 2019", remedy="Mend these years.")
    known = [int(known) for known in years.drop_nulls().unique().sort()]
    chosen = year if year is not None else (known[0] if len(known) == 1 else None)
    if year is None and len(known) > 1:
        faults.append(Fault(table, "year", "several_years", 0, (), f"the years {', '.join(map(str, known))}", "one year", "Choose one of them with --year (option year)."))
    if chosen is not None and chosen not in known:
        shown = f"the years {', '.join(map(str, known))}" if known else "no years"
        faults.append(Fault(table, "year", "unknown_year", 0, (), shown, f"the year {chosen}", "Ask for one of the years that are there."))
    in_year = mask(len(frame), value=True) if chosen is None else (years == chosen).fill_null(value=False)
    return in_year, chosen, faults


def _bad_numbers(table: str, frame: pl.DataFrame, column: str) -> list[Fault]:
    numbers = frame[column].cast(pl.Float64, strict=False)
    bad = ~numbers.is_finite().fill_null(value=False) & ~_is_blank(frame[column])
    return row_faults(table, column, "not_a_number", bad, found=frame[column], expected="a number with a decimal point", remedy="Mend these cells; leave out cells that are zero.")


def _is_blank(texts: pl.Series) -> pl.Series:
    """Cells without a figure: where value added meets a final use there is none. The totals tell where one is missing."""
    return texts.is_null() | texts.is_in(["", "NA"])


def _first(frame: pl.DataFrame, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in frame.columns), None)


def _missing(table: str, column: str, names: Sequence[str], found: Sequence[str]) -> Fault:
    remedy = f"Rename the column, or add it: the file has {', '.join(found)}."
    return Fault(table, column, "missing_column", 0, (), "no such column", f"a column {' or '.join(repr(name) for name in names)}", remedy)
