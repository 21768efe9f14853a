"""Write an economy folder: whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Literal

import polars as pl

from groundplan.errors import Fault, FolderError, InputError
from groundplan.store.csv_tables import write_csv_table
from groundplan.store.datapackage import PACKAGE_FILE, package_text
from groundplan.store.parquet_tables import write_parquet_table
from groundplan.store.settings_file import SETTINGS_FILE, settings_text
from groundplan.store.workbook_writing import write_workbook
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS

__all__ = ["WORKBOOK_FILE", "Form", "write_economy"]

Form = Literal["csv", "parquet", "xlsx"]

WORKBOOK_FILE = "economy.xlsx"

_PLAIN = (pl.String, pl.Float64, pl.Int64, pl.Boolean, pl.Date, pl.Enum)


def write_economy(economy: Economy, folder: Path | str, *, form: Form = "csv") -> None:
    """Write an economy so that reading it gives the same economy back.

    Everything is written beside the folder first and then put in place, so a full disk or a broken run leaves what was
    there. Tables without rows are not written; files of tables in another form or no longer in use are taken away.

    Args:
        economy: what to write.
        folder: is made where it is not there; files other than tables, settings and description are left alone.
        form: a CSV file a table, a Parquet file a table, or one workbook.

    Raises:
        FolderError: the folder cannot be written.
        InputError: a column that no schema knows is of a type that CSV and workbooks cannot hold.
    """
    folder = Path(folder)
    tables = {name: frame for name, frame in economy.tables().items() if len(frame)}
    if form != "parquet":
        _refuse_types(tables)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        _write_all(economy, tables, partial, form)
        _put_in_place(partial, folder)
    except OSError as error:
        raise FolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_all(economy: Economy, tables: dict[str, pl.DataFrame], folder: Path, form: Form) -> None:
    if form == "xlsx":
        write_workbook(tables, folder / WORKBOOK_FILE)
        files = {name: (WORKBOOK_FILE, frame) for name, frame in tables.items()}
    else:
        files = {name: (f"{name}.{form}", frame) for name, frame in tables.items()}
        for file, frame in files.values():
            write_csv_table(frame, folder / file) if form == "csv" else write_parquet_table(frame, folder / file)
    (folder / SETTINGS_FILE).write_text(settings_text(economy.settings), encoding="utf-8", newline="\n")
    (folder / PACKAGE_FILE).write_text(package_text(economy.settings, files, sheets=form == "xlsx"), encoding="utf-8", newline="\n")


def _put_in_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.chmod(0o755)
        partial.rename(folder)
        return
    written = {path.name for path in partial.iterdir()}
    for name in sorted(written):
        (partial / name).replace(folder / name)
    for path in folder.iterdir():
        stale = path.name == WORKBOOK_FILE or (path.stem in FACTS and path.suffix in (".csv", ".parquet"))
        if stale and path.name not in written and path.is_file():
            path.unlink()


def _refuse_types(tables: dict[str, pl.DataFrame]) -> None:
    faults = [
        Fault(
            name,
            label,
            "unwritable_type",
            len(frame),
            (),
            f"a column of {dtype}",
            "text, numbers, whole numbers, dates or true and false",
            "Write the economy as Parquet, or convert the column.",
        )
        for name, frame in tables.items()
        for label, dtype in frame.schema.items()
        if not isinstance(dtype, _PLAIN)
    ]
    if faults:
        raise InputError("the economy cannot be written in this form", faults)
