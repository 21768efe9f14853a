"""Fit a table as a file holds it to its schema: header, empty rows, types, defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from groundplan.errors import Fault
from groundplan.store.cells import read_column
from groundplan.store.raw_table import RawTable
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import SHOWN_ROWS

__all__ = ["FittedTable", "fit_table", "renumbered"]


@dataclass(frozen=True, slots=True, eq=False)
class FittedTable:
    """A table in the types of its schema.

    Args:
        name: name of the table.
        frame: columns of the schema that are there or have a default, then the columns that the schema does not know.
        rows: number of each row in the file.
        broken: column -> mask of the cells that could not be read and are null.
        faults: what was found wrong.
    """

    name: str
    frame: pl.DataFrame
    rows: pl.Series
    broken: dict[str, pl.Series]
    faults: tuple[Fault, ...]


def fit_table(raw: RawTable) -> FittedTable:
    """Fit a table to its schema.

    Cells that cannot be read become null and are faults; columns with a default are filled with it; ids are stripped.
    """
    schema = FACTS[raw.name]
    if not raw.frame.width:
        return FittedTable(raw.name, schema.create_empty(), raw.rows, {}, raw.faults)
    frame, numbers, faults = _match_header(raw)
    frame, numbers, rows, dropped = _drop_empty_rows(raw, frame, numbers)
    faults += dropped
    columns: list[pl.Series] = []
    broken: dict[str, pl.Series] = {}
    for name, column in schema.columns().items():
        default = (column.metadata or {}).get("default")
        if name not in frame.columns:
            if column.nullable or default is not None:
                columns.append(pl.Series(name, [default] * len(frame), dtype=column.dtype) if len(frame) else pl.Series(name, [], dtype=column.dtype))
            continue
        read = read_column(raw.name, column, frame[name], None if numbers is None else numbers[name])
        faults += renumbered(read.faults, rows)
        if read.broken.any():
            broken[name] = read.broken
        columns.append(read.values if default is None else _fill(read.values, read.broken, default))
    for name in frame.columns:
        if name not in schema.columns():
            columns.append(_unknown(frame[name], None if numbers is None else numbers[name], raw.types.get(name)))
    return FittedTable(raw.name, pl.DataFrame(columns), rows, broken, (*raw.faults, *faults))


def renumbered(faults: list[Fault], rows: pl.Series) -> list[Fault]:
    """Turn row numbers that count from the first row of data (2) into those of the file."""
    return [replace(fault, rows=tuple(int(rows[row - 2]) for row in fault.rows)) for fault in faults]


def _fill(values: pl.Series, broken: pl.Series, default: object) -> pl.Series:
    empty = values.is_null() & ~broken
    if not empty.any():
        return values
    return pl.select(pl.when(empty).then(pl.lit(default, dtype=values.dtype)).otherwise(values).alias(values.name)).to_series()


def _match_header(raw: RawTable) -> tuple[pl.DataFrame, pl.DataFrame | None, list[Fault]]:
    """Name columns as the schema does, where only case, spaces or hyphens differ."""
    known = FACTS[raw.name].column_names()
    faults: list[Fault] = []
    chosen: dict[str, str] = {}
    respelt: list[str] = []
    for label in raw.frame.columns:
        plain = label.split("\n", 1)[0] if "\n" in label and label.rsplit("\n", 1)[1].isdigit() else label
        name = plain if plain in known else _normal(plain)
        name = name if name in known else plain
        if name in chosen:
            if not (name == "" and _blank(raw.frame[label]).all()):
                faults.append(Fault(raw.name, name, "duplicate_column", 1, (), f"the column '{name}' twice in {raw.source}", "each column once", "Take one of the two out."))
            continue
        if name == "":
            if not _blank(raw.frame[label]).all():
                faults.append(Fault(raw.name, "", "nameless_column", 1, (), "a column with values and no name in the header", "a name for each column", "Name it, or take it out."))
            continue
        if name != plain:
            respelt.append(f"'{plain}'")
        chosen[name] = label
    if respelt:
        found = f"the header {', '.join(respelt)}"
        faults.append(Fault(raw.name, "", "header_spelling", len(respelt), (), found, "the names of the schema in small letters", "They are read so; mend the header.", "warning"))
    frame = raw.frame.select(**{name: pl.col(label) for name, label in chosen.items()}) if chosen else pl.DataFrame()
    numbers = None if raw.numbers is None else raw.numbers.select(**{name: pl.col(label) for name, label in chosen.items()})
    return frame, numbers, faults


def _normal(label: str) -> str:
    return "_".join(label.strip().lower().replace("-", " ").replace("_", " ").split())


def _drop_empty_rows(raw: RawTable, frame: pl.DataFrame, numbers: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame | None, pl.Series, list[Fault]]:
    if not frame.width:
        return frame, numbers, raw.rows.head(0), []
    empty = pl.DataFrame([_blank(column) for column in frame]).select(pl.all_horizontal(pl.all())).to_series()
    if not empty.any():
        return frame, numbers, raw.rows, []
    kept = ~empty
    first = tuple(raw.rows.filter(empty).head(SHOWN_ROWS).to_list())
    between = kept.any() and empty.arg_true()[0] < kept.arg_true()[-1]
    fault = Fault(raw.name, "", "empty_rows", int(empty.sum()), first, "rows without any value", "a row of values", "They are passed over; take them out.", "warning")
    return frame.filter(kept), None if numbers is None else numbers.filter(kept), raw.rows.filter(kept), [fault] if between else []


def _blank(cells: pl.Series) -> pl.Series:
    """Mark the cells that hold nothing, or nothing but spaces."""
    if cells.dtype != pl.String:
        return cells.is_null()
    return (cells.str.strip_chars() == "").fill_null(value=True)


def _unknown(values: pl.Series, numbers: pl.Series | None, dtype: pl.DataType | None) -> pl.Series:
    """Give a column that no schema knows its described type, where every cell has it."""
    if dtype is None or values.dtype == dtype:
        return values
    if dtype.is_integer():
        return _as_whole(values, numbers, dtype)
    if dtype.is_numeric() and numbers is not None and numbers.is_not_null().equals(values.is_not_null()):
        return numbers.cast(dtype)
    try:
        return values.str.strip_suffix(" 00:00:00").str.to_date("%Y-%m-%d") if dtype == pl.Date else _as_bool(values) if dtype == pl.Boolean else values.cast(dtype)
    except pl.exceptions.PolarsError:
        return values


def _as_whole(values: pl.Series, numbers: pl.Series | None, dtype: pl.DataType) -> pl.Series:
    """Read whole numbers from their digits, which are exact at any size; a workbook's number stands in where its text has a point."""
    whole = values.cast(dtype, strict=False)
    if numbers is not None:
        exact = (numbers.round() == numbers) & (numbers.abs() < 2**53)
        whole = whole.zip_with(whole.is_not_null() | ~exact.fill_null(value=False), numbers.cast(dtype, strict=False))
    return whole if whole.is_not_null().equals(values.is_not_null()) else values


def _as_bool(values: pl.Series) -> pl.Series:
    return values.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
