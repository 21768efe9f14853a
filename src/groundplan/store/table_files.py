"""Which file or sheet holds which table, and which files look as if they should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import Fault, FolderError
from groundplan.store.csv_tables import read_csv_table
from groundplan.store.parquet_tables import read_parquet_table
from groundplan.store.raw_table import RawTable, empty_raw_table
from groundplan.store.workbook import read_workbook
from groundplan.tables.facts import FACTS
from groundplan.tables.faulty import did_you_mean

__all__ = ["FolderTables", "read_tables"]

_READERS: dict[str, Callable[[str, Path], RawTable]] = {".csv": read_csv_table, ".parquet": read_parquet_table}
_OTHER_FORMS = (".tsv", ".txt", ".xls", ".xlsm", ".xlsb", ".ods", ".json", ".feather", ".arrow", ".gz", ".zip", ".tab", ".numbers")


@dataclass(frozen=True, slots=True, eq=False)
class FolderTables:
    """The tables found in a folder, at most one by name, and what was wrong with files as such."""

    tables: dict[str, RawTable]
    faults: tuple[Fault, ...]


def read_tables(folder: Path) -> FolderTables:
    """Read every table that stands in a folder, as files and as sheets of workbooks.

    The rows of a table stand in one place: a file or sheet without rows gives way to one that has rows (so an unused
    template may lie beside filled files, and a filled template beside empty ones); rows in two places are a fault.

    Raises:
        FolderError: the folder is not there or cannot be listed.
    """
    candidates: list[RawTable] = []
    faults: list[Fault] = []
    for path in _visible_files(folder):
        suffix, stem = path.suffix.lower(), path.stem.strip().lower()
        if suffix == ".xlsx":
            found = _regular(path) or read_workbook(path)
            candidates += found.tables if not isinstance(found, Fault) else []
            faults += [found] if isinstance(found, Fault) else found.faults
        elif stem in FACTS and suffix in _READERS:
            fault = _regular(path)
            candidates.append(_READERS[suffix](stem, path) if fault is None else empty_raw_table(stem, path.name, fault))
        else:
            faults += _suspicious(path, stem, suffix)
    return _choose(candidates, faults)


def _visible_files(folder: Path) -> list[Path]:
    """Files that are not hidden nor a spreadsheet's lock."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~$")))
    except OSError as error:
        raise FolderError(f"{folder} is not a folder that can be read: {error.strerror or error}") from error


def _regular(path: Path) -> Fault | None:
    if path.is_file():
        return None
    found = "a folder of that name" if path.is_dir() else "no regular file"
    return Fault(path.name, "", "not_a_file", 1, (), found, "a file", "Put the table there as a file, or rename what is there.")


def _suspicious(path: Path, stem: str, suffix: str) -> list[Fault]:
    base = stem.partition(".")[0]
    if base in FACTS and suffix in _OTHER_FORMS:
        remedy = f"Save it as {base}.csv (CSV UTF-8) or as a workbook (.xlsx)."
        return [Fault(path.name, "", "unread_form", 1, (), f"a {suffix} file, which is not read", "CSV, Parquet or .xlsx", remedy, "warning")]
    hint = did_you_mean([stem], FACTS) if suffix in _READERS else ""
    if hint:
        return [Fault(path.name, "", "unknown_table", 1, (), f"a file '{path.name}', which is not read", f"one of {', '.join(FACTS)}", f"{hint}Rename it if so.", "warning")]
    return []


def _choose(candidates: list[RawTable], faults: list[Fault]) -> FolderTables:
    chosen: dict[str, RawTable] = {}
    for name in FACTS:
        places = [table for table in candidates if table.name == name]
        # A file that could not be read may well hold rows.
        filled = [table for table in places if len(table.frame) or any(fault.severity == "fault" for fault in table.faults)]
        if len(filled) > 1:
            found = f"rows in {' and in '.join(table.source for table in filled)}"
            faults.append(Fault(name, "", "two_sources", len(filled), (), found, "the rows of a table in one place", "Take one of them out of the folder."))
        if places:
            chosen[name] = (filled or places)[0]
    return FolderTables(chosen, tuple(faults))
