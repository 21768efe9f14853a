"""Cells as people write them, read in the type that a column's schema asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import dataframely as dy
import polars as pl

from groundplan.errors import Fault
from groundplan.tables.faulty import did_you_mean, mask, row_faults

__all__ = ["ReadColumn", "read_column"]

_MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_TRUE, _FALSE = ["true", "yes", "1", "1.0"], ["false", "no", "0", "0.0"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadColumn:
    """A column in the type of its schema, with the mask of the cells that could not be read; faults count rows from 2."""

    values: pl.Series
    broken: pl.Series
    faults: list[Fault]


def read_column(table: str, column: dy.Column, cells: pl.Series, numbers: pl.Series | None = None) -> ReadColumn:
    """Read a column.

    Args:
        table: name of the table, for messages.
        column: its schema.
        cells: what the file holds: text, or typed values.
        numbers: the same cells as exact numbers, where a workbook holds numbers.
    """
    dtype = column.dtype
    if cells.dtype == dtype and not isinstance(column, dy.String):
        return ReadColumn(cells, _none(cells), [])
    if cells.dtype.is_numeric() and dtype.is_numeric() and (dtype == pl.Float64 or cells.dtype.is_integer()):
        values = cells.cast(dtype, strict=False)
        return _reported(table, column, cells, values, "wrong_type", str(dtype), _plain_remedy)
    text = _as_text(cells)
    if isinstance(column, dy.Float64 | dy.Int64):
        return _read_numbers(table, column, text, numbers)
    if isinstance(column, dy.Bool):
        return _read_choices(table, column, text, text.str.strip_chars().str.to_lowercase(), _truth, "true or false")
    if isinstance(column, dy.Date):
        return _read_dates(table, column, text)
    if isinstance(column, dy.Enum):
        return _read_choices(table, column, text, text.str.strip_chars(), lambda plain: plain.cast(dtype, strict=False), f"one of {', '.join(column.categories)}")
    if (column.metadata or {}).get("period"):
        return _read_periods(table, column, text)
    return _read_text(table, column, text)


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.String:
        return cells
    if cells.dtype == pl.Date:
        # As a workbook shows its dates, so that both are read alike.
        return cells.dt.to_string("%Y-%m-%d 00:00:00")
    try:
        return cells.cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.Series(cells.name, [None if cell is None else str(cell) for cell in cells], dtype=pl.String)


def _none(cells: pl.Series) -> pl.Series:
    return mask(len(cells), value=False).alias(cells.name)


def _reported(
    table: str,
    column: dy.Column,
    cells: pl.Series,
    values: pl.Series,
    rule: str,
    expected: str,
    remedy: Callable[[list[str]], str],
) -> ReadColumn:
    """Name the cells that hold something and could not be read."""
    broken = (values.is_null() & cells.is_not_null()).alias(cells.name)
    shown = [str(cell) for cell in cells.filter(broken).unique(maintain_order=True).head(3)]
    faults = row_faults(table, str(column.name), rule, broken, found=cells, expected=expected, remedy=remedy(shown) if shown else "")
    return ReadColumn(values.alias(cells.name), broken, faults)


def _plain_remedy(_: list[str]) -> str:
    return "Mend these cells."


def _read_numbers(table: str, column: dy.Column, text: pl.Series, numbers: pl.Series | None) -> ReadColumn:
    plain = _blank_is_null(text)
    values = plain.cast(pl.Float64, strict=False)
    if numbers is not None:
        # A workbook's text of a number is rounded; the number itself is exact.
        values = pl.select(pl.when(values.is_not_null() & numbers.is_not_null()).then(numbers).otherwise(values)).to_series()
    if column.dtype == pl.Float64:
        return _reported(table, column, plain, values, "wrong_type", "a number with a decimal point", _number_remedy)
    whole = plain.cast(pl.Int64, strict=False)
    rounded = values.filter(values.is_finite() & (values.round() == values) & (values.abs() < 2**53)) if len(values) else values
    if len(rounded):
        usable = values.is_finite() & (values.round() == values) & (values.abs() < 2**53)
        whole = pl.select(pl.when(whole.is_null() & usable).then(values).otherwise(None).cast(pl.Int64, strict=False)).to_series().zip_with(whole.is_null(), whole)
    return _reported(table, column, plain, whole, "wrong_type", "a whole number", _whole_remedy)


def _number_remedy(shown: list[str]) -> str:
    first = shown[0]
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", first):
        return f"A comma in a number can be read in two ways: write {first.replace(',', '')} if it marks thousands, or a point if it is a decimal sign."
    if re.fullmatch(r"[+-]?\d*,\d+", first):
        return f"Write the decimal sign as a point: {first.replace(',', '.')}. Setting the column to 'Number' in a workbook (.xlsx) does the same."
    if re.fullmatch(r"[+-]?[\d.]+,\d+", first):
        return "Write numbers without marks for thousands and with a decimal point."
    if first.endswith("%"):
        return "Write shares as numbers: 0.05, not 5%."
    if re.match(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}", first):
        return "A spreadsheet has turned the number into a date: format the column as a number and write it again."
    if re.fullmatch(r"(?i)\W*|n/?a|none|null|nil|missing|unknown|[.?]+", first):
        return "Leave the cell empty where there is no value."
    if re.fullmatch(r"[+-]?\d[\d\s\u00a0']*(\.\d+)?", first):
        return "Write numbers without spaces."
    return _DIGITS


def _whole_remedy(shown: list[str]) -> str:
    remedy = _number_remedy(shown)
    return "Write a whole number, in digits alone." if remedy == _DIGITS else remedy


_DIGITS = "Write digits with a decimal point, without a unit of measure."


def _truth(plain: pl.Series) -> pl.Series:
    return pl.select(pl.when(plain.is_in(_TRUE)).then(statement=True).when(plain.is_in(_FALSE)).then(statement=False).otherwise(None).cast(pl.Boolean)).to_series()


def _read_choices(table: str, column: dy.Column, text: pl.Series, plain: pl.Series, choose: Callable[[pl.Series], pl.Series], expected: str) -> ReadColumn:
    choices = list(column.categories) if isinstance(column, dy.Enum) else ["true", "false"]
    values = choose(plain)
    return _reported(table, column, _blank_is_null(text), values, "unknown_choice", expected, lambda shown: f"{did_you_mean(shown, choices)}Write {expected}.")


def _read_dates(table: str, column: dy.Column, text: pl.Series) -> ReadColumn:
    plain = _blank_is_null(text)
    days = plain.str.replace(_MIDNIGHT, "")
    values = days.set(~days.str.contains(_DAY).fill_null(value=False), None).str.to_date("%Y-%m-%d", strict=False)
    return _reported(table, column, plain, values, "wrong_type", "a date as 2020-08-14", _date_remedy)


def _date_remedy(shown: list[str]) -> str:
    first = shown[0]
    if re.fullmatch(r"[1-6]\d{4}(\.0+)?", first):
        day = date(1899, 12, 30) + timedelta(days=int(float(first)))
        return f"A spreadsheet has stored the date as the number {first}, which is {day}: format the column as text or as a date in ISO form."
    if re.fullmatch(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", first):
        return "Day and month can be mistaken for each other: write year, month and day, as in 2020-08-14."
    return "Write year, month and day, as in 2020-08-14."


def _read_periods(table: str, column: dy.Column, text: pl.Series) -> ReadColumn:
    """Take periods as they stand; undo what a spreadsheet does to 2020-08: it makes it the first of August.

    Where all dates of a column are firsts of a month, they are months, with a warning; otherwise they are days.
    """
    plain = _blank_is_null(text).str.replace(r"^(\d{4})\.0+$", "$1")
    dated = plain.str.contains(_MIDNIGHT).fill_null(value=False)
    if not dated.any():
        return ReadColumn(plain, _none(plain), [])
    days = plain.str.replace(_MIDNIGHT, "")
    if not days.filter(dated).str.ends_with("-01").all():
        return ReadColumn(days, _none(plain), [])
    months = days.str.replace(r"^(\d{4}-\d{2})-01$", "$1").zip_with(dated, days)
    remedy = "They are read as months. Format the column as text, and write 2020-08."
    faults = row_faults(table, str(column.name), "date_as_period", dated, found=plain, expected="months as 2020-08", remedy=remedy, severity="warning")
    return ReadColumn(months, _none(plain), faults)


def _read_text(table: str, column: dy.Column, text: pl.Series) -> ReadColumn:
    if not (isinstance(column, dy.String) and column.min_length):
        return ReadColumn(text, _none(text), [])
    plain = text.str.strip_chars()
    changed = plain != text
    faults = row_faults(
        table, str(column.name), "surrounding_spaces", changed, found=text, expected="no spaces before or after", remedy="They are taken off; mend the file.", severity="warning"
    )
    return ReadColumn(_blank_is_null(plain), _none(text), faults)


def _blank_is_null(text: pl.Series) -> pl.Series:
    plain = text.str.strip_chars()
    return plain.set((plain == "").fill_null(value=False), None)
