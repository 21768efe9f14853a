"""CSV files of tables: read as text with every fault of the file named, written so that they come back the same."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault
from groundplan.store.csv_structure import Structure, scan_structure
from groundplan.store.raw_table import RawTable, empty_raw_table
from groundplan.store.text_encoding import encoding_fault
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import SHOWN_ROWS

__all__ = ["read_csv_table", "write_csv_table"]

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_csv_table(name: str, path: Path) -> RawTable:
    """Read a table from a CSV file in UTF-8, all columns as text.

    A byte-order mark, CRLF line ends and empty lines are taken; semicolons, tabs and bars as separators are too where the
    header leaves no doubt, with a warning.

    Args:
        name: name of the table.
        path: the file.

    Returns:
        The table; without rows, with faults, where the file cannot be read as one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return empty_raw_table(name, path.name, _file_fault(path, "unreadable_file", error.strerror or str(error), "a file that can be read", "Mend the file or its permissions."))
    data = data.removeprefix(_BYTE_ORDER_MARK)
    fault = encoding_fault(path.name, data)
    if fault:
        return empty_raw_table(name, path.name, fault)
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if not data.strip():
        return empty_raw_table(
            name, path.name, _file_fault(path, "empty_file", "an empty file", "a header, then a row a line", f"Write the header: {','.join(FACTS[name].column_names())}", "warning")
        )
    body = data.lstrip(b"\r\n")
    leading = data[: len(data) - len(body)].count(b"\n")
    separator, faults = _separator(name, path, body)
    structure = scan_structure(body, separator)
    misshapen = _misshapen(structure)
    faults += _structure_faults(path, structure, misshapen, separator, leading)
    if len(structure.stray_quotes) or 2 * len(misshapen) > np.count_nonzero(structure.fields):
        return empty_raw_table(name, path.name, *faults)
    kept = np.setdiff1d(np.arange(len(structure.fields)), misshapen)
    if len(misshapen):
        # The other rows are looked at all the same, so that all that is wrong with them is told at once.
        body = b"".join(body[structure.starts[record] : structure.starts[record + 1]] for record in kept.tolist())
    return _parse(name, path, body, separator, kept + 1 + leading, faults)


def write_csv_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8: floats in their shortest exact form, null as nothing, empty text as "".

    Raises:
        OSError: the file cannot be written.
    """
    frame.with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String)).write_csv(path)


def _parse(name: str, path: Path, data: bytes, separator: str, records: NDArray[np.int64], faults: list[Fault]) -> RawTable:
    """Parse a file whose records, header first, have these numbers in the user's own file."""
    try:
        frame = pl.read_csv(io.BytesIO(data), has_header=False, infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        sentence = str(error).splitlines()[0]
        return empty_raw_table(name, path.name, *faults, _file_fault(path, "unreadable_file", sentence, "a CSV file", "Open it in a spreadsheet and save it as CSV UTF-8."))
    if len(frame) != len(records):
        found = f"{len(frame)} rows where {len(records)} were expected"
        return empty_raw_table(name, path.name, *faults, _file_fault(path, "unreadable_file", found, "a CSV file", "Open it in a spreadsheet and save it as CSV UTF-8."))
    header = [(value or "").strip() for value in frame.row(0)]
    rows = pl.Series("row", records[1:])
    return RawTable(name, path.name, _named(frame.slice(1), header), rows, tuple(faults))


def _named(frame: pl.DataFrame, header: list[str]) -> pl.DataFrame:
    """Name columns as the header does; the header's own faults are found later, so doubles get a sign that no header has."""
    seen: dict[str, int] = {}
    names = []
    for label in header:
        seen[label] = seen.get(label, 0) + 1
        names.append(label if seen[label] == 1 else f"{label}\n{seen[label]}")
    frame.columns = names
    return frame


def _separator(name: str, path: Path, data: bytes) -> tuple[str, list[Fault]]:
    """Choose the separator under which the header names most columns of the schema."""
    header = data.split(b"\n", 1)[0].decode("utf-8", "replace")
    known = set(FACTS[name].column_names())
    hits = {sign: sum(part.strip().strip('"').strip().lower() in known for part in header.split(sign)) for sign in _SEPARATORS}
    best = max(hits, key=lambda sign: (hits[sign], sign == ","))
    if best == "," or hits[best] <= max(1, hits[","]):
        return ",", []
    found = f"{_SEPARATORS[best]} between columns"
    remedy = "It is read so. To be safe, save the file as 'CSV UTF-8 (comma delimited)', or as a workbook (.xlsx)."
    return best, [_file_fault(path, "separator", found, "commas", remedy, "warning")]


def _misshapen(structure: Structure) -> NDArray[np.int64]:
    """Give the records that have not as many cells as the header."""
    filled = np.flatnonzero(structure.fields)
    return np.asarray(filled[structure.fields[filled] != structure.fields[filled[0]]])


def _structure_faults(path: Path, structure: Structure, misshapen: NDArray[np.int64], separator: str, leading: int) -> list[Fault]:
    if len(structure.stray_quotes):
        rows = structure.stray_quotes + 1 + leading
        remedy = "Close each quote, and write a quote inside quotes twice."
        first = tuple(int(row) for row in rows[:SHOWN_ROWS])
        return [Fault(path.name, "", "unbalanced_quotes", len(rows), first, "a quote out of place", "quotes in pairs around a whole cell", remedy)]
    if not len(misshapen):
        return []
    width = int(structure.fields[np.flatnonzero(structure.fields)[0]])
    counts = ", ".join(str(count) for count in np.unique(structure.fields[misshapen])[:3])
    more = bool((structure.fields[misshapen] > width).any())
    remedy = "A comma inside a cell needs quotes around the cell, and decimals take a point: 1.5, not 1,5." if more and separator == "," else "Fill in the missing cells."
    first = tuple(int(row) + 1 + leading for row in misshapen[:SHOWN_ROWS])
    return [Fault(path.name, "", "number_of_cells", len(misshapen), first, f"{counts} cells in a row", f"{width} cells, as in the header", remedy)]


def _file_fault(path: Path, rule: str, found: str, expected: str, remedy: str, severity: str = "fault") -> Fault:
    return Fault(path.name, "", rule, 1, (), found, expected, remedy, severity)
