"""Import official tables as an economy folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from groundplan.errors import FolderError
from groundplan.outcome import Note
from groundplan.store.folder import write_economy
from groundplan.store.importers.use_table import import_use_table

__all__ = ["use_table_to_folder"]


def use_table_to_folder(file: Path, folder: Path, **options: Any) -> tuple[Note, ...]:
    """Build an economy folder from a use table, with what was adjusted in `adjustments.csv` beside it.

    Args:
        file: the use table.
        folder: the economy folder to write; it must not be there.
        options: those of `groundplan.store.importers.use_table.import_use_table`.

    Returns:
        What the reader should know of the assumptions made.

    Raises:
        InputError: the table has faults.
        FolderError: the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise FolderError(f"{folder} is there already. Name another folder, or move this one away.")
    imported = import_use_table(file, **options)
    write_economy(imported.economy, folder)
    imported.adjustments.write_csv(folder.parent / f"{folder.name}-adjustments.csv")
    return imported.notes
