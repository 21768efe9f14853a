"""Panels as Parquet files: read in batches, and results written part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from groundplan.errors import FolderError
from groundplan.tables.facts import FACTS

__all__ = ["ParquetPanel", "keep_parquet"]

_ROWS = 2_000_000
"""So many rows are read at once."""


@dataclass(frozen=True, slots=True)
class ParquetPanel:
    """Reports and proxies in Parquet files, one or many each; no key may stand in two of them. They are taken to have passed their checks.

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
        """
        files = {name: _files(Path(folder), name) for name in ("reports", "proxies")}
        if not files["reports"]:
            raise FolderError(f"{folder} holds neither reports.parquet nor a folder reports with Parquet files.")
        return cls(files["reports"], files["proxies"])

    def reports(self) -> Iterator[pl.DataFrame]:
        """Give the reports in batches."""
        return _batches(self.report_files, "reports")

    def proxies(self) -> Iterator[pl.DataFrame]:
        """Give the proxies in batches."""
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
        rows.sink_parquet(unfinished, maintain_order=True, compression="zstd", statistics=False)
        if failures:
            raise failures[0]
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _files(folder: Path, name: str) -> list[Path]:
    single = folder / f"{name}.parquet"
    return [single] if single.is_file() else sorted((folder / name).glob("*.parquet"))


def _batches(files: Sequence[Path], name: str) -> Iterator[pl.DataFrame]:
    columns = [column for column in FACTS[name].column_names() if column in _NEEDED[name]]
    for path in files:
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False).select(columns)
        count = rows.select(pl.len()).collect().item()
        for start in range(0, count, _ROWS):
            yield rows.slice(start, _ROWS).collect()


_NEEDED = {
    "reports": ("unit", "product", "indicator", "period", "version", "quantity", "declared_capacity"),
    "proxies": ("unit", "indicator", "period", "value"),
}
