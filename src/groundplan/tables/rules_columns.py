"""Rules that a schema states of its own table: columns, types, missing values, ranges, keys."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from groundplan.errors import Fault
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import Frames, did_you_mean, mask, row_faults

__all__ = ["LARGEST_AMOUNT", "UNDATED", "check_columns", "conform", "set_undated_aside"]

UNDATED = (("reports", "period"), ("proxies", "period"))
"""Where a period that nobody filled in sets the row aside and stops nothing: among very many reports some always lack it."""

LARGEST_AMOUNT = 1e15
"""Amounts beyond this are slips of the keyboard: no economy makes so much of anything in any sensible measure."""


def conform(table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Give the table all columns of its schema in the schema's types; what cannot be, is null and a fault.

    Args:
        table: name of the table.
        frame: its rows, in any columns and types.

    Returns:
        The columns of the schema, and the faults: columns missing, of a wrong type, or unknown (a warning).
    """
    schema = FACTS[table]
    faults: list[Fault] = []
    columns: list[pl.Series] = []
    unknown = [name for name in frame.columns if name not in schema.columns()]
    for name, column in schema.columns().items():
        if name not in frame.columns:
            columns.append(pl.Series(name, [None] * len(frame), dtype=column.dtype))
            faults.append(_missing_column(table, name, column, unknown))
            continue
        series = frame[name]
        cast = series if series.dtype == column.dtype else _cast_or_nothing(series, column.dtype)
        columns.append(cast)
        bad = cast.is_null() & series.is_not_null()
        faults += row_faults(
            table, name, "wrong_type", bad, found=f"{series.dtype} values such as {series.filter(bad).head(1).to_list()}", expected=str(column.dtype), remedy="Mend these values."
        )
    for name in unknown:
        faults.append(_unknown_column(table, name))
    return pl.DataFrame(columns), faults


def check_columns(frames: Frames) -> list[Fault]:
    """Check missing values, ranges and keys of every table."""
    faults: list[Fault] = []
    for table, schema in FACTS.items():
        frame = frames[table]
        broken = frames.broken.get(table, {})
        for name, column in schema.columns().items():
            faults += _missing_values(table, name, column, frame[name], broken.get(name))
            faults += _spaces(table, name, column, frame[name])
            if isinstance(column, dy.Float64 | dy.Int64):
                faults += _ranges(table, name, column, frame[name])
        faults += _duplicate_keys(table, schema, frame)
    return faults


def _missing_column(table: str, name: str, column: dy.Column, unknown: list[str]) -> Fault:
    hint = did_you_mean(unknown, [name])
    return Fault(table, name, "missing_column", 0, (), "no such column", f"a column '{name}': {column.description}", f"{hint}Add the column '{name}'.")


def _unknown_column(table: str, name: str) -> Fault:
    known = FACTS[table].column_names()
    return Fault(
        table,
        name,
        "unknown_column",
        0,
        (),
        f"a column '{name}'",
        f"one of {', '.join(known)}",
        f"{did_you_mean([name], known)}It is kept, and no step reads it.",
        "warning",
    )


def _cast_or_nothing(series: pl.Series, dtype: pl.DataType) -> pl.Series:
    try:
        return series.cast(dtype, strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series(series.name, [None] * len(series), dtype=dtype)


def _missing_values(table: str, name: str, column: dy.Column, series: pl.Series, broken: pl.Series | None) -> list[Fault]:
    if column.nullable:
        return []
    bad = series.is_null()
    if isinstance(column, dy.String):
        bad = bad | (series == "").fill_null(value=False)
    if broken is not None:
        bad = bad & ~broken
    undated = (table, name) in UNDATED
    remedy = "Fill them in: until then these rows count for nothing." if undated else "Fill them in, or take the rows out."
    expected = f"a value: {column.description}"
    return row_faults(table, name, "missing_value", bad, found="empty cells", expected=expected, remedy=remedy, severity="warning" if undated else "fault")


def set_undated_aside(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out the rows of which nobody knows what period they are of; `check_columns` warns of them."""
    columns = [name for of, name in UNDATED if of == table and name in frame.columns]
    return frame.filter(*(pl.col(name).is_not_null() & (pl.col(name).cast(pl.String) != "") for name in columns)) if columns else frame


def _spaces(table: str, name: str, column: dy.Column, series: pl.Series) -> list[Fault]:
    """Ids with spaces around them look like others and match nothing."""
    if not isinstance(column, dy.String) or not (column.min_length or 0):
        return []
    bad = series.str.strip_chars() != series
    return row_faults(table, name, "surrounding_spaces", bad, found=series, expected="no spaces before or after", remedy="Take the spaces out.")


def _ranges(table: str, name: str, column: dy.Float64 | dy.Int64, series: pl.Series) -> list[Fault]:
    faults: list[Fault] = []
    finite = mask(len(series), value=True)
    if isinstance(column, dy.Float64):
        finite = series.is_finite().fill_null(value=False)
        faults += row_faults(table, name, "not_finite", ~finite & series.is_not_null(), found=series, expected="a finite number", remedy="Write a number, or leave the cell empty.")
    low, high = _outside(column, series)
    rule = "negative_amount" if column.min == 0 or column.min_exclusive == 0 else "out_of_range"
    expected = _expected_range(column)
    faults += row_faults(table, name, rule, low & finite, found=series, expected=expected, remedy=f"Mend {name} in these rows.")
    faults += row_faults(table, name, "out_of_range", high & finite, found=series, expected=expected, remedy=f"Mend {name} in these rows.")
    huge = finite & (series.cast(pl.Float64).abs() > LARGEST_AMOUNT) & ~high & ~low
    expected = f"at most {LARGEST_AMOUNT:g} in size"
    return faults + row_faults(table, name, "absurdly_large", huge, found=series, expected=expected, remedy="Mend the figure, or take a larger unit of measure.")


def _outside(column: dy.Float64 | dy.Int64, series: pl.Series) -> tuple[pl.Series, pl.Series]:
    low = mask(len(series), value=False)
    high = low
    if column.min is not None:
        low = (series < column.min).fill_null(value=False)
    if column.min_exclusive is not None:
        low = low | (series <= column.min_exclusive).fill_null(value=False)
    if column.max is not None:
        high = (series > column.max).fill_null(value=False)
    return low, high


def _expected_range(column: dy.Float64 | dy.Int64) -> str:
    low = f"above {column.min_exclusive:g}" if column.min_exclusive is not None else "" if column.min is None else f"{column.min:g} or more"
    high = "" if column.max is None else f"at most {column.max:g}"
    return f"a number, {' and '.join(part for part in (low, high) if part)}"


def _duplicate_keys(table: str, schema: type[dy.Schema], frame: pl.DataFrame) -> list[Fault]:
    keys = schema.primary_key()
    if not keys or frame.is_empty():
        return []
    whole = frame.select(pl.all_horizontal(pl.col(keys).is_not_null())).to_series()
    bad = frame.select(keys).is_duplicated() & whole
    if not bad.any():
        return []
    twice = frame.select(keys).filter(bad).n_unique()
    found = f"{twice:,} {'key' if twice == 1 else 'keys'} more than once, for instance {frame.select(keys).row(bad.arg_true()[0])}"
    return row_faults(table, ", ".join(keys), "duplicate_key", bad, found=found, expected="each key once", remedy="Keep one row a key; a corrected report takes a higher version.")
