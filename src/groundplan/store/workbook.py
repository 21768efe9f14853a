"""Workbooks (.xlsx): a sheet a table, read with exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fastexcel
import numpy as np
import polars as pl

from groundplan.errors import Fault
from groundplan.store.raw_table import RawTable
from groundplan.store.template_workbook import READ_ME
from groundplan.store.workbook_errors import error_cells
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import SHOWN_ROWS, did_you_mean

__all__ = ["Workbook", "read_workbook"]


@dataclass(frozen=True, slots=True, eq=False)
class Workbook:
    """The tables of a workbook, and what was wrong with it as a file."""

    tables: list[RawTable]
    faults: list[Fault]


def read_workbook(path: Path) -> Workbook:
    """Read every sheet that is named after a table; other sheets are passed over, with a warning where a name looks like one."""
    try:
        reader = fastexcel.read_excel(path)
        names = reader.sheet_names
    except (fastexcel.FastExcelError, OSError, ValueError) as error:
        return Workbook([], [_unreadable(path.name, error)])
    tables: list[RawTable] = []
    faults: list[Fault] = []
    for sheet in names:
        name = sheet.strip().lower()
        if name in FACTS:
            try:
                tables.append(_read_sheet(path, reader, sheet, name))
            except (fastexcel.FastExcelError, OSError, ValueError, pl.exceptions.PolarsError) as error:
                faults.append(_unreadable(f"{path.name}, sheet {sheet}", error))
        elif name != READ_ME and (hint := did_you_mean([name], FACTS)):
            found = f"a sheet '{sheet}', which is not read"
            faults.append(Fault(path.name, "", "unknown_table", 1, (), found, f"one of {', '.join(FACTS)}", f"{hint}Rename it if so.", "warning"))
    return Workbook(tables, faults)


def _unreadable(source: str, error: Exception) -> Fault:
    sentence = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Fault(source, "", "unreadable_file", 1, (), sentence, "a workbook (.xlsx) without a password", "Open it in a spreadsheet and save it again.")


def _read_sheet(path: Path, reader: fastexcel.ExcelReader, sheet: str, name: str) -> RawTable:
    source = f"{path.name}, sheet {sheet}"
    text = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    if not text.height:
        return RawTable(name, source, pl.DataFrame(), pl.Series("row", [], dtype=pl.Int64))
    numbers = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="float").to_polars()
    if numbers.shape != text.shape:
        raise ValueError(f"the sheet is read as {text.shape} cells and as {numbers.shape}")
    header = [(value or "").strip() for value in text.row(0)]
    seen: dict[str, int] = {}
    labels = []
    for label in header:
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label}\n{seen[label]}")
    text.columns = labels
    numbers.columns = labels
    rows = pl.Series("row", np.arange(2, text.height + 1))
    return RawTable(name, source, text.slice(1), rows, tuple(_error_faults(path, sheet, name)), numbers.slice(1))


def _error_faults(path: Path, sheet: str, name: str) -> list[Fault]:
    """Cells such as #DIV/0! are read as empty, so they are looked for in the sheet's XML."""
    cells = error_cells(path, sheet)
    if not cells:
        return []
    rows = tuple(dict.fromkeys(row for _, row, _ in cells))[:SHOWN_ROWS]
    found = ", ".join(f"{word} in {letters}{row}" for letters, row, word in cells[:3])
    return [Fault(name, "", "error_cell", len(cells), rows, found, "values", "Mend the formulas, or write values.")]
