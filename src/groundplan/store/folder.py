"""An economy folder: read, checked and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from groundplan.errors import Fault, FolderError, InputError, MissingTableError, SettingsError
from groundplan.store.datapackage import column_types
from groundplan.store.fitting import FittedTable, fit_table, renumbered
from groundplan.store.settings_file import SETTINGS_FILE, read_settings
from groundplan.store.table_files import read_tables
from groundplan.store.writing import Form, write_economy
from groundplan.tables.check import check_tables
from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.rules_columns import conform, set_undated_aside
from groundplan.tables.settings import Settings

__all__ = ["Form", "check_folder", "read_economy", "sound", "write_economy"]

Rule = Callable[[Economy], Sequence[Fault]]
"""Looks at an economy whose cells may be null, and gives what is wrong with it."""


def read_economy(folder: Path | str, *, today: date | None = None) -> Economy:
    """Read an economy folder, and refuse it with all its faults together.

    Args:
        folder: holds groundplan.toml and the tables, as files or as sheets of a workbook.
        today: later dates are faults, unless groundplan.toml says `as_of`; None: the day of the call.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
        MissingTableError: nothing is wrong but that tables are missing.
        SettingsError: nothing is wrong but groundplan.toml.
        InputError: anything else is wrong; `faults` has all of it.
    """
    return sound(folder, *check_folder(folder, today=today))


def sound(folder: Path | str, economy: Economy | None, faults: tuple[Fault, ...]) -> Economy:
    """Give an economy that a check found sound, or raise what the check found; see `read_economy`."""
    grave = [fault for fault in faults if fault.severity == "fault"]
    if economy is not None and not grave:
        return economy
    faults = (*grave, *(fault for fault in faults if fault.severity != "fault"))
    message = f"{folder} cannot be used: {len(grave)} {'fault' if len(grave) == 1 else 'faults'}"
    if all(fault.rule == "missing_table" for fault in grave):
        raise MissingTableError(message, faults)
    if all(fault.table == SETTINGS_FILE for fault in grave):
        raise SettingsError(message, faults)
    raise InputError(message, faults)


def check_folder(folder: Path | str, *, today: date | None = None, also: Sequence[Rule] = ()) -> tuple[Economy | None, tuple[Fault, ...]]:
    """Read an economy folder and find all that is wrong with it.

    Args:
        folder: see `read_economy`.
        today: see `read_economy`.
        also: further rules, of stages that this room knows nothing of. Each is given all rows, with null for every cell that could
            not be read, and numbers rows as `groundplan.tables.check.check_economy` does.

    Returns:
        The economy, and the faults and warnings. The economy is None where groundplan.toml or a table could not be
        fitted to its schema; it may still break rules across tables, which the faults then name.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        if folder.exists():
            raise FolderError(f"{folder} is a file. Name the folder that holds {SETTINGS_FILE} and the tables, such as {folder.parent}.")
        raise FolderError(f"the folder {folder} is not there. `groundplan new {folder}` makes a new one.")
    found_tables = read_tables(folder)
    settings, faults = _settings(folder)
    faults += found_tables.faults
    types = column_types(folder)
    fitted = [fit_table(replace(raw, types=types.get(name, {}))) for name, raw in found_tables.tables.items()]
    for table in fitted:
        faults += table.faults
    unreadable = {table.name for table in fitted if any(fault.severity == "fault" and fault.table != table.name for fault in table.faults)}
    faults += _rule_faults(settings or Settings(), fitted, unreadable, today or date.today())
    faults += _further_faults(settings or Settings(), fitted, also)
    if settings is None or unreadable or any(fault.rule in _BLOCKING for fault in faults if fault.severity == "fault"):
        return None, tuple(faults)
    return Economy.from_tables(settings, {table.name: set_undated_aside(table.name, table.frame) for table in fitted}), tuple(faults)


_BLOCKING = frozenset({
    "missing_column", "missing_value", "wrong_type", "unknown_choice", "duplicate_column", "nameless_column", "two_sources", "not_a_file",
    "unreadable_file", "error_cell",
})  # fmt: skip
"""Rules whose breach keeps a table from its schema's types, or leaves it open which table is meant."""


def _settings(folder: Path) -> tuple[Settings | None, list[Fault]]:
    path = folder / SETTINGS_FILE
    if not path.is_file():
        below = sorted(child.parent for child in folder.glob(f"*/{SETTINGS_FILE}"))
        meant = f"Did you mean {below[0]}? It has one. " if below else ""
        remedy = f'{meant}Write {SETTINGS_FILE} with at least: base_period = "2020". `groundplan new` writes one with comments.'
        return None, [Fault(SETTINGS_FILE, "", "missing_settings", 1, (), "no such file", "the settings of the economy", remedy)]
    try:
        return read_settings(path), []
    except SettingsError as error:
        return None, list(error.faults)
    except FolderError as error:
        return None, [Fault(SETTINGS_FILE, "", "unreadable_file", 1, (), str(error), "a file that can be read", "Mend its permissions.")]


def _rule_faults(settings: Settings, fitted: list[FittedTable], unreadable: set[str], today: date) -> list[Fault]:
    """Apply the rules; what follows only from a table that could not be read is left out."""
    faults = check_tables(
        settings,
        {table.name: table.frame for table in fitted},
        today=today,
        broken={table.name: table.broken for table in fitted},
        unread=unreadable,
    )
    return _numbered_as_in_file([fault for fault in faults if fault.table in FACTS], fitted)


def _further_faults(settings: Settings, fitted: list[FittedTable], rules: Sequence[Rule]) -> list[Fault]:
    """Apply rules that look at an economy, to what of it could be read."""
    readable = Economy.from_tables(settings, {table.name: conform(table.name, table.frame)[0] for table in fitted}) if rules else None
    return [] if readable is None else _numbered_as_in_file([fault for rule in rules for fault in rule(readable)], fitted)


def _numbered_as_in_file(faults: Sequence[Fault], fitted: list[FittedTable]) -> list[Fault]:
    rows: dict[str, pl.Series] = {table.name: table.rows for table in fitted}
    return [renumbered([fault], rows[fault.table])[0] if fault.table in rows and fault.rows else fault for fault in faults]
