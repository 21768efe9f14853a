"""Workbooks written so that they read back exactly: numbers in full, ids and periods as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from groundplan.errors import Fault, InputError

__all__ = ["write_workbook"]

MOST_ROWS = 1_048_575
"""Rows of data that a sheet holds below its header."""

LONGEST_TEXT = 32_767
"""Characters that a cell holds."""

_EXACT_WHOLE = 2**53


class _Exact(float):
    """A number that is written with all its digits; xlsxwriter would round to 16."""

    def __format__(self, _: str) -> str:
        return float.__repr__(self)


def write_workbook(tables: Mapping[str, pl.DataFrame], path: Path) -> None:
    """Write each table as a sheet.

    Raises:
        InputError: a table has more rows than a sheet holds, or a text is longer than a cell holds.
        OSError: the file cannot be written.
    """
    _refuse_sizes(tables)
    try:
        with xlsxwriter.Workbook(path, {"constant_memory": True, "nan_inf_to_errors": False, "in_memory": False}) as workbook:
            formats = {"header": workbook.add_format({"bold": True, "bottom": 1}), "date": workbook.add_format({"num_format": "yyyy-mm-dd"})}
            formats["text"] = workbook.add_format({"num_format": "@"})
            for name, frame in tables.items():
                _write_sheet(workbook.add_worksheet(name), frame, formats)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _write_sheet(sheet: Worksheet, frame: pl.DataFrame, formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for column, dtype in enumerate(frame.dtypes):
        sheet.set_column(column, column, 14, formats["text"] if dtype in (pl.String, pl.Enum) else None)
    for column, label in enumerate(frame.columns):
        sheet.write_string(0, column, label, formats["header"])
    for row, values in enumerate(frame.iter_rows(), start=1):
        for column, value in enumerate(values):
            if value is not None:
                _write_cell(sheet, row, column, value, formats)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value, formats["text"])
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, float):
        sheet.write_number(row, column, _Exact(value))
    elif isinstance(value, int):
        # A workbook's numbers are floating: a larger whole number is exact only as text.
        sheet.write_number(row, column, value) if abs(value) < _EXACT_WHOLE else sheet.write_string(row, column, str(value))
    else:
        sheet.write_datetime(row, column, value, formats["date"])


def _refuse_sizes(tables: Mapping[str, pl.DataFrame]) -> None:
    faults: list[Fault] = []
    for name, frame in tables.items():
        if len(frame) > MOST_ROWS:
            faults.append(Fault(name, "", "too_many_rows", len(frame), (), f"{len(frame)} rows", f"at most {MOST_ROWS} in a sheet", "Write the economy as CSV or Parquet."))
        for label, dtype in frame.schema.items():
            if dtype == pl.String and (frame[label].str.len_chars().max() or 0) > LONGEST_TEXT:  # type: ignore[operator]  # a count of characters
                faults.append(Fault(name, label, "too_long_text", 1, (), "a very long text", f"at most {LONGEST_TEXT} characters in a cell", "Write CSV or Parquet."))
    if faults:
        raise InputError("the economy does not fit a workbook", faults)
