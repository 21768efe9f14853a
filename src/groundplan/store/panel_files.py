"""Panels as Parquet files: read in batches, and results written part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import dataframely as dy
import polars as pl
from polars.io.plugins import register_io_source

from groundplan.errors import Fault, FolderError, InputError
from groundplan.period import is_period
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import row_faults
from groundplan.tables.rules_columns import conform

__all__ = ["ParquetPanel", "keep_parquet"]

_ROWS = 2_000_000
"""So many rows are read at once."""


@dataclass(frozen=True, slots=True)
class ParquetPanel:
    """Reports and proxies in Parquet files, one or many each; no key may stand in two of them.

    Each batch is checked for its columns, their types, amounts and periods as it is read.

    Args:
        report_files: files with the columns of the table reports.
        proxy_files: files with those of the table proxies.
    """

    report_files: Sequence[Path]
    proxy_files: Sequence[Path]

    @classmethod
    def of(cls, folder: Path | str) -> ParquetPanel:
        """Find `reports.parquet` and `proxies.parquet` in a folder, or all Parquet files in its folders `reports` and `proxies`.

        Raises:
            FolderError: there are no reports in either form.
            InputError: files that are no Parquet, or lack a column; all of them together.
        """
        files = {name: _files(Path(folder), name) for name in ("reports", "proxies")}
        if not files["reports"]:
            raise FolderError(f"{folder} holds neither reports.parquet nor a folder reports with Parquet files.")
        faults = [fault for name, paths in files.items() for path in paths for fault in _file_faults(name, path)]
        if faults:
            raise InputError(f"{folder} cannot be used: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}", faults)
        return cls(files["reports"], files["proxies"])

    def reports(self) -> Iterator[pl.DataFrame]:
        """Give the reports in batches.

        Raises:
            InputError: a batch has amounts or periods that cannot be.
        """
        return _batches(self.report_files, "reports")

    def proxies(self) -> Iterator[pl.DataFrame]:
        """Give the proxies in batches.

        Raises:
            InputError: a batch has amounts or periods that cannot be.
        """
        return _batches(self.proxy_files, "proxies")


def keep_parquet(path: Path | str, parts: Iterator[pl.DataFrame]) -> None:
    """Write the pieces of a table into one Parquet file, as they come; the file stands there whole or not at all.

    Args:
        path: the file, which is written over.
        parts: pieces of one table, at least one.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    first = next(parts)
    failures: list[BaseException] = []

    def pieces(_columns: object, _predicate: object, _rows: object, _size: object) -> Iterator[pl.DataFrame]:
        yield first
        try:
            yield from parts
        except BaseException as failure:  # The writer is let finish its file, which is then thrown away.
            failures.append(failure)

    unfinished = path.with_name(f"{path.name}.incomplete")
    try:
        rows = register_io_source(io_source=pieces, schema=first.schema)
        rows.sink_parquet(unfinished, maintain_order=True, compression="zstd", compression_level=1, statistics=False)
        if failures:
            raise failures[0]
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _files(folder: Path, name: str) -> list[Path]:
    single = folder / f"{name}.parquet"
    return [single] if single.is_file() else sorted((folder / name).glob("*.parquet"))


def _file_faults(name: str, path: Path) -> list[Fault]:
    """Find out what is wrong with a file as such: that it is no Parquet, or lacks columns."""
    try:
        columns = list(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError) as error:
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [Fault(path.name, "", "unreadable_file", 1, (), found, "a Parquet file", "Write it again, or take it out of the folder.")]
    schema = FACTS[name].columns()
    lacking = [column for column in _NEEDED[name] if column not in columns and not _may_lack(schema[column])]
    return [
        Fault(path.name, column, "missing_column", 0, (), "no such column", f"a column '{column}': {schema[column].description}", f"Add the column '{column}'.")
        for column in lacking
    ]


def _may_lack(column: dy.Column) -> bool:
    return column.nullable or "default" in (column.metadata or {})


def _batches(files: Sequence[Path], name: str) -> Iterator[pl.DataFrame]:
    schema = FACTS[name].columns()
    for path in files:
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        columns = rows.collect_schema().names()
        filled = [pl.lit((schema[column].metadata or {}).get("default"), schema[column].dtype).alias(column) for column in _NEEDED[name] if column not in columns]
        rows = rows.select([column for column in _NEEDED[name] if column in columns]).with_columns(filled)
        count = rows.select(pl.len()).collect().item()
        for start in range(0, count, _ROWS):
            yield _sound(name, path, start, rows.slice(start, _ROWS).collect())


def _sound(name: str, path: Path, start: int, batch: pl.DataFrame) -> pl.DataFrame:
    """Give a batch in the types of its schema, or refuse it with all that is wrong with it."""
    schema = FACTS[name].columns()
    frame, found = conform(name, batch)
    frame = frame.select(_NEEDED[name])
    faults = [fault for fault in found if fault.severity == "fault" and fault.column in _NEEDED[name]]
    for column in _NEEDED[name]:
        if isinstance(schema[column], dy.Float64):
            values = frame[column]
            bad = ~values.is_finite() & values.is_not_null()
            faults += row_faults(name, column, "not_finite", bad, found=values, expected="a finite number", remedy="Write a number, or take the row out.")
            faults += row_faults(name, column, "negative_amount", (values < 0) & ~bad, found=values, expected="0 or more", remedy=f"Mend {column} in these rows.")
        elif not _may_lack(schema[column]):
            empty = frame[column].is_null() & batch[column].is_null()
            faults += row_faults(name, column, "missing_value", empty, found="empty cells", expected=f"a value: {schema[column].description}", remedy="Fill them in.")
    strange = [text for text in frame["period"].drop_nulls().unique().sort().to_list() if not is_period(text)]
    bad = frame["period"].is_in(strange)
    faults += row_faults(name, "period", "period", bad, found=frame["period"], expected="a period: 2020, 2020-H1, 2020-Q3 or 2020-08", remedy="Write one of these forms.")
    if faults:
        numbered = [replace(fault, table=path.name, rows=tuple(row + start for row in fault.rows)) for fault in faults]
        raise InputError(f"{path} cannot be used: {len(numbered)} {'fault' if len(numbered) == 1 else 'faults'}", numbered)
    return frame


_NEEDED = {
    "reports": ("unit", "product", "indicator", "period", "version", "quantity", "declared_capacity"),
    "proxies": ("unit", "indicator", "period", "value"),
}
