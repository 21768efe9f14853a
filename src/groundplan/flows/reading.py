"""Read an economy folder with everything checked: its tables, and that its technology yields more than it takes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from groundplan.errors import Fault
from groundplan.planning.productivity import productivity_faults
from groundplan.store import folder as store
from groundplan.tables.economy import Economy

__all__ = ["check_folder", "read_economy"]


def check_folder(folder: Path | str, *, today: date | None = None) -> tuple[Economy | None, tuple[Fault, ...]]:
    """Read an economy folder and find all that is wrong with it.

    Args:
        folder: holds groundplan.toml and the tables, as files or as sheets of a workbook.
        today: later dates are faults, unless groundplan.toml says `as_of`; None: the day of the call.

    Returns:
        The economy, and the faults and warnings. The economy is None where groundplan.toml or a table could not be
        fitted to its schema; it may still break rules across tables, which the faults then name.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
    """
    return store.check_folder(folder, today=today, also=(productivity_faults,))


def read_economy(folder: Path | str, *, today: date | None = None) -> Economy:
    """Read an economy folder, and refuse it with all its faults together.

    Args:
        folder: see `check_folder`.
        today: see `check_folder`.

    Raises:
        FolderError: there is no such folder, or it cannot be listed.
        MissingTableError: nothing is wrong but that tables are missing.
        SettingsError: nothing is wrong but groundplan.toml.
        InputError: anything else is wrong; `faults` has all of it.
    """
    return store.sound(folder, *check_folder(folder, today=today))
